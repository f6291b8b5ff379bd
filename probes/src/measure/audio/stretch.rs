//! Stretches of time, the longest kept.

use crate::measurements::Span;

/// Stretches held; beyond it the shortest half goes.
const HELD_MAX: usize = 2000;
/// Stretches listed.
const LISTED_MAX: usize = 100;

/// Stretches in which something holds without a break.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    min_s: f64,
    since_s: Option<f64>,
    spans: Vec<Span>,
    total_s: f64,
}

impl Stretch {
    /// Shorter ones are not held.
    pub(super) fn of_at_least(min_s: f64) -> Self {
        Self {
            min_s,
            ..Self::default()
        }
    }

    /// What holds from `at_s` on.
    pub(super) fn see(&mut self, at_s: f64, holds: bool) {
        if holds {
            self.since_s.get_or_insert(at_s);
        } else if let Some(start_s) = self.since_s.take() {
            self.end(start_s, at_s);
        }
    }

    fn end(&mut self, start_s: f64, end_s: f64) {
        let span = Span {
            start_s,
            end_s: end_s.max(start_s),
        };
        if span.duration_s() < self.min_s {
            return;
        }
        self.total_s += span.duration_s();
        self.spans.push(span);
        if self.spans.len() > HELD_MAX {
            self.keep_longest(HELD_MAX / 2);
        }
    }

    fn keep_longest(&mut self, count: usize) {
        self.spans
            .sort_by(|a, b| b.duration_s().total_cmp(&a.duration_s()));
        self.spans.truncate(count);
        self.spans.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    }

    /// The longest, in order, and the length of all.
    pub(super) fn finish(mut self, end_s: f64) -> (Vec<Span>, f64) {
        if let Some(start_s) = self.since_s.take() {
            self.end(start_s, end_s);
        }
        self.keep_longest(LISTED_MAX);
        (self.spans, self.total_s)
    }
}
