//! The steps between times in order: median, outliers, runs.

use super::{LISTED_MAX, Squeeze, Step};
use crate::measure::histogram::Histogram;
use crate::measurements::Span;

/// Steps seen before any is called out of line.
const WARM_UP: usize = 64;
/// Outliers held until the final median is known.
const HELD_MAX: usize = 20_000;
/// Bounds of an ordinary step in medians (research/forensics.md 2c).
const JITTER: (f64, f64) = (0.6, 1.5);
/// Up to here a long step is a dropped picture and not a stop: a quarter of a
/// second or so many medians (research/forensics.md 2c).
const DROPPED_MAX: (f64, f64) = (0.25, 8.0);
/// A squeezed step in medians (research/forensics.md 2c).
const SQUEEZED: f64 = 0.1;
/// Squeezed steps in a row that are listed (research/forensics.md 2c).
const SQUEEZED_MIN: u32 = 3;
/// Shortest stretch at a slower rate (research/forensics.md 2c).
const SLOW_MIN_S: f64 = 1.0;
/// The start in which phones settle (research/forensics.md 2c).
const SETTLING_S: f64 = 0.5;
/// How often the running median is computed again.
const MEDIAN_EVERY: u64 = 256;

#[derive(Debug)]
pub(super) struct Steps {
    tick_s: f64,
    last: Option<i64>,
    histogram: Histogram,
    median: Option<i64>,
    early: Vec<(i64, i64)>,
    held: Vec<(i64, i64)>,
    held_lost: u64,
    run: Option<(i64, u32)>,
    squeezes: Vec<(i64, u32)>,
    last_time: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) median_s: Option<f64>,
    pub(super) min_s: Option<f64>,
    pub(super) max_s: Option<f64>,
    pub(super) last_s: Option<f64>,
    pub(super) irregular: u64,
    pub(super) listed: Vec<Step>,
    pub(super) missing: u64,
    pub(super) missing_worst_10_s: u64,
    pub(super) slow: Vec<Span>,
    pub(super) squeezes: Vec<Squeeze>,
}

impl Steps {
    pub(super) fn new(tick_s: f64) -> Self {
        Self {
            tick_s,
            last: None,
            histogram: Histogram::default(),
            median: None,
            early: Vec::new(),
            held: Vec::new(),
            held_lost: 0,
            run: None,
            squeezes: Vec::new(),
            last_time: None,
        }
    }

    /// Forgets the last time: the next one starts a new count.
    pub(super) fn start_anew(&mut self) {
        self.last = None;
    }

    pub(super) fn add(&mut self, time: i64) {
        self.last_time = Some(self.last_time.map_or(time, |t| t.max(time)));
        let Some(last) = self.last.replace(time) else {
            return;
        };
        let step = time.saturating_sub(last);
        self.histogram.add(step);
        if self.histogram.total() <= WARM_UP as u64 {
            self.early.push((last, step));
            return;
        }
        self.settle_early();
        if self.histogram.total().is_multiple_of(MEDIAN_EVERY) {
            self.median = self.histogram.median();
        }
        self.hold(last, step);
    }

    fn settle_early(&mut self) {
        if self.median.is_none() {
            self.median = self.histogram.median();
        }
        for (at, step) in std::mem::take(&mut self.early) {
            self.hold(at, step);
        }
    }

    fn hold(&mut self, at: i64, step: i64) {
        let median = self.median.unwrap_or(1).max(1) as f64;
        let ratio = step as f64 / median;
        if step <= 1 && median > 1.0 || ratio <= SQUEEZED {
            let (_, count) = self.run.get_or_insert((at, 0));
            *count = count.saturating_add(1);
        } else {
            self.end_run();
        }
        if ratio < JITTER.0 || ratio > JITTER.1 {
            if self.held.len() < HELD_MAX {
                self.held.push((at, step));
            } else {
                self.held_lost += 1;
            }
        }
    }

    fn end_run(&mut self) {
        if let Some((at, count)) = self.run.take()
            && count >= SQUEEZED_MIN
            && self.squeezes.len() < LISTED_MAX
        {
            self.squeezes.push((at, count));
        }
    }

