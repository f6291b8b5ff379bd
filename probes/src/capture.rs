//! When the recording ended, as far as can be told: an interval, its source
//! and its grade.
//!
//! Every written time is read under every hypothesis that its format and its
//! device allow: which zone it is in, and whether it names the start or the
//! end of the clip. Container times deserve this: Android writes the instant
//! at which the recording stops, iPhones the one at which it starts, and many
//! cameras put local time into a field that is defined as UTC.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Context;
use crate::measurements::{Measurements, TimeReading};

mod epoch;
mod hypothesis;
pub mod name_time;
mod scene;
mod weigh;

use epoch::Epoch;
pub(crate) use epoch::is_never_set;
use hypothesis::Hypothesis;
use scene::Scene;
pub(crate) use scene::{moved, seconds_between};
pub(crate) use weigh::RECEIPT_TOLERANCE_S;

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
    /// Only a time that anything may have written (file name, XMP, a later
    /// writing of the file): supports, does not decide alone.
    C,
    /// A container time whose zone is open; decides if all readings agree.
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

/// Most written times that are read; a hostile file cannot make us weigh more.
const READINGS_MAX: usize = 64;

/// Reads every time of the file under every admissible hypothesis and says
/// between which instants the recording ended.
///
/// The strongest grade present decides; weaker readings are kept and shown. A
/// modification time is shown and never gives an interval.
pub fn capture_end(measurements: &Measurements, context: &Context) -> CaptureEnd {
    let scene = Scene::new(measurements, context);
    let from_name = name_time::parse(&context.name, measurements.kind);
    let mut hypotheses: Vec<Hypothesis> = Vec::new();
    let mut read: Vec<&TimeReading> = Vec::new();
    for reading in measurements
        .times
        .iter()
        .take(READINGS_MAX)
        .chain(&from_name)
    {
        // mvhd, tkhd and mdhd repeat one value: one witness, not three.
        let repeated = read.iter().any(|r| {
            r.local == reading.local && r.zone == reading.zone && r.moment == reading.moment
        });
        if !repeated {
            read.push(reading);
            hypotheses.extend(hypothesis::of(reading, &scene));
        }
    }
    weigh::weigh(&mut hypotheses, &scene);
    let mut end = decide(hypotheses);
    if let Some(mtime) = context.mtime {
        end.candidates.push(Candidate {
            field: "mtime".to_owned(),
            reading: "modification time in the share: a hint, never decides".to_owned(),
            earliest: mtime,
            latest: mtime,
            grade: Grade::D,
            admitted: false,
        });
        if end.grade == Grade::None {
            end.grade = Grade::D;
            end.source = Some("mtime".to_owned());
        }
    }
    end
}

/// The written times of the file and of its name that are times, each value
/// once: counters at zero and factory days left out, a forgotten 1904 offset
/// put right.
pub fn sound_times(measurements: &Measurements, context: &Context) -> Vec<TimeReading> {
    let received = context.custody.map(|c| c.received).or(context.received);
    let from_name = name_time::parse(&context.name, measurements.kind);
    let mut sound: Vec<TimeReading> = Vec::new();
    for reading in measurements
        .times
        .iter()
        .take(READINGS_MAX)
        .chain(&from_name)
    {
        let local = match epoch::of(reading, received) {
            Epoch::Sound => reading.local,
            Epoch::Repaired(meant) => meant,
            Epoch::Bogus(_) => continue,
        };
        let repeated = sound
            .iter()
            .any(|r| r.local == local && r.zone == reading.zone && r.moment == reading.moment);
        if !repeated {
            sound.push(TimeReading {
                local,
                ..reading.clone()
            });
        }
    }
    sound
}

/// Length of the recording in seconds, 0 for a photo; `None` if unknown.
pub fn clip_s(measurements: &Measurements) -> Option<f64> {
    scene::clip_s(measurements)
}

/// The hull of the admissible readings of the strongest grade.
fn decide(hypotheses: Vec<Hypothesis>) -> CaptureEnd {
    let mut end = CaptureEnd {
        grade: hypotheses
            .iter()
            .filter(|h| h.ruled_out.is_none())
            .map(|h| h.grade)
            .max()
            .unwrap_or_default(),
        ..CaptureEnd::default()
    };
    for hypothesis in hypotheses {
        let admitted = hypothesis.ruled_out.is_none() && hypothesis.grade == end.grade;
        let candidate = hypothesis.into_candidate(admitted);
        if admitted {
            end.earliest = Some(
                end.earliest
                    .map_or(candidate.earliest, |e| e.min(candidate.earliest)),
            );
            end.latest = Some(
                end.latest
                    .map_or(candidate.latest, |l| l.max(candidate.latest)),
            );
            end.source.get_or_insert_with(|| candidate.field.clone());
        }
        end.candidates.push(candidate);
    }
    end.candidates
        .sort_by_key(|c| std::cmp::Reverse((c.admitted, c.grade)));
    end
}

#[cfg(test)]
mod tests;
