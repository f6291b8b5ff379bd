//! Keeps what a container counts by itself, and where it does not add up.

use crate::measurements::{Counter, CounterBreak, TimeJump};

/// Breaks of one counter and jumps of one file that are kept.
const KEPT_MAX: usize = 100;

/// A counter that has counted nothing yet.
pub(super) fn counter(name: &str, part: Option<u32>) -> Counter {
    Counter {
        name: name.to_owned(),
        part,
        ..Counter::default()
    }
}

/// Notes a break, or that there was one more.
pub(super) fn note_break(counter: &mut Counter, found: CounterBreak) {
    if counter.breaks.len() < KEPT_MAX {
        counter.breaks.push(found);
    } else {
        counter.breaks_left_out = counter.breaks_left_out.saturating_add(1);
    }
}

/// Notes a jump of the clock while there is room.
pub(super) fn note_jump(jumps: &mut Vec<TimeJump>, jump: TimeJump) {
    if jumps.len() < KEPT_MAX {
        jumps.push(jump);
    }
}
