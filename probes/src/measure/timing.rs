//! Packet timestamps of one track: the steps from one to the next, and every
//! step that is out of line. Which of them are a fault is for the checks to
//! say (research/forensics.md 2c).

mod steps;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::histogram::Histogram;
use crate::measurements::{Span, Track};
use crate::media::Packet;

use steps::Steps;

/// Pictures that may be stored out of order: the most that H.264 and HEVC
/// allow is 16, twice that is kept.
const REORDER_MAX: usize = 32;
/// Changes, jumps back and holes that are listed.
const LISTED_MAX: usize = 200;
/// Packets that may still bring the first parameters: FLV and streams do.
const PARAMETERS_AT_START: u64 = 2;
/// A hole in the sound is listed from this length on: half a packet of AAC at
/// 48 kHz; below it are the rounded milliseconds of Matroska.
const HOLE_MIN_S: f64 = 0.011;

/// Packet timestamps of one track. Times are seconds from the recording's
/// first picture, or first sound if there is no picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Timing {
    /// Index of the track.
    pub track: u32,
    /// `video`, `audio`, `data` …
    pub medium: String,
    /// Packets of the track.
    pub packets: u64,
    /// Packets that the container's index lists, where it has one that is
    /// exact (ISO-BMFF pictures).
    pub stated_packets: Option<u64>,
    /// Packets without any time.
    pub timeless_packets: u64,
    /// Packets that the container itself calls damaged.
    pub corrupt_packets: u64,
    /// Packets that are decoded and not shown.
    pub hidden_packets: u64,
    /// First time, on the container's own clock and not from the first picture.
    pub container_start_s: Option<f64>,
    /// First time.
    pub start_s: Option<f64>,
    /// End of the last packet.
    pub end_s: Option<f64>,
    /// Duration that the track states.
    pub stated_s: Option<f64>,
    /// Median step.
    pub step_median_s: Option<f64>,
    /// Shortest step; negative if times went back.
    pub step_min_s: Option<f64>,
    /// Longest step.
    pub step_max_s: Option<f64>,
    /// Steps outside 0.6 to 1.5 times the median (pictures only).
    pub irregular_steps: u64,
    /// The longest of the irregular steps, at most 200, in order of time.
    pub steps: Vec<Step>,
    /// Pictures that fit into steps of 1.5 to 8 medians and are not there;
    /// without the first half second, in which phones settle, and without
    /// `slow_spans`.
    pub missing_pictures: u64,
    /// Most such steps in any 10 s.
    pub missing_worst_10_s: u64,
    /// Stretches of at least 1 s at an even slower rate: a camera that lowered
    /// its rate, such as in low light.
    pub slow_spans: Vec<Span>,
    /// Runs of at least three steps of one tick or a tenth of the median, at
    /// most 200: packets pushed together.
    pub squeezes: Vec<Squeeze>,
    /// Instants before which time went back, at most 200.
    pub backwards_s: Vec<f64>,
    /// Sound only: where a packet starts later than the one before ended
    /// (positive) or earlier (negative), at most 200.
    pub holes: Vec<Hole>,
    /// Sound only: decoded samples over the sampling rate.
    pub sample_clock_s: Option<f64>,
    /// Steps from one key picture to the next.
    pub key_steps: KeySteps,
    /// Changes of the coded parameters within the track, at most 200.
    pub changes: Vec<Change>,
}

/// One step that is out of line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The picture before it.
    pub at_s: f64,
    /// From there to the next.
    pub step_s: f64,
}

/// Packets pushed together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Squeeze {
    /// The first of them.
    pub at_s: f64,
    /// How many steps.
    pub steps: u32,
}

/// A hole or an overlap in the sound's times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hole {
    /// End of the sound before it.
    pub at_s: f64,
    /// Length of the hole; negative for an overlap.
    pub length_s: f64,
}

/// Steps from one key picture to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct KeySteps {
    /// How many.
    pub count: u64,
    /// Shortest.
    pub min_s: Option<f64>,
    /// Median.
    pub median_s: Option<f64>,
    /// Longest.
    pub max_s: Option<f64>,
}

/// A change of the coded parameters within a track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// When.
    pub at_s: f64,
    /// What changed: `parameters`, `picture_size`, `sample_rate`, `channels`.
    pub what: String,
    /// The value before, empty if it has no short form.
    pub before: String,
    /// The value after.
    pub after: String,
}

/// Watches the packets of one track.
#[derive(Debug)]
pub struct TimingInstrument {
    tick_s: f64,
    is_video: bool,
    by_dts: bool,
    t: Timing,
    waiting: BinaryHeap<Reverse<i64>>,
    last_dts: Option<i64>,
    first: Option<i64>,
    end: Option<i64>,
    steps: Steps,
    expected: Option<i64>,
    last_key: Option<i64>,
    keys: Histogram,
}

