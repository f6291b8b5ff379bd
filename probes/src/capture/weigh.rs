//! Readings of one file held against each other and against its receipt.

use chrono::{DateTime, Utc};

use super::Grade;
use super::hypothesis::Hypothesis;
use super::scene::{Scene, moved, seconds_between};

/// How far the share's clock and a true capture time may disagree before a
/// capture "after" its receipt is called impossible
/// (research/forensics.md 2f: default clock error).
pub(crate) const RECEIPT_TOLERANCE_S: f64 = 120.0;

/// How close the time in a file name comes to the raw container time that
/// names the same instant (research/forensics.md 2f: ±5 s).
const NAME_AGREES_S: f64 = 5.0;

/// Rules out what is impossible or moot. Never rules out the last reading of
/// a grade, so that a clock in the future stays visible.
pub(super) fn weigh(hypotheses: &mut [Hypothesis], scene: &Scene<'_>) {
    distrust_stale_satellite_time(hypotheses, scene);
    if let Some(received) = scene.received {
        rule_out_after_receipt(hypotheses, received);
    }
    let name_start = hypotheses
        .iter()
        .find(|h| h.field == super::name_time::FIELD && h.usable() && h.names_recording)
        .map(|h| h.start);
    if let Some(name_start) = name_start {
        narrow_by_name(hypotheses, name_start);
    }
    prefer_original(hypotheses);
}

impl Hypothesis {
    fn usable(&self) -> bool {
        self.ruled_out.is_none()
    }
}

/// The satellite time of a photo may be that of the last fix, minutes or hours
/// old. One that the device's own clock contradicts is not better than that
/// clock: both then stand side by side.
fn distrust_stale_satellite_time(hypotheses: &mut [Hypothesis], scene: &Scene<'_>) {
    let clock = hypotheses
        .iter()
        .filter(|h| h.usable() && h.grade >= Grade::B && !h.field.starts_with("gps"))
        .max_by_key(|h| h.grade)
        .map(|h| (h.start, h.grade));
    let Some((clock_start, clock_grade)) = clock else {
        return;
    };
    for h in hypotheses.iter_mut().filter(|h| h.field.starts_with("gps")) {
        let apart_s = seconds_between(h.start, clock_start).abs();
        if apart_s > scene.drift_s.max(super::hypothesis::SATELLITE_S) {
            h.grade = h.grade.min(clock_grade);
            h.reading.push_str("; the device's clock disagrees");
        }
    }
}

/// A recording cannot end after it was received: most often this is local time
/// in a UTC field.
fn rule_out_after_receipt(hypotheses: &mut [Hypothesis], received: DateTime<Utc>) {
    let Some(limit) = moved(received, RECEIPT_TOLERANCE_S) else {
        return;
    };
    for grade in [Grade::C, Grade::BPrime, Grade::B, Grade::A] {
        let possible = |h: &Hypothesis| h.grade == grade && h.usable() && h.earliest <= limit;
        if !hypotheses.iter().any(possible) {
            continue;
        }
        for h in hypotheses.iter_mut() {
            if h.grade == grade && h.usable() && h.earliest > limit {
                h.ruled_out = Some("later than its receipt");
            }
        }
    }
}

/// The time in the file name picks among the readings that the container
/// leaves open; it adds none.
fn narrow_by_name(hypotheses: &mut [Hypothesis], name_start: DateTime<Utc>) {
    let open = |h: &Hypothesis| h.grade == Grade::BPrime && h.zone_open && h.usable();
    let agrees = |h: &Hypothesis| seconds_between(name_start, h.start).abs() <= NAME_AGREES_S;
    if !hypotheses.iter().any(|h| open(h) && agrees(h)) {
        return;
    }
    for h in hypotheses.iter_mut() {
        if open(h) && !agrees(h) {
            h.ruled_out = Some("the time in the file name agrees with another reading");
        }
    }
}

/// The time of digitising is that of capture in a camera and later in a
/// scanner; where the time of capture is written it adds nothing.
fn prefer_original(hypotheses: &mut [Hypothesis]) {
    let original = hypotheses
        .iter()
        .filter(|h| h.field == "exif.DateTimeOriginal" && h.usable())
        .map(|h| h.grade)
        .max();
    let Some(original) = original else {
        return;
    };
    for h in hypotheses.iter_mut() {
        if h.field == "exif.DateTimeDigitized" && h.usable() && h.grade <= original {
            h.ruled_out = Some("the time of capture is written too");
        }
    }
}
