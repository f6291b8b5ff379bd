//! Moments at which a picture does not follow from the one before.
//!
//! Every picture is compared with the one before by [`crate::measure::motion`].
//! What is kept are the moments that stand out against their own neighbours,
//! with all that is needed to tell a cut from a whip pan, a flash, a focus jump
//! or an encoder's refresh. Which of them is a cut is the check's opinion.

mod moment;

use std::collections::VecDeque;

use super::dissolves::{Dissolve, Dissolves, Ended};
use super::surprise::{Rests, surprised};
use crate::measure::motion::{Comparer, Motion, Small};
use crate::measurements::Span;

pub use moment::{Moment, Resumed};

/// Pictures on either side that a moment is held against.
const NEIGHBOURS: usize = 12;
/// The nearest of them, in which a whip pan or a refocus goes on.
const NEAR: usize = 3;
/// Pictures after a moment that are compared with the one before it: a flash
/// or something that passed the lens gives the old scene back.
const RETURN_WITHIN: usize = 4;
/// A moment is worth a record if at least this share of the blocks is not
/// foretold …
const RECORD_UNFORETOLD: f32 = 0.01;
/// … and this many times as many as in the pictures before.
const RECORD_TIMES: f32 = 2.0;
/// Or if at least this share of the blocks surprises.
const RECORD_SURPRISED: f32 = 0.02;
/// How far around a moment it is looked how lively the recording is, in seconds.
const LIVELY_WITHIN_S: usize = 10;
/// Seconds of which that is kept: a day and a half.
const LIVELY_MAX_S: usize = 1 << 17;
/// What the first pictures of a poorly coded recording change is not lively.
const LIVELY_FROM_S: f64 = 0.3;
/// A picture is a repeat if less than this share of the usual residual is left.
const HELD_RATIO: f32 = 0.3;
/// Moments kept, those that stand out most.
const MOMENTS_MAX: usize = 200;
/// Pictures coded for themselves that must be there to say what is usual.
const REFRESHES_MIN: usize = 4;
/// Views kept to see whether the recording comes back to one: beyond it the
/// oldest go.
const VIEWS_MAX: usize = 48;
/// A view counts as left behind if at least this share is not foretold.
const VIEW_LEFT_UNFORETOLD: f32 = 0.45;
/// Longest stretch after which the old view is looked for.
const RESUME_WITHIN_S: f64 = 120.0;
/// Stretches listed after which the old view came back.
const RESUMED_MAX: usize = 50;

/// What is known of one step from picture to picture.
#[derive(Debug, Default)]
struct Step {
    at_s: f64,
    step_s: f64,
    key: bool,
    motion: Motion,
    detail_levels: f32,
    returning: Option<f32>,
    relit: Option<f32>,
    rests: Rests,
}

/// An old view, held until the recording has gone on for a while.
#[derive(Debug)]
struct Held {
    /// Number of the step that left it.
    step: u64,
    view: Small,
    /// Pictures still to be compared with it.
    left: usize,
}

/// Looks at every picture in turn.
#[derive(Debug, Default)]
pub(super) struct Shots {
    comparer: Comparer,
    now: Small,
    before: Small,
    last_s: Option<f64>,
    steps: VecDeque<Step>,
    /// Of the step forgotten last, to be used again.
    spare: Rests,
    bar: Vec<u16>,
    /// Number of the newest step.
    count: u64,
    held: Vec<Held>,
    moments: Vec<Moment>,
    views: VecDeque<(f64, Small)>,
    resumed: Vec<Resumed>,
    dissolves: Dissolves,
    /// By second: most that was not found of a picture that does not surprise.
    lively: Vec<f32>,
    /// Of pictures coded for themselves alone: how much of each was not foretold.
    refreshes: Vec<f32>,
}

/// What was found over the whole recording.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) moments: Vec<Moment>,
    pub(super) resumed: Vec<Resumed>,
    pub(super) dissolves: Vec<Dissolve>,
    pub(super) key_unforetold: Option<f32>,
}