impl TimingInstrument {
    /// For one track with ticks of `tick_s` seconds. `by_dts`: the container
    /// has only one time a packet (AVI), so presentation times are a guess.
    pub fn new(track: &Track, tick_s: f64, by_dts: bool) -> Self {
        Self {
            tick_s,
            is_video: track.medium == "video",
            by_dts,
            t: Timing {
                track: track.index,
                medium: track.medium.clone(),
                stated_s: track.duration_s,
                ..Timing::default()
            },
            waiting: BinaryHeap::new(),
            last_dts: None,
            first: None,
            end: None,
            steps: Steps::new(tick_s),
            expected: None,
            last_key: None,
            keys: Histogram::default(),
        }
    }

    /// Index of the track.
    pub fn track(&self) -> u32 {
        self.t.track
    }

    /// Notes how many packets the container's index lists.
    pub fn stated_packets(&mut self, count: Option<u64>) {
        self.t.stated_packets = count;
    }

    /// True if fewer packets were seen than the index lists.
    pub fn is_short(&self) -> bool {
        self.t
            .stated_packets
            .is_some_and(|stated| self.t.packets < stated)
    }

    /// Looks at the next packet of the track.
    pub fn packet(&mut self, packet: &Packet) {
        self.t.packets += 1;
        self.t.corrupt_packets += u64::from(packet.corrupt);
        self.t.hidden_packets += u64::from(packet.discard);
        let (first, second) = if self.by_dts {
            (packet.dts_ticks, packet.pts_ticks)
        } else {
            (packet.pts_ticks, packet.dts_ticks)
        };
        let Some(time) = first.or(second) else {
            self.t.timeless_packets += 1;
            return;
        };
        // Some containers hand over the parameters with the first packets.
        if packet.new_parameters && self.t.packets > PARAMETERS_AT_START {
            self.change(time as f64 * self.tick_s, "parameters", "", "");
        }
        if let Some(dts) = packet.dts_ticks {
            self.went_back(dts);
        }
        let end = time.saturating_add(packet.duration_ticks);
        self.end = Some(self.end.map_or(end, |e| e.max(end)));
        if self.is_video {
            self.key(time, packet.key);
            self.waiting.push(Reverse(time));
            while self.waiting.len() > REORDER_MAX {
                self.in_order();
            }
        } else {
            self.first = Some(self.first.map_or(time, |f| f.min(time)));
            self.sound(time, packet.duration_ticks);
        }
    }

    /// Records a change of what the track carries, at a time on the
    /// container's clock.
    pub fn change(&mut self, at_s: f64, what: &str, before: &str, after: &str) {
        if self.t.changes.len() < LISTED_MAX {
            self.t.changes.push(Change {
                at_s,
                what: what.to_owned(),
                before: before.to_owned(),
                after: after.to_owned(),
            });
        }
    }

    fn went_back(&mut self, dts: i64) {
        let is_back = self.last_dts.is_some_and(|last| dts < last);
        self.last_dts = Some(dts);
        if is_back {
            if self.t.backwards_s.len() < LISTED_MAX {
                self.t.backwards_s.push(dts as f64 * self.tick_s);
            }
            // What waits belongs to the time before the jump.
            while !self.waiting.is_empty() {
                self.in_order();
            }
            self.steps.start_anew();
            self.expected = None;
            self.last_key = None;
        }
    }

    fn in_order(&mut self) {
        if let Some(Reverse(time)) = self.waiting.pop() {
            self.first = Some(self.first.map_or(time, |f| f.min(time)));
            self.steps.add(time);
        }
    }

    fn key(&mut self, time: i64, is_key: bool) {
        if !is_key {
            return;
        }
        if let Some(last) = self.last_key {
            self.keys.add(time.saturating_sub(last));
        }
        self.last_key = Some(time);
    }

    fn sound(&mut self, time: i64, duration: i64) {
        self.steps.add(time);
        if let Some(expected) = self.expected {
            let length_s = time.saturating_sub(expected) as f64 * self.tick_s;
            if length_s.abs() >= HOLE_MIN_S && self.t.holes.len() < LISTED_MAX {
                self.t.holes.push(Hole {
                    at_s: expected as f64 * self.tick_s,
                    length_s,
                });
            }
        }
        self.expected = (duration > 0).then(|| time.saturating_add(duration));
    }

    /// The track's first time on the container's clock, once all was seen.
    pub fn first_s(&mut self) -> Option<f64> {
        while !self.waiting.is_empty() {
            self.in_order();
        }
        self.first.map(|ticks| ticks as f64 * self.tick_s)
    }

