//! Clocks that a device records beside the pictures, held against the
//! recording's own time: satellite time (GoPro's GPMF), the camera's clock in
//! AVCHD (MDPM) and XAVC S (rtmd), timecode tracks (QuickTime). Between two readings of one
//! recording both must run equally far; where the clock goes on while the
//! recording does not, a stretch is missing or was inserted
//! (research/forensics.md 2c, clocks to compare).

mod gpmf;
pub mod mdpm;
mod rtmd;
mod timecode;
mod watch;

use chrono::{DateTime, NaiveDateTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurements::{Measurements, Moment, TimeReading, Zone};

use timecode::Timecode;
use watch::Watch;

/// Instrument version: raised whenever the same bytes may read differently.
pub const VERSION: u32 = 1;

/// Clocks of one file that are followed. Named guess: cameras write one or two.
const CLOCKS_MAX: usize = 16;

/// One clock beside the recording's own time. Times are seconds from the
/// recording's first picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MetadataClock {
    /// Where it stands: `gps.GPSU`, `gps.GPS9`, `gpmf.SYST`, `mdpm`, `rtmd`,
    /// `tmcd`.
    pub field: String,
    /// Index of the track.
    pub track: u32,
    /// Readings that show a time.
    pub readings: u64,
    /// Readings without a time: a receiver that has no fix, a clock never set.
    pub unset_readings: u64,
    /// Readings that neither the one before nor the one after agrees with, as
    /// receivers write while they settle.
    pub stray_readings: u64,
    /// The smallest step that the clock shows, in seconds.
    pub resolution_s: f64,
    /// The first reading.
    pub first: Option<ClockReading>,
    /// The last reading.
    pub last: Option<ClockReading>,
    /// How much further the clock went than the recording from the first to the
    /// last reading, jumps left out.
    pub drift_s: Option<f64>,
    /// Where the clock leaps against the recording, at most 100.
    pub jumps: Vec<ClockJump>,
    /// How often it does, listed or not.
    pub jumps_count: u64,
}

/// One reading of a clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockReading {
    /// When in the recording.
    pub at_s: f64,
    /// What the clock showed, as written.
    pub written: String,
}

/// A leap of a clock against the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClockJump {
    /// The last reading before it.
    pub after_s: f64,
    /// The first reading after it.
    pub at_s: f64,
    /// How much further the clock went than the recording; negative if the
    /// recording went further.
    pub length_s: f64,
    /// How far that may be off either way.
    pub uncertainty_s: f64,
}

/// What one message or sample shows.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    field: &'static str,
    /// Seconds since 1970 of the date and time as written; `None` if unset.
    clock_s: Option<f64>,
    written: String,
    zone: Option<Zone>,
    resolution_s: f64,
}

/// How the samples of a track are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// GoPro's telemetry.
    Gpmf,
    /// Sony's real-time metadata.
    Rtmd,
    /// QuickTime timecode.
    Timecode(Timecode),
}

impl Kind {
    /// By the four letters of the sample description and what stands behind
    /// them; `None` for tracks without a clock.
    pub fn of(letters: [u8; 4], description: &[u8]) -> Option<Self> {
        match &letters {
            b"gpmd" => Some(Self::Gpmf),
            b"rtmd" => Some(Self::Rtmd),
            b"tmcd" => Timecode::read(description).map(Self::Timecode),
            _ => None,
        }
    }
}

/// Follows every clock of one recording.
#[derive(Debug, Default)]
pub struct ClocksInstrument {
    watches: Vec<Watch>,
    maker: Option<&'static str>,
}

impl ClocksInstrument {
    /// Reads one sample of a track that holds a clock.
    pub fn sample(&mut self, track: u32, kind: Kind, bytes: &[u8], at_s: f64) {
        let shown = match kind {
            Kind::Gpmf => gpmf::read(bytes),
            Kind::Rtmd => rtmd::read(bytes).into_iter().collect(),
            Kind::Timecode(timecode) => timecode.sample(bytes).into_iter().collect(),
        };
        for shown in shown {
            self.show(track, shown, at_s);
        }
    }

    /// Notes what the camera wrote beside a coded picture.
    pub fn camera_note(&mut self, track: u32, note: &mdpm::Mdpm, at_s: f64) {
        self.maker = self.maker.or(note.make);
        let shown = Shown {
            field: mdpm::FIELD,
            clock_s: note.time.as_ref().map(|t| seconds(t.local)),
            written: note
                .time
                .as_ref()
                .map(|t| t.written.clone())
                .unwrap_or_default(),
            zone: note.time.as_ref().map(|t| t.zone),
            resolution_s: 1.0,
        };
        self.show(track, shown, at_s);
    }

    fn show(&mut self, track: u32, shown: Shown, at_s: f64) {
        if !at_s.is_finite() {
            return;
        }
        let known = self
            .watches
            .iter()
            .position(|w| w.is(track, shown.field))
            .or_else(|| {
                (self.watches.len() < CLOCKS_MAX).then(|| {
                    self.watches.push(Watch::new(track, &shown));
                    self.watches.len() - 1
                })
            });
        if let Some(watch) = known.and_then(|index| self.watches.get_mut(index)) {
            watch.show(shown, at_s);
        }
    }

    /// Enters the clocks, and what they say of start and end of a recording that
    /// lasts `duration_s`.
    pub fn finish(self, duration_s: Option<f64>, m: &mut Measurements) {
        if let Some(maker) = self.maker {
            m.device.make.get_or_insert_with(|| maker.to_owned());
        }
        for watch in self.watches {
            m.times.extend(watch.times(duration_s));
            m.clocks.push(watch.finish());
        }
    }
}

/// Seconds since 1970 of a date and time as written.
fn seconds(local: NaiveDateTime) -> f64 {
    local.and_utc().timestamp_micros() as f64 / 1e6
}

/// The date and time so many seconds after 1970, whole milliseconds.
fn date(seconds: f64) -> Option<NaiveDateTime> {
    let ms = (seconds * 1e3).round();
    // Beyond it a number of milliseconds is no longer exact.
    (ms.abs() < 9e15)
        .then(|| DateTime::from_timestamp_millis(ms as i64))
        .flatten()
        .map(|at| at.naive_utc())
}

/// What a clock that names a date says of one instant of the recording.
fn reading(
    field: &str,
    shown: &ClockReading,
    clock_s: f64,
    zone: Zone,
    moment: Moment,
) -> Option<TimeReading> {
    Some(TimeReading {
        field: field.to_owned(),
        written: format!("{} @ {:.2} s", shown.written, shown.at_s),
        local: date(clock_s)?,
        zone,
        moment,
    })
}

#[cfg(test)]
mod tests;
