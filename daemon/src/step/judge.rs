//! Judges measurements by the rules in force. The same code judges in place
//! (`check`), for the first time, for the report, and again (`rejudge`).

use chrono::{DateTime, Utc};
use serde_json::json;
use unbroken_config::Config;
use unbroken_probes::check::{Context, Twin, Visit};
use unbroken_probes::judge::{Judgement, Verdict, judge as judge_by_rules};
use unbroken_probes::measurements::{Custody, Kind, Measurements, Position};
use unbroken_probes::segment::Segment;

use super::probe::digests_of;
use super::{Happened, alike};
use crate::cases::{Assignment, readable_name};
use crate::house::House;
use crate::life::Event;
use crate::port::fault::Fault;
use crate::port::ledger::{Between, Change, FileRow, Filter, Measured};

/// First judgement: before the file is stored, so that deadlines are known.
pub async fn judge(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let measurements = measurements_in(row, measured_of(house, row).await?)?;
    let config = house.config();
    let context = context(house, &config, row, &measurements, None).await?;
    let judgement = judge_by_rules(&measurements, &config.rules(), &context);
    Ok(Happened {
        event: Event::Ruled,
        detail: json!({
            "verdict": judgement.verdict,
            "rules": config.hash(),
            "findings": codes(&judgement),
        }),
        change: Change {
            verdict: Some(verdict_word(judgement.verdict)),
            capture: Some(Between {
                earliest: judgement.capture.earliest,
                latest: judgement.capture.latest,
            }),
            ..Change::default()
        },
    })
}

/// What was measured of a file's content and is kept.
pub async fn measured_of(house: &House, row: &FileRow) -> Result<Measured, Fault> {
    let blake3 = &digests_of(row)?.blake3;
    house.ledger.measured(blake3).await?.ok_or_else(|| {
        Fault::Final(format!(
            "{} has no measurements; a fault of the program",
            row.id
        ))
    })
}

/// The facts among them.
pub fn measurements_in(row: &FileRow, measured: Measured) -> Result<Measurements, Fault> {
    serde_json::from_value(measured.measurements).map_err(|e| {
        Fault::Final(format!(
            "the measurements of {} cannot be read: {e}",
            row.id
        ))
    })
}

/// All that is known of a file from outside its bytes.
pub async fn context(
    house: &House,
    config: &Config,
    row: &FileRow,
    m: &Measurements,
    stored: Option<DateTime<Utc>>,
) -> Result<Context, Fault> {
    let custody = match (row.received, stored) {
        (Some(received), Some(stored)) => Some(Custody {
            seen: row.seen,
            received,
            stored,
        }),
        _ => None,
    };
    let assignment = Assignment::of(row);
    let is_recording = matches!(m.kind, Kind::Video | Kind::Audio);
    let in_case = match is_recording || alike::may_be_numbered(row.path.name()) {
        true => in_case(house, assignment.as_ref()).await?,
        false => Vec::new(),
    };
    let siblings = match m.kind {
        Kind::Video | Kind::Audio => siblings(house, row, assignment.as_ref(), &in_case).await?,
        Kind::Photo | Kind::Other | Kind::Unreadable => Vec::new(),
    };
    Ok(Context {
        custody,
        received: row.received,
        mtime: DateTime::from_timestamp_nanos(row.fingerprint.mtime_ns).into(),
        must_show_writing: assignment
            .as_ref()
            .and_then(|a| a.node_in(config))
            .is_some_and(|node| node.shows_writing),
        visit: assignment.as_ref().and_then(|a| a.visit).map(|v| Visit {
            start: v.start,
            end: v.end,
        }),
        duplicate_of: twin(house, row, assignment.as_ref()).await?,
        siblings,
        alike: Some(alike::alike(house, row, m, assignment.as_ref()).await?),
        beside: Some(alike::beside(house, row, &in_case).await?),
        places: places(house, row, m, assignment.as_ref()).await?,
        ..context_in_place(config, row.path.name())
    })
}

/// What is known of a file that is judged where it lies.
pub fn context_in_place(config: &Config, name: &[u8]) -> Context {
    Context {
        name: readable_name(name).text,
        default_offset_s: config.default_offset_s(),
        clock_drift_s: config.time.clock_drift_s.0,
        quirks: config.clock_quirks(),
        save_limit_s: config.save_limit_s(),
        ..Context::default()
    }
}

/// Most files of one case that are looked at.
const CASE_FILES_MAX: u32 = 2000;
/// Most of them on either side whose measurements are read: four hours in parts
/// of five minutes.
const SIBLINGS_MAX: usize = 48;

