//! A recording that a device splits into several files: which file a file
//! follows, and how long nothing was recorded between the two
//! (research/forensics.md 2c, Segments).
//!
//! Two files of one device are dated by one clock, so that only the difference
//! of one field in both counts; how far that clock is off does not matter.

pub mod whole;

use crate::capture::{clip_s, name_time};
use crate::exemplar::Fingerprint;
use crate::measurements::{Measurements, Moment, TimeReading};

/// What of a recording tells its place among others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segment {
    /// Original file name, decoded for reading.
    pub name: String,
    /// Its device, its mode and its way of naming: files that differ here do not
    /// continue each other.
    source: String,
    /// The number that the device counts up in its names, if it does.
    pub number: Option<u32>,
    /// Its length.
    pub duration_s: f64,
    /// The length of the file.
    pub size_bytes: u64,
    times: Vec<TimeReading>,
}

/// What lies between a recording and the one before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Name of the recording before.
    pub before: String,
    /// At least so long was nothing recorded; negative if the two may overlap.
    pub low_s: f64,
    /// At most so long.
    pub high_s: f64,
    /// The recording before is as long or as large as others of the device: it
    /// ended because the device splits there.
    pub was_split: bool,
    /// The device's other gaps at such places, if there are two.
    pub usual: Option<Spread>,
    /// Numbers left out between the two names.
    pub numbers_left_out: u32,
}

/// Median and scatter of some gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Median.
    pub median_s: f64,
    /// Median of the deviations from it.
    pub mad_s: f64,
}

impl Spread {
    /// How far from the median a gap of the same device may lie: three standard
    /// deviations of a normal distribution with this scatter.
    pub fn scatter_s(self) -> f64 {
        3.0 * 1.4826 * self.mad_s
    }
}

/// Times are whole seconds in both files …
const CLOCK_STEP_S: f64 = 1.0;
/// … and satellite times are not, but wander (see `measure::clocks`).
const SATELLITE_STEP_S: f64 = 0.3;
/// Segments of one device are of one length within this time, or of one size
/// within this share.
const LENGTH_SLACK_S: f64 = 2.0;
const SIZE_SLACK_SHARE: f64 = 0.01;
/// So many alike, the one in question included, make a length of segments.
const ALIKE_MIN: usize = 3;
/// Other gaps from which a usual one is told.
const GAPS_MIN: usize = 2;
/// Recordings further apart belong to different occasions.
const OCCASION_S: f64 = 12.0 * 3600.0;
/// Digits of a counter: fewer are part of a model's name, more are a time.
const COUNTER_DIGITS: std::ops::RangeInclusive<usize> = 3..=5;

impl Segment {
    /// The segment that a recording may be; `None` if its length is unknown.
    pub fn of(name: &str, m: &Measurements) -> Option<Self> {
        let duration_s = clip_s(m).filter(|d| d.is_finite() && *d > 0.0)?;
        let print = Fingerprint::of(m);
        let model = print
            .model
            .map(|model| model.to_string())
            .unwrap_or_default();
        let serial = m.device.serial.as_deref().unwrap_or_default();
        let named = name_time::parse(name, m.kind);
        let stated = m.times.iter().filter(|t| t.moment != Moment::Written);
        Some(Self {
            name: name.to_owned(),
            source: format!("{model}|{serial}|{}|{}", print.mode, masked(name)),
            number: number(name),
            duration_s,
            size_bytes: m.size_bytes,
            times: stated.cloned().chain(named).collect(),
        })
    }

