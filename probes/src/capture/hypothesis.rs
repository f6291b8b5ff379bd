//! One written time → every instant at which the recording may have ended.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::epoch::{self, Epoch};
use super::scene::{Scene, moved};
use super::{Candidate, Grade};
use crate::measurements::{Moment, TimeReading, Zone};

/// Tolerance of a satellite time: whole seconds in EXIF, and the receiver's
/// delay (research/forensics.md 2f).
pub(super) const SATELLITE_S: f64 = 2.0;

/// How long a recording of unknown length may have run if nothing else bounds
/// it. Named guess.
const UNKNOWN_LENGTH_S: f64 = 86_400.0;

/// One reading of one written time.
#[derive(Clone, Debug)]
pub(super) struct Hypothesis {
    /// The field read.
    pub field: String,
    /// How, for a person.
    pub reading: String,
    /// When the recording would have started, without tolerance.
    pub start: DateTime<Utc>,
    /// Earliest end, tolerance included.
    pub earliest: DateTime<Utc>,
    /// Latest end, tolerance included.
    pub latest: DateTime<Utc>,
    /// How far it can be trusted.
    pub grade: Grade,
    /// True if other zones are possible for the same field.
    pub zone_open: bool,
    /// True if it names the recording and not a later writing.
    pub names_recording: bool,
    /// Why it is not admitted, if it is not.
    pub ruled_out: Option<&'static str>,
}

impl Hypothesis {
    /// Its line in the report.
    pub(super) fn into_candidate(self, admitted: bool) -> Candidate {
        let reading = match self.ruled_out {
            Some(why) => format!("{}; not admitted: {why}", self.reading),
            None => self.reading,
        };
        Candidate {
            field: self.field,
            reading,
            earliest: self.earliest,
            latest: self.latest,
            grade: self.grade,
            admitted,
        }
    }
}

/// One way to read the zone of a written time.
struct ZoneReading {
    words: String,
    at: DateTime<Utc>,
    margin_s: f64,
    grade: Grade,
    open: bool,
}

/// Every admissible reading of `reading`.
pub(super) fn of(reading: &TimeReading, scene: &Scene<'_>) -> Vec<Hypothesis> {
    let (local, note, bogus) = match epoch::of(reading, scene.received) {
        Epoch::Sound => (reading.local, "", None),
        Epoch::Repaired(meant) => (meant, "repaired by the 1904 offset, ", None),
        Epoch::Bogus(why) => (reading.local, "", Some(why)),
    };
    let mut hypotheses = Vec::new();
    for zone in zones(reading, local, scene) {
        for end_named in moments(reading, scene) {
            let Some((start, earliest, latest, known)) = ends(zone.at, end_named, scene) else {
                continue;
            };
            let (Some(earliest), Some(latest)) = (
                moved(earliest, -zone.margin_s),
                moved(latest, zone.margin_s),
            ) else {
                continue;
            };
            let grade = if known {
                zone.grade
            } else {
                zone.grade.min(Grade::BPrime)
            };
            hypotheses.push(Hypothesis {
                field: reading.field.clone(),
                reading: format!(
                    "{note}{}, {}",
                    zone.words,
                    moment_words(reading, end_named, scene, known)
                ),
                start,
                earliest,
                latest,
                grade: cap(reading, grade),
                zone_open: zone.open,
                names_recording: reading.moment != Moment::Written,
                ruled_out: bogus,
            });
        }
    }
    hypotheses
}

/// Names, XMP and IPTC can be written by anything, and a later writing says nothing
/// of the recording's end but that it was not later.
fn cap(reading: &TimeReading, grade: Grade) -> Grade {
    let weak = reading.moment == Moment::Written
        || reading.field == super::name_time::FIELD
        || reading.field.starts_with("xmp.")
        || reading.field.starts_with("iptc.");
    if weak { grade.min(Grade::C) } else { grade }
}

/// The clock behind a field: how it is corrected and how far it may be off.
struct Clock {
    shift_s: f64,
    margin_s: f64,
    calibrated: bool,
    settles_zone: bool,
}