/// Where the other photos of the case say that they were taken; nobody looks if
/// this one does not say.
async fn places(
    house: &House,
    row: &FileRow,
    m: &Measurements,
    assignment: Option<&Assignment>,
) -> Result<Option<Vec<Position>>, Fault> {
    let number = assignment.and_then(|a| a.number.as_deref());
    let Some((number, _)) = number.zip(m.position) else {
        return Ok(None);
    };
    let places = house.ledger.places(number, row.id, CASE_FILES_MAX).await?;
    Ok(Some(places))
}

/// The files of the same case, newest first; none without a number.
async fn in_case(house: &House, assignment: Option<&Assignment>) -> Result<Vec<FileRow>, Fault> {
    let Some(number) = assignment.and_then(|a| a.number.clone()) else {
        return Ok(Vec::new());
    };
    let filter = Filter {
        case_number: Some(number),
        limit: CASE_FILES_MAX,
        ..Filter::default()
    };
    house.ledger.list(&filter).await
}

/// The files of the same case and node that the same device named just before
/// and just after this one: their names differ in digits only. Those that are
/// not measured yet are not among them; when they are, judging again finds them.
async fn siblings(
    house: &House,
    row: &FileRow,
    assignment: Option<&Assignment>,
    in_case: &[FileRow],
) -> Result<Vec<Segment>, Fault> {
    let Some(assignment) = assignment else {
        return Ok(Vec::new());
    };
    let own = readable_name(row.path.name()).text;
    let mut alike: Vec<(String, &FileRow)> = in_case
        .iter()
        .filter(|other| other.id != row.id && other.digests.is_some())
        .filter(|other| Assignment::of(other).is_some_and(|a| a.node == assignment.node))
        .map(|other| (readable_name(other.path.name()).text, other))
        .filter(|(name, _)| *name != own && is_named_alike(name, &own))
        .collect();
    alike.sort_by(|a, b| a.0.cmp(&b.0));
    let later = alike.partition_point(|(name, _)| *name < own);
    alike.truncate(later.saturating_add(SIBLINGS_MAX));
    alike.drain(..later.saturating_sub(SIBLINGS_MAX));
    let mut found = Vec::with_capacity(alike.len());
    for (name, other) in alike {
        let blake3 = &digests_of(other)?.blake3;
        let measured = house.ledger.measured(blake3).await?;
        let m = measured.and_then(|m| serde_json::from_value::<Measurements>(m.measurements).ok());
        found.extend(m.and_then(|m| Segment::of(&name, &m)));
    }
    Ok(found)
}

/// True if two names differ in their digits only.
fn is_named_alike(a: &str, b: &str) -> bool {
    let mut pairs = a.chars().zip(b.chars());
    a.chars().count() == b.chars().count()
        && pairs.all(|(a, b)| a == b || (a.is_ascii_digit() && b.is_ascii_digit()))
}

/// Most earlier files of the same bytes that are looked at.
const TWINS_MAX: u32 = 1000;

/// The earlier file of the same bytes that matters most: one of another case,
/// else one of this case, else the first.
async fn twin(
    house: &House,
    row: &FileRow,
    assignment: Option<&Assignment>,
) -> Result<Option<Twin>, Fault> {
    let blake3 = &digests_of(row)?.blake3;
    let own = assignment.and_then(|a| a.number.as_deref());
    let earlier = house.ledger.with_content(blake3, TWINS_MAX).await?;
    let twins = earlier
        .into_iter()
        .filter(|twin| twin.id < row.id)
        .map(|twin| {
            let case = Assignment::of(&twin).and_then(|a| a.number);
            Twin {
                file: twin.id.to_string(),
                name: readable_name(twin.path.name()).text,
                same_case: case.is_some() && case.as_deref() == own,
                case,
            }
        });
    // Of equals the first counts, which is the oldest.
    Ok(twins.min_by_key(|twin| match (twin.same_case, &twin.case) {
        (false, Some(_)) => 0,
        (true, _) => 1,
        (false, None) => 2,
    }))
}

/// The verdict's stable word.
pub fn verdict_word(verdict: Verdict) -> String {
    format!("{verdict:?}").to_lowercase()
}

/// The codes found, for the chain.
pub fn codes(judgement: &Judgement) -> Vec<&str> {
    judgement.findings.iter().map(|f| f.code.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_device_differ_in_digits_only() {
        assert!(is_named_alike("DJI_0012.MP4", "DJI_0013.MP4"));
        assert!(is_named_alike("录像001.mp4", "录像002.mp4"));
        for other in [
            "DJI_0012.MOV",
            "DJI_012.MP4",
            "GOP_0012.MP4",
            "DJI_0012a.MP4",
        ] {
            assert!(!is_named_alike("DJI_0012.MP4", other), "{other}");
        }
    }
}