    /// How long after the end of `before` this one starts, as an interval; by
    /// the field that tells it closest. `None` without a field in common.
    fn after(&self, before: &Self) -> Option<(f64, f64)> {
        let by_field = self.times.iter().filter_map(|now| {
            let then = before
                .times
                .iter()
                .find(|t| t.field == now.field && t.moment == now.moment)?;
            let between_s = (now.local - then.local).as_seconds_f64();
            let (low, high) = match now.moment {
                Moment::Start => (before.duration_s, before.duration_s),
                Moment::End => (self.duration_s, self.duration_s),
                _ => (
                    before.duration_s.min(self.duration_s),
                    before.duration_s.max(self.duration_s),
                ),
            };
            let step_s = if now.field.starts_with("gps.") {
                SATELLITE_STEP_S
            } else {
                CLOCK_STEP_S
            };
            Some((between_s - high - step_s, between_s - low + step_s))
        });
        by_field.min_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0)))
    }

    /// True if its length or size is one at which the device splits.
    fn is_full(&self, all: &[&Self]) -> bool {
        let alike =
            |close: &dyn Fn(&Self) -> bool| all.iter().filter(|s| close(s)).count() >= ALIKE_MIN;
        let slack_bytes = self.size_bytes as f64 * SIZE_SLACK_SHARE;
        alike(&|s| (s.duration_s - self.duration_s).abs() <= LENGTH_SLACK_S)
            || alike(&|s| (s.size_bytes as f64 - self.size_bytes as f64).abs() <= slack_bytes)
    }
}

/// What lies between `own` and the recording before it among `others`, which
/// may hold anything. `None` if none of them comes before it.
pub fn gap_before(own: &Segment, others: &[Segment]) -> Option<Gap> {
    let mut all: Vec<&Segment> = others
        .iter()
        .filter(|s| s.source == own.source && s.name != own.name)
        .collect();
    all.push(own);
    let (before, (low_s, high_s)) = nearest(own, &all)?;
    let was_split = before.is_full(&all);
    let usual: Vec<f64> = all
        .iter()
        .filter(|s| s.name != own.name)
        .filter_map(|s| nearest(s, &all))
        .filter(|(b, _)| b.is_full(&all))
        .map(|(_, (low, high))| f64::midpoint(low, high))
        .collect();
    let is_enough = usual.len() >= GAPS_MIN;
    Some(Gap {
        before: before.name.clone(),
        low_s,
        high_s,
        was_split,
        usual: spread(usual).filter(|_| is_enough),
        numbers_left_out: numbers_between(before, own),
    })
}

/// Median and scatter; the scatter of two values says nothing and counts as none.
fn spread(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
    let mut values: Vec<f64> = values.into_iter().collect();
    let median_s = median(&mut values)?;
    let mut deviations: Vec<f64> = values.iter().map(|v| (v - median_s).abs()).collect();
    let mad_s = median(&mut deviations).filter(|_| values.len() > GAPS_MIN);
    Some(Spread {
        median_s,
        mad_s: mad_s.unwrap_or(0.0),
    })
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Numbers left out between two names.
fn numbers_between(before: &Segment, after: &Segment) -> u32 {
    match (before.number, after.number) {
        (Some(before), Some(after)) => after.saturating_sub(before).saturating_sub(1),
        _ => 0,
    }
}

/// The recording of the same occasion after which `own` starts soonest.
fn nearest<'a>(own: &Segment, all: &[&'a Segment]) -> Option<(&'a Segment, (f64, f64))> {
    all.iter()
        .filter(|s| s.name != own.name)
        .filter_map(|s| Some((*s, own.after(s)?)))
        // A recording may overlap the next, but it starts before it.
        .filter(|(s, (low, high))| *high > -s.duration_s && *low <= OCCASION_S)
        .min_by(|a, b| a.1.1.total_cmp(&b.1.1))
}

/// A name with every digit masked: `DJI_0012.MP4` → `DJI_####.MP4`.
fn masked(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_digit() { '#' } else { c })
        .collect()
}

