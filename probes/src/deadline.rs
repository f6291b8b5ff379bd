//! The 24-hour rule `save.24h`: from each file's own capture end to the
//! instant at which a durable, read-back copy exists.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capture::{CaptureEnd, Grade, RECEIPT_TOLERANCE_S, moved, seconds_between};
use crate::check::Context;

/// The rule's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SavedResult {
    /// The largest possible latency is within the limit.
    OnTime,
    /// The smallest possible latency is beyond the limit.
    Late,
    /// Neither can be said.
    Unknown,
    /// Late by the first clock, in time after the stated instant.
    DeferredOnTime,
    /// Late by both clocks.
    DeferredLate,
    /// An exemption stands for the node.
    Exempt,
}

/// Instants, latencies and result of the 24-hour rule for one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Saved {
    /// First seen in the share.
    pub seen: DateTime<Utc>,
    /// Complete and stable in the share.
    pub received: DateTime<Utc>,
    /// Durable and read back for the first time; before `received` if an
    /// earlier file brought the same bytes.
    pub stored: DateTime<Utc>,
    /// Smallest possible time from capture end to stored, in seconds.
    pub latency_min_s: Option<f64>,
    /// Largest possible time from capture end to stored, in seconds.
    pub latency_max_s: Option<f64>,
    /// The team's share: capture end to received, smallest, in seconds.
    pub team_min_s: Option<f64>,
    /// The team's share: capture end to received, largest, in seconds.
    pub team_max_s: Option<f64>,
    /// The system's share: received to stored, in seconds; 0 if the same bytes
    /// were stored before this file was received.
    pub system_s: f64,
    /// True if the file is late though the team was certainly in time.
    pub late_by_system: bool,
    /// The result.
    pub result: SavedResult,
}

/// Applies the rule; `None` while the file is not stored.
///
/// Hours are calendar hours, through weekends and nights, and the limit is
/// inclusive: exactly 24:00:00 is on time (民法典 articles 201 and 1259, by
/// analogy).
pub fn saved(capture: &CaptureEnd, context: &Context) -> Option<Saved> {
    let custody = context.custody?;
    let limit_s = context.save_limit_s;
    let ends = deciding_ends(capture);
    let latency = ends.map(|e| Latency::between(e, custody.received, custody.stored));
    let team = ends.map(|e| Latency::between(e, custody.received, custody.received));
    let result = if context.exempt {
        SavedResult::Exempt
    } else if clock_in_future(capture, custody.received) {
        SavedResult::Unknown
    } else {
        latency.map_or(SavedResult::Unknown, |latency| {
            by_latency(latency, custody.stored, context)
        })
    };
    let late = matches!(result, SavedResult::Late | SavedResult::DeferredLate);
    Some(Saved {
        seen: custody.seen,
        received: custody.received,
        stored: custody.stored,
        latency_min_s: latency.map(|l| l.min_s),
        latency_max_s: latency.map(|l| l.max_s),
        team_min_s: team.map(|l| l.min_s),
        team_max_s: team.map(|l| l.max_s),
        // Bytes that an earlier file brought were stored before this one came.
        system_s: seconds_between(custody.received, custody.stored).max(0.0),
        late_by_system: late && team.is_some_and(|t| t.max_s <= limit_s),
        result,
    })
}

/// True if the recording claims to end after it was received, beyond the
/// tolerance: the device's clock is ahead, and no latency can be said.
pub fn clock_in_future(capture: &CaptureEnd, received: DateTime<Utc>) -> bool {
    deciding_ends(capture)
        .is_some_and(|(earliest, _)| seconds_between(received, earliest) > RECEIPT_TOLERANCE_S)
}

/// Earliest and latest end, if their grade decides.
pub fn deciding_ends(capture: &CaptureEnd) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if capture.grade < Grade::BPrime {
        return None;
    }
    Some((capture.earliest?, capture.latest?))
}

#[derive(Clone, Copy)]
struct Latency {
    min_s: f64,
    max_s: f64,
}

impl Latency {
    /// From the capture end to `until`. A recording ended before it was
    /// received, whatever the tolerance of its clock would allow.
    fn between(
        (earliest, latest): (DateTime<Utc>, DateTime<Utc>),
        received: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Self {
        Self {
            min_s: seconds_between(latest.min(received).min(until), until),
            max_s: seconds_between(earliest.min(received).min(until), until),
        }
    }
}

fn by_latency(latency: Latency, stored: DateTime<Utc>, context: &Context) -> SavedResult {
    let limit_s = context.save_limit_s;
    let deferred_in_time = context
        .deferred_until
        .map(|ready| seconds_between(ready, stored) <= limit_s);
    if latency.max_s <= limit_s {
        return SavedResult::OnTime;
    }
    match (latency.min_s > limit_s, deferred_in_time) {
        (true, None) => SavedResult::Late,
        (true, Some(false)) => SavedResult::DeferredLate,
        // In time after the stated instant, whichever reading of the capture
        // time holds.
        (_, Some(true)) => SavedResult::DeferredOnTime,
        (false, _) => SavedResult::Unknown,
    }
}

/// How long a file that waits has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Remaining {
    /// Stored until this instant it is on time under every reading.
    pub latest_safe: Option<DateTime<Utc>>,
    /// Seconds until `latest_safe`; negative once it has passed.
    pub left_s_min: Option<f64>,
    /// Seconds until it is late under every reading; negative once it is.
    pub left_s_max: Option<f64>,
}

/// The deadline still ahead of a file that is not stored. It warns, so a time
/// from the file name is good enough; a modification time is not.
pub fn remaining(capture: &CaptureEnd, now: DateTime<Utc>, limit_s: f64) -> Remaining {
    let deadline = |end: Option<DateTime<Utc>>| moved(end?, limit_s);
    let latest_safe = deadline(capture.earliest);
    Remaining {
        latest_safe,
        left_s_min: latest_safe.map(|at| seconds_between(now, at)),
        left_s_max: deadline(capture.latest).map(|at| seconds_between(now, at)),
    }
}
