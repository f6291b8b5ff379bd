//! When the recording ended, as far as can be told: an interval, its source
//! and its grade (research/domain.md 1.6, research/forensics.md 2f).

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Context;
use crate::measurements::Measurements;

/// How far a capture time can be trusted; research/domain.md 1.6.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Grade {
    /// No usable time at all.
    #[default]
    #[serde(rename = "none")]
    None,
    /// Only the file system's modification time: a hint, never decides.
    D,
    /// Only a time in the file name: supports, does not decide alone.
    C,
    /// A container time whose zone and moment are open.
    #[serde(rename = "B'")]
    BPrime,
    /// Local time of the device without zone, within its drift.
    B,
    /// Calibrated, satellite, or written with its zone.
    A,
}

/// One admissible reading of one written time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// The field read: `exif.DateTimeOriginal` …
    pub field: String,
    /// How it was read, for a person: `as UTC, naming the end`.
    pub reading: String,
    /// The capture end under this reading, earliest.
    pub earliest: DateTime<Utc>,
    /// The capture end under this reading, latest.
    pub latest: DateTime<Utc>,
    /// Its grade.
    pub grade: Grade,
    /// False if a better source made this reading moot; it is still shown.
    pub admitted: bool,
}

/// The interval in which the recording ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaptureEnd {
    /// Earliest possible end.
    pub earliest: Option<DateTime<Utc>>,
    /// Latest possible end.
    pub latest: Option<DateTime<Utc>>,
    /// The field that decided.
    pub source: Option<String>,
    /// Its grade.
    pub grade: Grade,
    /// Every reading, the admitted ones first.
    pub candidates: Vec<Candidate>,
}

/// What is known of a maker's habit with one kind of time field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockQuirk {
    /// Maker, compared without case.
    pub make: String,
    /// Start of the model's name; empty for all models.
    pub model: String,
    /// Start of the field's name that the habit concerns: `mvhd`.
    pub field: String,
    /// True if the field holds local time although the format says UTC.
    pub local: Option<bool>,
    /// True if the field names the end of the clip, false if its start.
    pub names_end: Option<bool>,
}

/// Reads every time of the file under every admissible hypothesis and says
/// between which instants the recording ended.
pub fn capture_end(_measurements: &Measurements, _context: &Context) -> CaptureEnd {
    CaptureEnd::default()
}