    /// The facts, with times from `origin_s` on the container's clock.
    pub fn finish(mut self, origin_s: f64, sample_clock_s: Option<f64>) -> Timing {
        let first_s = self.first_s();
        let tick_s = self.tick_s;
        let found = self.steps.finish(origin_s);
        let mut t = self.t;
        t.container_start_s = first_s;
        t.start_s = first_s.map(|s| s - origin_s);
        // A last packet without a duration lasts as long as the others.
        let last_s = self.end.map(|ticks| ticks as f64 * tick_s - origin_s);
        t.end_s = match (last_s, found.last_s, found.median_s) {
            (Some(end), Some(last), Some(step)) => Some(end.max(last + step)),
            (end, _, _) => end,
        };
        t.step_median_s = found.median_s;
        t.step_min_s = found.min_s;
        t.step_max_s = found.max_s;
        if self.is_video {
            t.irregular_steps = found.irregular;
            t.steps = found.listed;
            t.missing_pictures = found.missing;
            t.missing_worst_10_s = found.missing_worst_10_s;
            t.slow_spans = found.slow;
        }
        t.squeezes = found.squeezes;
        for at_s in &mut t.backwards_s {
            *at_s -= origin_s;
        }
        for hole in &mut t.holes {
            hole.at_s -= origin_s;
        }
        for change in &mut t.changes {
            change.at_s -= origin_s;
        }
        let seconds = |ticks: Option<i64>| ticks.map(|n| n as f64 * tick_s);
        t.key_steps = KeySteps {
            count: self.keys.total(),
            min_s: seconds(self.keys.min()),
            median_s: seconds(self.keys.median()),
            max_s: seconds(self.keys.max()),
        };
        t.sample_clock_s = sample_clock_s;
        t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(medium: &str) -> Track {
        Track {
            medium: medium.to_owned(),
            ..Track::default()
        }
    }

    fn video(times: impl IntoIterator<Item = i64>) -> Timing {
        let mut instrument = TimingInstrument::new(&track("video"), 0.001, false);
        for (n, pts) in times.into_iter().enumerate() {
            instrument.packet(&Packet {
                pts_ticks: Some(pts),
                dts_ticks: Some(n as i64),
                key: n % 25 == 0,
                ..Packet::default()
            });
        }
        let origin_s = instrument.first_s().unwrap_or(0.0);
        instrument.finish(origin_s, None)
    }

    #[test]
    fn an_even_rate_has_nothing_to_list() {
        let t = video((0..250).map(|n| 5000 + n * 40));
        assert_eq!((t.packets, t.irregular_steps), (250, 0));
        assert_eq!(t.step_median_s, Some(0.04));
        assert_eq!(t.start_s, Some(0.0));
        assert_eq!(t.container_start_s, Some(5.0));
        assert!((t.end_s.unwrap() - 10.0).abs() < 1e-9);
        assert_eq!(t.key_steps.count, 9);
        assert_eq!(t.key_steps.median_s, Some(1.0));
    }

    #[test]
    fn stored_order_does_not_matter() {
        // I P B B, as encoders store it
        let shown = (0..80).flat_map(|n| [0, 3, 1, 2].map(|k| (n * 4 + k) * 40));
        assert_eq!(video(shown).irregular_steps, 0);
    }

    #[test]
    fn a_hole_is_listed_where_it_is() {
        let t = video(
            (0..100)
                .map(|n| n * 40)
                .chain((0..100).map(|n| 9000 + n * 40)),
        );
        assert_eq!(t.irregular_steps, 1);
        assert_eq!(t.steps.len(), 1);
        assert!((t.steps[0].at_s - 3.96).abs() < 1e-9);
        assert!((t.steps[0].step_s - 5.04).abs() < 1e-9);
        assert_eq!(t.missing_pictures, 0);
    }

    #[test]
    fn sound_that_starts_late_leaves_a_hole() {
        let mut instrument = TimingInstrument::new(&track("audio"), 0.001, false);
        for n in 0..100 {
            let late = if n >= 50 { 300 } else { 0 };
            instrument.packet(&Packet {
                pts_ticks: Some(n * 20 + late),
                dts_ticks: Some(n * 20 + late),
                duration_ticks: 20,
                ..Packet::default()
            });
        }
        let t = instrument.finish(0.0, Some(2.0));
        assert_eq!(
            t.holes,
            [Hole {
                at_s: 1.0,
                length_s: 0.3
            }]
        );
        assert!((t.end_s.unwrap() - 2.3).abs() < 1e-9);
    }

    #[test]
    fn a_jump_back_is_told_once_and_makes_no_hole() {
        let mut instrument = TimingInstrument::new(&track("video"), 0.001, false);
        for pts in (0..100)
            .map(|n| 50_000 + n * 40)
            .chain((0..100).map(|n| n * 40))
        {
            instrument.packet(&Packet {
                pts_ticks: Some(pts),
                dts_ticks: Some(pts),
                ..Packet::default()
            });
        }
        let t = instrument.finish(0.0, None);
        assert_eq!(t.backwards_s, [0.0]);
        assert_eq!(t.irregular_steps, 0);
    }

    #[test]
    fn extreme_times_do_no_harm() {
        let t = video([i64::MIN + 1, i64::MAX, 0, i64::MAX, i64::MIN + 1]);
        assert_eq!(t.packets, 5);
    }
}