    pub(super) fn finish(mut self, origin_s: f64) -> Found {
        self.settle_early();
        self.end_run();
        let tick_s = self.tick_s;
        let seconds = |ticks: i64| ticks as f64 * tick_s;
        let mut found = Found {
            median_s: self.histogram.median().map(seconds),
            min_s: self.histogram.min().map(seconds),
            max_s: self.histogram.max().map(seconds),
            last_s: self.last_time.map(|t| seconds(t) - origin_s),
            squeezes: self
                .squeezes
                .iter()
                .map(|(at, steps)| Squeeze {
                    at_s: seconds(*at) - origin_s,
                    steps: *steps,
                })
                .collect(),
            ..Found::default()
        };
        let Some(median_s) = found.median_s.filter(|m| *m > 0.0) else {
            return found;
        };
        let steps: Vec<Step> = self
            .held
            .iter()
            .map(|(at, step)| Step {
                at_s: seconds(*at) - origin_s,
                step_s: seconds(*step),
            })
            .filter(|s| s.step_s < JITTER.0 * median_s || s.step_s > JITTER.1 * median_s)
            .collect();
        found.irregular = steps.len() as u64 + self.held_lost;
        let dropped_max_s = DROPPED_MAX.0.max(DROPPED_MAX.1 * median_s);
        let dropped: Vec<Step> = steps
            .iter()
            .copied()
            .filter(|s| s.step_s > JITTER.1 * median_s && s.step_s <= dropped_max_s)
            .collect();
        found.slow = slow_spans(&dropped, median_s);
        count_missing(&mut found, &dropped, median_s);
        found.listed = longest(steps);
        found
    }
}

/// Runs of equally long steps, one right after the other.
fn slow_spans(dropped: &[Step], median_s: f64) -> Vec<Span> {
    let tolerance_s = 0.3 * median_s;
    let mut spans: Vec<Span> = Vec::new();
    let mut run: Option<(Span, f64)> = None;
    for step in dropped {
        let end_s = step.at_s + step.step_s;
        match &mut run {
            Some((span, step_s))
                if (step.at_s - span.end_s).abs() < tolerance_s
                    && (step.step_s - *step_s).abs() < tolerance_s =>
            {
                span.end_s = end_s;
            }
            _ => {
                spans.extend(run.map(|(span, _)| span));
                run = Some((
                    Span {
                        start_s: step.at_s,
                        end_s,
                    },
                    step.step_s,
                ));
            }
        }
    }
    spans.extend(run.map(|(span, _)| span));
    spans.retain(|span| span.duration_s() >= SLOW_MIN_S);
    spans.truncate(LISTED_MAX);
    spans
}

fn count_missing(found: &mut Found, dropped: &[Step], median_s: f64) {
    let counted: Vec<&Step> = dropped
        .iter()
        .filter(|s| s.at_s >= SETTLING_S)
        .filter(|s| {
            !found
                .slow
                .iter()
                .any(|w| w.start_s <= s.at_s && s.at_s < w.end_s)
        })
        .collect();
    found.missing = counted
        .iter()
        .map(|s| (s.step_s / median_s).round() as u64)
        .map(|pictures| pictures.saturating_sub(1))
        .sum();
    let mut from = 0;
    for (to, step) in counted.iter().enumerate() {
        while counted
            .get(from)
            .is_some_and(|first| step.at_s - first.at_s > 10.0)
        {
            from += 1;
        }
        found.missing_worst_10_s = found.missing_worst_10_s.max((to + 1 - from) as u64);
    }
}

fn longest(mut steps: Vec<Step>) -> Vec<Step> {
    steps.sort_by(|a, b| b.step_s.total_cmp(&a.step_s));
    steps.truncate(LISTED_MAX);
    steps.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(times: impl IntoIterator<Item = i64>) -> Found {
        let mut steps = Steps::new(0.001);
        times.into_iter().for_each(|t| steps.add(t));
        steps.finish(0.0)
    }

    #[test]
    fn single_lost_pictures_are_counted_by_how_many_fit() {
        // pictures 50, 100 and 101 of 300 are gone
        let f = found(
            (0..300)
                .filter(|n| ![50, 100, 101].contains(n))
                .map(|n| n * 40),
        );
        assert_eq!((f.irregular, f.missing, f.missing_worst_10_s), (2, 3, 2));
        assert!(f.slow.is_empty());
    }

    #[test]
    fn the_first_half_second_does_not_count() {
        let f = found((0..300).filter(|n| *n != 3).map(|n| n * 40));
        assert_eq!((f.irregular, f.missing), (1, 0));
    }

    #[test]
    fn a_lower_rate_for_a_while_is_no_loss() {
        let slow = (0..20).map(|n| 4000 + n * 80);
        let f = found(
            (0..100)
                .map(|n| n * 40)
                .chain(slow)
                .chain((0..100).map(|n| 5600 + n * 40)),
        );
        assert_eq!(f.missing, 0);
        assert_eq!(f.slow.len(), 1);
        assert!((f.slow[0].duration_s() - 1.6).abs() < 0.1, "{:?}", f.slow);
    }

    #[test]
    fn three_pushed_together_are_told_two_are_not() {
        let at = |n: i64, squeezed: i64| n * 40 - (n - 100).clamp(0, squeezed) * 39;
        assert_eq!(found((0..200).map(|n| at(n, 3))).squeezes.len(), 1);
        assert_eq!(found((0..200).map(|n| at(n, 2))).squeezes.len(), 0);
    }
}