/// The number that ends the name, if it is a counter's.
fn number(name: &str) -> Option<u32> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let digits = stem.len() - stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let counter = stem.get(stem.len() - digits..)?;
    COUNTER_DIGITS
        .contains(&digits)
        .then(|| counter.parse().ok())?
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDateTime, TimeDelta};

    use super::*;
    use crate::measurements::{Device, Kind, Zone};

    /// A clip of `duration_s` that starts `start_s` after noon.
    pub(super) fn clip(name: &str, start_s: f64, duration_s: f64) -> Segment {
        let noon: NaiveDateTime = "2026-04-12T12:00:00".parse().unwrap();
        let m = Measurements {
            kind: Kind::Video,
            device: Device {
                model: Some("Cam".to_owned()),
                ..Device::default()
            },
            size_bytes: (duration_s * 1e6) as u64,
            container: Some(crate::measurements::Container {
                duration_s: Some(duration_s),
                ..Default::default()
            }),
            times: vec![TimeReading {
                field: "mvhd.creation".to_owned(),
                written: String::new(),
                local: noon + TimeDelta::milliseconds((start_s * 1e3) as i64),
                zone: Zone::NominallyUtc,
                moment: Moment::Start,
            }],
            ..Measurements::default()
        };
        Segment::of(name, &m).unwrap()
    }

    /// Segments of 300 s, one second apart, the last one cut short.
    pub(super) fn day(gaps: &[f64]) -> Vec<Segment> {
        let mut start_s = 0.0;
        let mut all = vec![clip("REC_0001.MP4", 0.0, 300.0)];
        for (i, gap_s) in gaps.iter().enumerate() {
            start_s += 300.0 + gap_s;
            all.push(clip(&format!("REC_{:04}.MP4", i + 2), start_s, 300.0));
        }
        all
    }

    #[test]
    fn a_device_that_splits_has_its_usual_gap() {
        let all = day(&[1.0, 1.0, 1.0, 60.0]);
        let (own, others) = all.split_last().unwrap();
        let gap = gap_before(own, others).unwrap();
        assert_eq!(gap.before, "REC_0004.MP4");
        assert!(gap.was_split && gap.numbers_left_out == 0);
        assert_eq!(gap.usual.map(|u| u.median_s), Some(1.0));
        assert_eq!((gap.low_s, gap.high_s), (59.0, 61.0));
    }

    #[test]
    fn a_file_that_is_missing_shows_in_time_and_in_number() {
        let mut all = day(&[1.0; 5]);
        all.remove(3);
        let (own, others) = (all[3].clone(), all);
        let gap = gap_before(&own, &others).unwrap();
        assert_eq!(
            (gap.before.as_str(), gap.numbers_left_out),
            ("REC_0003.MP4", 1)
        );
        assert_eq!((gap.low_s, gap.high_s), (301.0, 303.0));
    }

    #[test]
    fn a_recording_that_was_stopped_by_hand_was_not_split() {
        let all = [
            clip("A_0001.MP4", 0.0, 47.0),
            clip("A_0002.MP4", 600.0, 12.0),
        ];
        let gap = gap_before(&all[1], &all).unwrap();
        assert!(!gap.was_split);
        assert_eq!(gap.usual, None);
    }

    #[test]
    fn the_first_and_strangers_follow_nobody() {
        let all = day(&[1.0, 1.0]);
        assert_eq!(gap_before(&all[0], &all), None);
        let stranger = clip("IMG-7.MP4", 301.0, 300.0);
        assert_eq!(gap_before(&stranger, &all), None);
        let next_day = clip("REC_0009.MP4", 90_000.0, 300.0);
        assert_eq!(gap_before(&next_day, &all), None);
    }

    #[test]
    fn overlapping_segments_are_no_gap() {
        let all = day(&[-5.0, -5.0]);
        let gap = gap_before(&all[2], &all).unwrap();
        assert_eq!((gap.before.as_str(), gap.low_s), ("REC_0002.MP4", -6.0));
    }

    #[test]
    fn a_counter_is_no_time_and_no_model() {
        assert_eq!(number("DJI_0012.MP4"), Some(12));
        assert_eq!(number("00031.MTS"), Some(31));
        assert_eq!(number("VID_20260412_101112.mp4"), None);
        assert_eq!(number("clip2.mp4"), None);
        assert_eq!(number("会议.mp4"), None);
    }
}
