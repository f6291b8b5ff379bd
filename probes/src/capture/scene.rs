//! What of the file and its surroundings bears on the reading of its times.

use chrono::{DateTime, TimeDelta, Utc};

use crate::capture::ClockQuirk;
use crate::check::Context;
use crate::measurements::{Kind, Measurements};

/// Seconds in a day.
const DAY_S: f64 = 86_400.0;

/// Longest clip length that is believed. Named guess: a month of one file.
const CLIP_MAX_S: f64 = 31.0 * DAY_S;

/// What bears on the reading of a file's times.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    /// Complete and stable in the share, if it is known.
    pub received: Option<DateTime<Utc>>,
    /// Length of the recording; `None` if it has one and it is not known.
    pub clip_s: Option<f64>,
    /// Zone of times that name none, seconds east of UTC.
    pub default_offset_s: i32,
    /// How far an uncalibrated clock may be off, seconds either way.
    pub drift_s: f64,
    context: &'a Context,
    make: &'a str,
    model: &'a str,
}

impl<'a> Scene<'a> {
    /// Gathers what is known.
    pub(super) fn new(m: &'a Measurements, context: &'a Context) -> Self {
        Self {
            received: context.custody.map(|c| c.received).or(context.received),
            clip_s: clip_s(m),
            default_offset_s: context.default_offset_s,
            drift_s: Some(context.clock_drift_s)
                .filter(|s| s.is_finite())
                .map_or(0.0, |s| s.clamp(0.0, DAY_S)),
            context,
            make: m.device.make.as_deref().unwrap_or_default(),
            model: m.device.model.as_deref().unwrap_or_default(),
        }
    }

    /// The habit of this device with `field`, if one is on record.
    pub(super) fn quirk(&self, field: &str) -> Option<&ClockQuirk> {
        let make = self.make.trim().to_lowercase();
        let model = self.model.trim().to_lowercase();
        self.context.quirks.iter().find(|q| {
            !make.is_empty()
                && q.make.trim().to_lowercase() == make
                && model.starts_with(&q.model.trim().to_lowercase())
                && field.starts_with(q.field.as_str())
        })
    }

    /// True time minus device time for `field`, if the clock is calibrated.
    pub(super) fn calibration(&self, field: &str) -> Option<Calibration> {
        let offset_s = self.context.device_offset_s.filter(|s| s.is_finite())?;
        let offset_field = self.context.device_offset_field.as_deref();
        if offset_field.is_some_and(|f| field.starts_with(f)) {
            return Some(Calibration {
                offset_s,
                settles_zone: true,
            });
        }
        // An offset that was read against a UTC field that holds local time
        // contains the zone. The clock's own error is what is left of it.
        let without_zone_s = offset_s + f64::from(self.default_offset_s);
        let clock_s = if offset_field.is_some() && without_zone_s.abs() < offset_s.abs() {
            without_zone_s
        } else {
            offset_s
        };
        Some(Calibration {
            offset_s: clock_s,
            settles_zone: false,
        })
    }
}

/// A calibrated clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calibration {
    /// To be added to what the field says.
    pub offset_s: f64,
    /// True if the offset holds for the field's nominal zone, whatever the
    /// device meant by it.
    pub settles_zone: bool,
}

/// Length of the recording: a photo has none, a clip has the longer of what
/// its container and its tracks say.
pub(super) fn clip_s(m: &Measurements) -> Option<f64> {
    if !matches!(m.kind, Kind::Video | Kind::Audio) {
        return Some(0.0);
    }
    let of_tracks = m
        .tracks
        .iter()
        .filter(|t| matches!(t.medium.as_str(), "video" | "audio"))
        .filter_map(|t| t.duration_s);
    m.container
        .iter()
        .filter_map(|c| c.duration_s)
        .chain(of_tracks)
        .filter(|s| s.is_finite() && *s > 0.0 && *s <= CLIP_MAX_S)
        .max_by(f64::total_cmp)
}

/// `at` moved by `seconds`, to the millisecond; `None` beyond the calendar.
pub(crate) fn moved(at: DateTime<Utc>, seconds: f64) -> Option<DateTime<Utc>> {
    let millis = (seconds * 1000.0).round();
    if millis.is_nan() || millis.abs() >= 1e15 {
        return None;
    }
    // In range by the line above.
    let delta = TimeDelta::try_milliseconds(millis as i64)?;
    at.checked_add_signed(delta)
}

/// Seconds from `from` to `to`, negative if `to` is earlier.
pub(crate) fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    let delta = to.signed_duration_since(from);
    delta.num_seconds() as f64 + f64::from(delta.subsec_nanos()) / 1e9
}