impl Shots {
    /// The next picture, `grey` and already small, `width_px` wide.
    pub(super) fn see(&mut self, grey: &[u8], width_px: usize, at_s: f64, key: bool) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.reduce_from(grey, width_px, 2);
        let last_s = self.last_s.replace(at_s);
        let Some(last_s) = last_s else {
            return;
        };
        let Some(motion) = self.comparer.compare(&self.before, &self.now) else {
            return;
        };
        let mut rests = std::mem::take(&mut self.spare);
        rests.take(self.comparer.left());
        let stands_out = self.stands_out(&motion);
        let relit = stands_out.then(|| self.comparer.relit(&self.now)).flatten();
        let shift = motion.shift_x.hypot(motion.shift_y);
        if let Some(ended) = self.dissolves.see(&self.now, at_s, shift) {
            self.dissolved(&ended);
        }
        self.look_back();
        self.count += 1;
        let step = Step {
            at_s,
            step_s: at_s - last_s,
            key,
            motion,
            detail_levels: self.now.detail_levels() as f32,
            returning: None,
            relit,
            rests,
        };
        self.steps.push_back(step);
        if key && self.refreshes.len() < MOMENTS_MAX {
            self.refreshes.push(motion.unforetold);
        }
        if stands_out {
            self.held.push(Held {
                step: self.count,
                view: self.before.clone(),
                left: RETURN_WITHIN,
            });
        }
        // In the middle of a fast pan every picture leaves a view; only the first does
        // so after a calm one.
        let was_calm = self
            .steps
            .iter()
            .nth_back(1)
            .is_none_or(|s| s.motion.unforetold < VIEW_LEFT_UNFORETOLD);
        if motion.unforetold >= VIEW_LEFT_UNFORETOLD && was_calm {
            let (before, now) = (
                std::mem::take(&mut self.before),
                std::mem::take(&mut self.now),
            );
            self.change_of_view(at_s, &before, &now);
            (self.before, self.now) = (before, now);
        }
        if let Some(ready) = self.steps.len().checked_sub(NEIGHBOURS + 1) {
            self.record(ready);
        }
        if self.steps.len() > 2 * NEIGHBOURS
            && let Some(forgotten) = self.steps.pop_front()
        {
            self.spare = forgotten.rests;
        }
    }

    /// Of the last picture: the share of its blocks that is not found in the one
    /// before; `None` if the two could not be compared.
    pub(super) fn latest_unforetold(&self) -> Option<f32> {
        let step = self.steps.back()?;
        (self.last_s == Some(step.at_s)).then_some(step.motion.unforetold)
    }

    /// Compares the picture with the old views that are held: has one come back?
    fn look_back(&mut self) {
        let oldest = self.count + 1 - self.steps.len() as u64;
        for held in &mut self.held {
            let Some(found) = self.comparer.compare(&held.view, &self.now) else {
                continue;
            };
            held.left -= 1;
            let place = held.step.checked_sub(oldest).map(|n| n as usize);
            if let Some(step) = place.and_then(|n| self.steps.get_mut(n)) {
                let least = step
                    .returning
                    .map_or(found.unforetold, |l| l.min(found.unforetold));
                step.returning = Some(least);
            }
        }
        self.held.retain(|held| held.left > 0);
    }

    fn stands_out(&self, motion: &Motion) -> bool {
        let before = median(
            self.steps
                .iter()
                .rev()
                .take(NEIGHBOURS)
                .map(|s| s.motion.unforetold),
        )
        .unwrap_or(0.0);
        motion.unforetold >= RECORD_UNFORETOLD && motion.unforetold > RECORD_TIMES * before
    }

    fn dissolved(&mut self, ended: &Ended) {
        self.change_of_view(ended.dissolve.at_s, &ended.before, &ended.after);
    }

    /// The recording leaves the view `before` and shows `now` from `at_s` on, perhaps
    /// one that it had before.
    fn change_of_view(&mut self, at_s: f64, before: &Small, now: &Small) {
        while self
            .views
            .front()
            .is_some_and(|(left_s, _)| at_s - left_s > RESUME_WITHIN_S)
        {
            self.views.pop_front();
        }
        let back = self.views.iter().filter_map(|(left_s, view)| {
            let found = self.comparer.compare(view, now)?;
            Some((found.unforetold, *left_s))
        });
        let nearest = back.min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((unforetold, left_s)) = nearest
            && unforetold < VIEW_LEFT_UNFORETOLD
            && self.resumed.len() < RESUMED_MAX
        {
            self.resumed.push(Resumed {
                span: Span {
                    start_s: left_s,
                    end_s: at_s,
                },
                unforetold,
            });
        }
        if self.views.len() >= VIEWS_MAX {
            self.views.pop_front();
        }
        self.views.push_back((at_s, before.clone()));
    }

    /// Keeps the step at `place` if it stands out, with its neighbours' words.
    fn record(&mut self, place: usize) {
        let Some(step) = self.steps.get(place) else {
            return;
        };
        let surprise = surprised(
            &step.rests,
            self.steps.iter().take(place).map(|s| &s.rests),
            self.steps.iter().skip(place + 1).map(|s| &s.rests),
            &mut self.bar,
        );
        let surprised = surprise.map(|s| s.share);
        if surprised.is_none_or(|share| share < RECORD_SURPRISED) {
            note_lively(&mut self.lively, step.at_s, step.motion.unforetold);
        }
        let unforetold = |s: &Step| s.motion.unforetold;
        let before = || self.steps.iter().take(place);
        let after = || self.steps.iter().skip(place + 1);
        let near = || {
            let before = before().rev().take(NEAR);
            before.chain(after().take(NEAR))
        };
        let unforetold_before = median(before().map(unforetold)).unwrap_or(0.0);
        let stands_out = step.motion.unforetold >= RECORD_UNFORETOLD
            && step.motion.unforetold > RECORD_TIMES * unforetold_before;
        if !stands_out && surprised.is_none_or(|share| share < RECORD_SURPRISED) {
            return;
        }
        let shift = |s: &Step| s.motion.shift_x.hypot(s.motion.shift_y);
        let all = || before().chain(after());
        let residual_near = median(all().map(|s| s.motion.residual)).unwrap_or(0.0);
        let held = before()
            .rev()
            .take_while(|s| s.motion.residual < HELD_RATIO * residual_near)
            .count();
        let detail = median(before().rev().take(NEAR).map(|s| s.detail_levels)).unwrap_or(0.0);
        self.moments.push(Moment {
            at_s: step.at_s,
            step_s: step.step_s,
            key: step.key,
            unforetold: step.motion.unforetold,
            unforetold_before,
            unforetold_after: median(after().map(unforetold)).unwrap_or(0.0),
            unforetold_near: near().map(unforetold).fold(0.0, f32::max),
            unforetold_returning: step.returning.unwrap_or(step.motion.unforetold),
            relit: step.relit,
            surprised,
            surprised_ninths: surprise.map(|s| s.ninths),
            unforetold_lively: None,
            residual: step.motion.residual,
            residual_near,
            residual_last: before().next_back().map_or(0.0, |s| s.motion.residual),
            held_pictures: Some(held as u32),
            shift: shift(step),
            shift_near: near().map(shift).fold(0.0, f32::max),
            brightness_levels: step.motion.brightness_levels,
            detail_ratio: if detail > 0.0 {
                step.detail_levels / detail
            } else {
                1.0
            },
        });
        if self.moments.len() > 2 * MOMENTS_MAX {
            keep_most(&mut self.moments);
        }
    }

    /// All moments in order of time, and what pictures coded for themselves do.
    pub(super) fn finish(mut self) -> Found {
        // The last pictures have fewer neighbours after them.
        for place in self.steps.len().saturating_sub(NEIGHBOURS)..self.steps.len() {
            self.record(place);
        }
        keep_most(&mut self.moments);
        for moment in &mut self.moments {
            let middle = moment.at_s.max(0.0) as usize;
            let within =
                middle.saturating_sub(LIVELY_WITHIN_S)..=middle.saturating_add(LIVELY_WITHIN_S);
            let seconds = self.lively.iter().enumerate();
            let around = seconds.filter(|(second, _)| within.contains(second));
            moment.unforetold_lively = Some(around.map(|(_, most)| *most).fold(0.0, f32::max));
        }
        if let Some(ended) = self.dissolves.end() {
            self.dissolved(&ended);
        }
        self.resumed
            .sort_by(|a, b| a.span.start_s.total_cmp(&b.span.start_s));
        Found {
            key_unforetold: (self.refreshes.len() >= REFRESHES_MIN)
                .then(|| median(self.refreshes.iter().copied()))
                .flatten(),
            moments: self.moments,
            resumed: self.resumed,
            dissolves: self.dissolves.finish(),
        }
    }
}

fn note_lively(lively: &mut Vec<f32>, at_s: f64, unforetold: f32) {
    if !(LIVELY_FROM_S..LIVELY_MAX_S as f64).contains(&at_s) {
        return;
    }
    let second = at_s as usize;
    if lively.len() <= second {
        lively.resize(second + 1, 0.0);
    }
    if let Some(most) = lively.get_mut(second) {
        *most = most.max(unforetold);
    }
}

fn keep_most(moments: &mut Vec<Moment>) {
    let stands_out = |m: &Moment| {
        let new = m.unforetold - m.unforetold_before.max(m.unforetold_after);
        new.max(m.surprised.unwrap_or(0.0))
    };
    moments.sort_by(|a, b| stands_out(b).total_cmp(&stands_out(a)));
    moments.truncate(MOMENTS_MAX);
    moments.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let (_, median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    Some(*median)
}

#[cfg(test)]
mod tests;
