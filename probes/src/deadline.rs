//! The 24-hour rule `save.24h`: from each file's own capture end to the
//! instant at which a durable, read-back copy exists.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capture::CaptureEnd;
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
    /// Durable and read back.
    pub stored: DateTime<Utc>,
    /// Smallest possible time from capture end to stored, in seconds.
    pub latency_min_s: Option<f64>,
    /// Largest possible time from capture end to stored, in seconds.
    pub latency_max_s: Option<f64>,
    /// The team's share: capture end to received, smallest, in seconds.
    pub team_min_s: Option<f64>,
    /// The team's share: capture end to received, largest, in seconds.
    pub team_max_s: Option<f64>,
    /// The system's share: received to stored, in seconds.
    pub system_s: f64,
    /// True if the file is late though the team was certainly in time.
    pub late_by_system: bool,
    /// The result.
    pub result: SavedResult,
}

/// Applies the rule; `None` while the file is not stored.
pub fn saved(_capture: &CaptureEnd, _context: &Context) -> Option<Saved> {
    None
}
