//! Stretches of pictures that have something in common.

use super::{FROZEN_LISTED_MAX, FROZEN_MIN_S, Frozen};
use crate::measurements::Span;

/// Spans held while a recording runs; beyond it the shortest half goes.
const SPANS_HELD_MAX: usize = 2000;
/// Spans listed in the end.
const SPANS_LISTED_MAX: usize = 100;
/// Mean difference in grey levels up to which a picture stands still: the
/// −60 dB of freezedetect, of 255 levels.
const STILL_DIFFERENCE: f64 = 0.255;
/// Mean difference up to which a key picture may refresh a picture that stands
/// still: encoders change something when they code the same picture anew.
/// Named guess: no measurements were made for it.
const REFRESH_DIFFERENCE: f64 = 2.0;
/// Distances between repeated pictures that can be a cadence.
const CADENCE_MAX: usize = 32;
/// Share of the distances that must agree (research/forensics.md 2b knows
/// periods of 2, 3 and 5).
const CADENCE_SHARE: f64 = 0.8;
/// Distances from which a cadence can be told.
const CADENCE_DISTANCES_MIN: u64 = 5;

/// A stretch in which something holds without a break.
#[derive(Debug, Default)]
pub(super) struct Run {
    since_s: Option<f64>,
    spans: Vec<Span>,
}

impl Run {
    /// True if it starts to hold with this picture.
    pub(super) fn see(&mut self, at_s: f64, holds: bool) -> bool {
        match (self.since_s, holds) {
            (None, true) => {
                self.since_s = Some(at_s);
                return true;
            }
            (Some(start_s), false) => {
                push(&mut self.spans, start_s, at_s);
                self.since_s = None;
            }
            _ => {}
        }
        false
    }

    pub(super) fn finish(mut self, end_s: f64) -> Vec<Span> {
        if let Some(start_s) = self.since_s {
            push(&mut self.spans, start_s, end_s);
        }
        self.spans
    }
}

fn push(spans: &mut Vec<Span>, start_s: f64, end_s: f64) {
    spans.push(Span {
        start_s,
        end_s: end_s.max(start_s),
    });
    if spans.len() > SPANS_HELD_MAX {
        keep_longest(spans, SPANS_HELD_MAX / 2);
    }
}

fn keep_longest(spans: &mut Vec<Span>, count: usize) {
    spans.sort_by(|a, b| b.duration_s().total_cmp(&a.duration_s()));
    spans.truncate(count);
    spans.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
}

/// The longest spans of at least `min_s`, in order of time.
pub(super) fn longest_spans(mut spans: Vec<Span>, min_s: f64) -> Vec<Span> {
    spans.retain(|span| span.duration_s() >= min_s);
    keep_longest(&mut spans, SPANS_LISTED_MAX);
    spans
}

/// Finds the stretches in which the picture stands still.
#[derive(Debug, Default)]
pub(super) struct Stillness {
    current: Option<Frozen>,
    told: bool,
    /// Sum and count of the differences in the current run, refreshes apart.
    differences: (f64, u64),
    found: Vec<Frozen>,
    repeated: u64,
}

impl Stillness {
    /// True if the picture now stands still for half a second.
    pub(super) fn see(&mut self, before_s: f64, at_s: f64, difference: f64, key: bool) -> bool {
        let refreshed = key && self.current.is_some() && difference <= REFRESH_DIFFERENCE;
        if difference > STILL_DIFFERENCE && !refreshed {
            self.end(at_s, Some(difference));
            return false;
        }
        if self.current.is_none() {
            self.differences = (0.0, 0);
        }
        if !key {
            self.differences.0 += difference;
            self.differences.1 += 1;
        }
        let run = self.current.get_or_insert(Frozen {
            span: Span {
                start_s: before_s,
                end_s: at_s,
            },
            ..Frozen::default()
        });
        run.pictures += 1;
        run.equal_pictures += u64::from(difference == 0.0);
        run.span.end_s = run.span.end_s.max(at_s);
        let is_long = run.span.duration_s() >= FROZEN_MIN_S;
        is_long && !std::mem::replace(&mut self.told, is_long)
    }

    /// The picture cannot be compared with the one before.
    pub(super) fn interrupt(&mut self, at_s: f64) {
        self.end(at_s, None);
    }

    fn end(&mut self, at_s: f64, exit_difference: Option<f64>) {
        self.told = false;
        let Some(mut run) = self.current.take() else {
            return;
        };
        run.span.end_s = at_s.max(run.span.end_s);
        run.exit_difference = exit_difference;
        let (sum, count) = self.differences;
        run.difference_mean = sum / count.max(1) as f64;
        if run.span.duration_s() < FROZEN_MIN_S {
            self.repeated += run.equal_pictures;
            return;
        }
        self.found.push(run);
        if self.found.len() > SPANS_HELD_MAX {
            keep_longest_frozen(&mut self.found, SPANS_HELD_MAX / 2);
        }
    }

    /// The stretches, and how many repeated pictures lie outside them.
    pub(super) fn finish(mut self, end_s: f64) -> (Vec<Frozen>, u64) {
        self.end(end_s, None);
        keep_longest_frozen(&mut self.found, FROZEN_LISTED_MAX);
        (self.found, self.repeated)
    }
}

fn keep_longest_frozen(found: &mut Vec<Frozen>, count: usize) {
    found.sort_by(|a, b| b.span.duration_s().total_cmp(&a.span.duration_s()));
    found.truncate(count);
    found.sort_by(|a, b| a.span.start_s.total_cmp(&b.span.start_s));
}

/// Finds an even distance between repeated pictures.
#[derive(Debug, Default)]
pub(super) struct Cadence {
    last: Option<u64>,
    distances: [u64; CADENCE_MAX],
    total: u64,
}

impl Cadence {
    pub(super) fn see(&mut self, picture: u64, is_repeated: bool) {
        if !is_repeated {
            return;
        }
        if let Some(last) = self.last.replace(picture) {
            self.total += 1;
            let distance = usize::try_from(picture - last).unwrap_or(usize::MAX);
            if let Some(count) = self.distances.get_mut(distance) {
                *count += 1;
            }
        }
    }

    /// The distance, if it is even; one right after the other is a freeze.
    pub(super) fn distance(&self) -> Option<u32> {
        let (distance, count) = (0u32..)
            .zip(self.distances)
            .skip(2)
            .max_by_key(|(_, count)| *count)?;
        let is_even = count as f64 >= CADENCE_SHARE * self.total as f64;
        (is_even && self.total >= CADENCE_DISTANCES_MIN).then_some(distance)
    }
}
