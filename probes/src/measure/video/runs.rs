//! Stretches of pictures that have something in common.

use crate::measurements::Span;

/// Spans held while a recording runs; beyond it the shortest half goes.
pub(super) const SPANS_HELD_MAX: usize = 2000;
/// Spans listed in the end.
const SPANS_LISTED_MAX: usize = 100;
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
