//! Says how long is left before a file that is not yet stored would be late
//! (`save.24h`): in the log, in metrics, on the status page.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use unbroken_config::Config;
use unbroken_probes::capture::{CaptureEnd, capture_end};
use unbroken_probes::deadline::{Remaining, remaining};
use unbroken_probes::measurements::{Kind, Measurements};

use crate::house::House;
use crate::life::State;
use crate::port::fault::Fault;
use crate::port::ledger::{FileId, FileRow, next_page};
use crate::step::judge::context_in_place;

/// How often deadlines are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// One file that is not stored yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The file.
    pub row: FileRow,
    /// What is left of its time.
    pub remaining: Remaining,
}

/// Every file that is received or waits, and is not stored.
pub async fn pending(house: &House) -> Result<Vec<Pending>, Fault> {
    let config = house.config();
    let now = house.clock.now();
    let states: Vec<State> = State::ALL
        .into_iter()
        .filter(|state| *state == State::Seen || (state.is_working() && !state.is_stored()))
        .collect();
    let mut found = Vec::new();
    let mut before = None;
    loop {
        // The newest come first, and the oldest are the most urgent: all pages count.
        let rows = next_page(&*house.ledger, &states, &mut before).await?;
        if rows.is_empty() {
            return Ok(found);
        }
        found.extend(rows.into_iter().map(|row| {
            let capture = known_capture(&config, &row);
            let remaining = remaining(&capture, now, config.save_limit_s());
            Pending { row, remaining }
        }));
    }
}

/// What is known of a capture end before the file is stored: its measurements,
/// or its name, and that it ended before it was first seen.
fn known_capture(config: &Config, row: &FileRow) -> CaptureEnd {
    let known = if row.capture_earliest.is_some() {
        CaptureEnd {
            earliest: row.capture_earliest,
            latest: row.capture_latest,
            ..CaptureEnd::default()
        }
    } else {
        let unmeasured = Measurements {
            kind: Kind::Photo,
            ..Measurements::default()
        };
        capture_end(&unmeasured, &context_in_place(config, row.path.name()))
    };
    ended_by(known, row.seen)
}

/// A recording ended before it was seen, whatever its clock says; without any
/// time, that is all that is known.
fn ended_by(capture: CaptureEnd, seen: DateTime<Utc>) -> CaptureEnd {
    let by = |end: Option<DateTime<Utc>>| Some(end.map_or(seen, |end| end.min(seen)));
    CaptureEnd {
        earliest: by(capture.earliest),
        latest: by(capture.latest),
        ..capture
    }
}

/// Warns in the log as deadlines come near, each threshold once a file.
pub async fn watch_over(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let mut warned: HashMap<FileId, usize> = HashMap::new();
    while !*stop.borrow() {
        match pending(&house).await {
            Ok(pending) => warn(&house.config(), &pending, &mut warned),
            Err(error) => tracing::error!(%error, "deadlines could not be looked at"),
        }
        tokio::select! {
            () = house.clock.sleep(LOOK_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

fn warn(config: &Config, pending: &[Pending], warned: &mut HashMap<FileId, usize>) {
    let waiting: HashSet<FileId> = pending.iter().map(|p| p.row.id).collect();
    warned.retain(|id, _| waiting.contains(id));
    for Pending { row, remaining } in pending {
        let Some(left_s) = remaining.left_s_min else {
            continue;
        };
        let passed = thresholds_passed(&config.deadline.warn_left_h, left_s);
        let before = warned.insert(row.id, passed).unwrap_or(0);
        if passed <= before {
            continue;
        }
        let waits = row
            .trouble
            .as_deref()
            .or(row.waiting.as_deref())
            .unwrap_or("");
        if left_s > 0.0 {
            tracing::warn!(file = %row.id, path = %row.path, left_s = left_s as i64, state = %row.state, waits, "not stored yet, and the 24 hours run out");
        } else {
            tracing::error!(file = %row.id, path = %row.path, left_s = left_s as i64, state = %row.state, waits, "not stored within 24 hours under at least one reading of its capture time");
        }
    }
}

/// How many of the thresholds, and zero, are passed.
fn thresholds_passed(warn_left_h: &[f64], left_s: f64) -> usize {
    warn_left_h
        .iter()
        .chain(&[0.0])
        .filter(|left_h| left_s <= **left_h * 3600.0)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_time_has_a_deadline_and_no_clock_puts_it_off() {
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let seen = instant("2026-04-12T08:00:00Z");
        let silent = ended_by(CaptureEnd::default(), seen);
        assert_eq!((silent.earliest, silent.latest), (Some(seen), Some(seen)));
        let earlier = instant("2026-04-12T06:00:00Z");
        let later = instant("2026-04-13T06:00:00Z");
        let ahead = ended_by(
            CaptureEnd {
                earliest: Some(earlier),
                latest: Some(later),
                ..CaptureEnd::default()
            },
            seen,
        );
        assert_eq!((ahead.earliest, ahead.latest), (Some(earlier), Some(seen)));
    }

    #[test]
    fn a_threshold_is_passed_at_the_limit_and_not_before() {
        let h = [6.0, 2.0, 1.0];
        assert_eq!(thresholds_passed(&h, 6.0 * 3600.0 + 1.0), 0);
        assert_eq!(thresholds_passed(&h, 6.0 * 3600.0), 1);
        assert_eq!(thresholds_passed(&h, 1.5 * 3600.0), 2);
        assert_eq!(thresholds_passed(&h, 1.0), 3);
        assert_eq!(thresholds_passed(&h, 0.0), 4);
    }
}