impl Clock {
    fn of(reading: &TimeReading, scene: &Scene<'_>) -> Self {
        let satellite = reading.zone == Zone::Utc && reading.field.starts_with("gps");
        // No clock of the device is behind a time that is UTC by itself.
        let calibration = Some(reading)
            .filter(|r| r.zone != Zone::Utc)
            .and_then(|r| scene.calibration(&r.field));
        Self {
            shift_s: calibration.map_or(0.0, |c| c.offset_s),
            margin_s: match calibration {
                Some(_) => 0.0,
                None if satellite => SATELLITE_S,
                None => scene.drift_s,
            },
            calibrated: calibration.is_some(),
            settles_zone: calibration.is_some_and(|c| c.settles_zone),
        }
    }

    /// `local` in the zone `offset_s` east of UTC. Grade B' says that the zone
    /// is open; a calibrated clock whose zone is settled is the best there is.
    fn read(
        &self,
        local: NaiveDateTime,
        offset_s: i32,
        words: &str,
        grade: Grade,
    ) -> Option<ZoneReading> {
        let at = local
            .and_utc()
            .checked_sub_signed(TimeDelta::seconds(i64::from(offset_s)))?;
        let open = grade == Grade::BPrime;
        Some(ZoneReading {
            words: match self.calibrated {
                true => format!("{words}, clock calibrated"),
                false => words.to_owned(),
            },
            at: moved(at, self.shift_s)?,
            margin_s: self.margin_s,
            grade: if self.calibrated && !open {
                Grade::A
            } else {
                grade
            },
            open,
        })
    }
}

fn zones(reading: &TimeReading, local: NaiveDateTime, scene: &Scene<'_>) -> Vec<ZoneReading> {
    let clock = Clock::of(reading, scene);
    let default_s = scene.default_offset_s;
    let local_words = format!("as local time {}", offset_words(default_s));
    let as_local = |grade| clock.read(local, default_s, &local_words, grade);
    let as_utc = |grade| clock.read(local, 0, "as UTC", grade);
    let habit = scene.quirk(&reading.field).and_then(|q| q.local);
    let (one, other) = match reading.zone {
        Zone::Offset(offset_s) => {
            let words = format!("with its written zone {}", offset_words(offset_s));
            (clock.read(local, offset_s, &words, Grade::A), None)
        }
        Zone::Utc => (as_utc(Grade::A), None),
        Zone::Local => (as_local(Grade::B), None),
        Zone::NominallyUtc if clock.settles_zone => (as_utc(Grade::A), None),
        Zone::NominallyUtc => match habit {
            Some(true) => (as_local(Grade::B), None),
            Some(false) => (as_utc(Grade::B), None),
            None => (as_utc(Grade::BPrime), as_local(Grade::BPrime)),
        },
    };
    one.into_iter().chain(other).collect()
}

/// Whether the time names the end, for every moment that is possible.
fn moments(reading: &TimeReading, scene: &Scene<'_>) -> Vec<bool> {
    if scene.clip_s == Some(0.0) {
        return vec![true];
    }
    let by_habit = scene.quirk(&reading.field).and_then(|q| q.names_end);
    match (reading.moment, by_habit) {
        (Moment::Written | Moment::End, _) => vec![true],
        (_, Some(names_end)) => vec![names_end],
        (Moment::Start | Moment::Capture, None) => vec![false],
        (Moment::StartOrEnd, None) => vec![false, true],
    }
}

type Ends = (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>, bool);

/// Start, earliest end, latest end, and whether the length is known.
fn ends(at: DateTime<Utc>, end_named: bool, scene: &Scene<'_>) -> Option<Ends> {
    match (scene.clip_s, end_named) {
        (Some(clip_s), true) => Some((moved(at, -clip_s)?, at, at, true)),
        (Some(clip_s), false) => {
            let end = moved(at, clip_s)?;
            Some((at, end, end, true))
        }
        (None, true) => Some((at, at, at, true)),
        (None, false) => {
            let latest = match scene.received {
                Some(received) => at.max(received),
                None => moved(at, UNKNOWN_LENGTH_S)?,
            };
            Some((at, at, latest, false))
        }
    }
}

fn moment_words(
    reading: &TimeReading,
    end_named: bool,
    scene: &Scene<'_>,
    known: bool,
) -> &'static str {
    match (reading.moment, end_named) {
        (Moment::Written, _) => "naming a later writing of the file",
        _ if scene.clip_s == Some(0.0) => "naming the capture",
        (_, true) => "naming the end",
        (_, false) if known => "naming the start",
        (_, false) => "naming the start of a recording of unknown length",
    }
}

/// `+08:00`.
fn offset_words(offset_s: i32) -> String {
    let sign = if offset_s < 0 { '-' } else { '+' };
    let minutes = offset_s.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
