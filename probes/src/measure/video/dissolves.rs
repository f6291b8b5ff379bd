//! Dissolves: one view fades into another.
//!
//! No camera does so, and no single step shows it: from picture to picture
//! little changes. But every picture on the way is a mixture of the one before
//! and the one after, with ever more of the later, and nothing else that turns
//! one view into another is: in a pan, behind something that passes or while
//! focus is sought, the picture halfway is no mixture of the ends.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::motion::Small;
use crate::measurements::Span;

/// Common shift over a whole dissolve up to which it counts, in shares of the
/// diagonal: where stripes pass by, halfway through a pan is a mixture too.
const MOVED_MAX: f64 = 0.06;
/// From the middle to either end that is tried, in seconds: halves of dissolves
/// of a third of a second to one.
const HALVES_S: [f64; 3] = [0.17, 0.27, 0.45];
/// Reduction of the small pictures in which mixtures are sought.
const COARSE: usize = 4;
/// Pictures held, no closer than [`HELD_STEP_S`] to each other.
const HELD_MAX: usize = 40;
const HELD_STEP_S: f64 = 0.024;
/// A picture farther than this from where one is wanted does not stand for it.
const NEAREST_S: f64 = 0.1;
/// Held pictures between the middle and either end, at least.
const BETWEEN_MIN: usize = 2;
/// Deviation that a picture must have to be told from others, in grey levels.
const DEVIATION_MIN_LEVELS: f32 = 5.0;
/// Both ends are different views if they are no more alike than this.
const LIKENESS_MAX: f32 = 0.4;
/// Of either end the middle holds at least so much …
const PART_MIN: f32 = 0.25;
/// … and of both together all, within this.
const WHOLE_OFF_MAX: f32 = 0.15;
/// What a mixture leaves of the fainter end's variance, in the middle and on
/// the way.
const LEFT_MAX: f32 = 0.1;
const LEFT_ON_WAY_MAX: f32 = 0.15;
/// The later view's part grows by no more than this from picture to picture, and
/// does not fall by more than that.
const GROWTH_MAX: f32 = 0.45;
const FALL_MAX: f32 = 0.08;
/// Mixtures so near each other belong to one dissolve.
const SAME_S: f64 = 0.6;
/// Dissolves that are listed.
const LISTED_MAX: usize = 50;

/// One view that fades into another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dissolve {
    /// Where both views are there alike.
    pub at_s: f64,
    /// From the last picture of the one view that was looked at to the first of
    /// the other.
    pub span: Span,
    /// What a mixture of both leaves of the picture between, over the variance of
    /// the fainter of them: 0 if it is nothing else.
    pub left: f32,
    /// Correlation of the two views: near 0 if they have nothing in common.
    pub likeness: f32,
    /// Change of the mean brightness, in grey levels.
    pub brightness_levels: f32,
    /// Detail of the later view over that of the earlier.
    pub detail_ratio: f32,
}

/// A picture that may be an end or on the way.
#[derive(Clone, Debug, Default)]
struct Held {
    at_s: f64,
    view: Small,
    coarse: Small,
    /// How far the view has moved since the first picture, there and back added up.
    moved: f64,
}

/// A dissolve with the views on both sides.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) dissolve: Dissolve,
    pub(super) before: Small,
    pub(super) after: Small,
}

/// Looks at every picture in turn.
#[derive(Debug, Default)]
pub(super) struct Dissolves {
    held: VecDeque<Held>,
    moved: f64,
    best: Option<Ended>,
    listed: Vec<Dissolve>,
}

impl Dissolves {
    /// The next picture, shifted by `shift` from the one before in shares of the
    /// diagonal; answers with a dissolve once it is sure to be over.
    pub(super) fn see(&mut self, view: &Small, at_s: f64, shift: f32) -> Option<Ended> {
        self.moved += f64::from(shift);
        let is_close = |last: &Held| (0.0..HELD_STEP_S).contains(&(at_s - last.at_s));
        if self.held.back().is_some_and(is_close) {
            return None;
        }
        let mut next = if self.held.len() >= HELD_MAX {
            self.held.pop_front().unwrap_or_default()
        } else {
            Held::default()
        };
        (next.at_s, next.moved) = (at_s, self.moved);
        next.view.clone_from(view);
        next.coarse.reduce_from(&view.data, view.width_px, COARSE);
        self.held.push_back(next);
        for half_s in HALVES_S {
            if let Some(found) = self.ends_here(half_s)
                && self
                    .best
                    .as_ref()
                    .is_none_or(|best| found.left < best.dissolve.left)
                && let Some(ended) = self.with_views(found)
            {
                self.best = Some(ended);
            }
        }
        let is_over = |best: &Ended| at_s - best.dissolve.at_s > SAME_S;
        if self.best.as_ref().is_some_and(is_over) {
            self.end()
        } else {
            None
        }
    }

    /// The dissolve that was still going on, if any.
    pub(super) fn end(&mut self) -> Option<Ended> {
        let ended = self.best.take()?;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(ended.dissolve);
        }
        Some(ended)
    }

    /// All of them, in order of time.
    pub(super) fn finish(self) -> Vec<Dissolve> {
        self.listed
    }

    /// The number of the held picture nearest to an instant.
    fn nearest(&self, at_s: f64) -> Option<usize> {
        let off = |held: &Held| (held.at_s - at_s).abs();
        let (place, held) = self
            .held
            .iter()
            .enumerate()
            .min_by(|a, b| off(a.1).total_cmp(&off(b.1)))?;
        (off(held) < NEAREST_S).then_some(place)
    }

    /// A dissolve of twice `half_s` that ends at the newest picture.
    fn ends_here(&self, half_s: f64) -> Option<Dissolve> {
        let last = self.held.len().checked_sub(1)?;
        let end_s = self.held.back()?.at_s;
        let middle = self.nearest(end_s - half_s)?;
        let first = self.nearest(end_s - 2.0 * half_s)?;
        if middle.checked_sub(first)? < BETWEEN_MIN || last - middle < BETWEEN_MIN {
            return None;
        }
        let (a, b) = (self.held.get(first)?, self.held.get(last)?);
        if b.moved - a.moved > MOVED_MAX {
            return None;
        }
        let ends = Ends::of(&a.coarse, &b.coarse)?;
        let halfway = ends.mixture(&self.held.get(middle)?.coarse)?;
        let is_half = halfway.left <= LEFT_MAX
            && halfway.earlier.min(halfway.later) >= PART_MIN
            && (halfway.earlier + halfway.later - 1.0).abs() <= WHOLE_OFF_MAX;
        if !is_half {
            return None;
        }
        let mut part = 0.0;
        for between in self.held.range(first + 1..last) {
            let mixed = ends.mixture(&between.coarse)?;
            let growth = mixed.later - part;
            if mixed.left > LEFT_ON_WAY_MAX || !(-FALL_MAX..=GROWTH_MAX).contains(&growth) {
                return None;
            }
            part = mixed.later;
        }
        let detail = |view: &Small| view.detail_levels() as f32;
        Some(Dissolve {
            at_s: self.held.get(middle)?.at_s,
            span: Span {
                start_s: a.at_s,
                end_s,
            },
            left: halfway.left,
            likeness: ends.likeness,
            brightness_levels: (b.view.mean() - a.view.mean()) as f32,
            detail_ratio: detail(&b.view) / detail(&a.view).max(f32::EPSILON),
        })
    }

    fn with_views(&self, dissolve: Dissolve) -> Option<Ended> {
        let view = |at_s: f64| {
            let held = self.held.iter().find(|held| held.at_s == at_s)?;
            Some(held.view.clone())
        };
        Some(Ended {
            before: view(dissolve.span.start_s)?,
            after: view(dissolve.span.end_s)?,
            dissolve,
        })
    }
}

/// Two views that may be mixed, with their sums.
struct Ends<'a> {
    a: &'a Small,
    b: &'a Small,
    mean_a: f32,
    mean_b: f32,
    aa: f32,
    bb: f32,
    ab: f32,
    likeness: f32,
}

/// How much of either a picture holds, and what is left.
struct Mixture {
    earlier: f32,
    later: f32,
    left: f32,
}

impl<'a> Ends<'a> {
    /// `None` if one of them is plain or both are alike.
    fn of(a: &'a Small, b: &'a Small) -> Option<Self> {
        let (mean_a, mean_b) = (a.mean() as f32, b.mean() as f32);
        let aa = product(a, mean_a, a, mean_a)?;
        let bb = product(b, mean_b, b, mean_b)?;
        let ab = product(a, mean_a, b, mean_b)?;
        if aa.min(bb) < DEVIATION_MIN_LEVELS * DEVIATION_MIN_LEVELS {
            return None;
        }
        let likeness = ab / (aa * bb).sqrt();
        (likeness.abs() <= LIKENESS_MAX).then_some(Self {
            a,
            b,
            mean_a,
            mean_b,
            aa,
            bb,
            ab,
            likeness,
        })
    }

    /// The mixture of both that is nearest to `m` by least squares.
    fn mixture(&self, m: &Small) -> Option<Mixture> {
        let mean = m.mean() as f32;
        let am = product(self.a, self.mean_a, m, mean)?;
        let bm = product(self.b, self.mean_b, m, mean)?;
        let mm = product(m, mean, m, mean)?;
        // The ends are not alike, so this is far from 0.
        let common = self.aa * self.bb - self.ab * self.ab;
        let earlier = (am * self.bb - bm * self.ab) / common;
        let later = (bm * self.aa - am * self.ab) / common;
        let left = (mm - earlier * am - later * bm).max(0.0) / self.aa.min(self.bb);
        Some(Mixture {
            earlier,
            later,
            left,
        })
    }
}

/// Mean product of the deviations of two pictures from these means; `None` if
/// their sizes differ or they are empty.
fn product(a: &Small, mean_a: f32, b: &Small, mean_b: f32) -> Option<f32> {
    if (a.width_px, a.data.len()) != (b.width_px, b.data.len()) || a.data.is_empty() {
        return None;
    }
    // In whole numbers it is exact and quick: of 2^16 pixels at most.
    let pixels = a.data.iter().zip(&b.data);
    let sum: u64 = pixels
        .map(|(a, b)| u64::from(u16::from(*a) * u16::from(*b)))
        .sum();
    Some(sum as f32 / a.data.len() as f32 - mean_a * mean_b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::{scatter, stones};

    const WIDTH_PX: usize = 160;
    const HEIGHT_PX: usize = 90;
    const SCENE_PX: usize = 700;

    /// Fifty pictures at 25 a second: `shown` says which places of the scene each
    /// shows, and how much of the second.
    fn look(shown: impl Fn(f32) -> (usize, usize, f32)) -> Vec<Dissolve> {
        look_moved(0.0, shown)
    }

    /// The same with a common shift from picture to picture.
    fn look_moved(shift: f32, shown: impl Fn(f32) -> (usize, usize, f32)) -> Vec<Dissolve> {
        let scene = stones(SCENE_PX as u32, HEIGHT_PX as u32);
        let mut dissolves = Dissolves::default();
        for n in 0..50 {
            let (first, second, part) = shown(n as f32);
            let mut view = Small {
                width_px: WIDTH_PX,
                height_px: HEIGHT_PX,
                ..Small::default()
            };
            for row in 0..HEIGHT_PX {
                for column in 0..WIDTH_PX {
                    let at = |x: usize| f32::from(scene.data[row * SCENE_PX + x + column]);
                    let noise = scatter(column as i32, row as i32, n) * 4.0 - 2.0;
                    let mixed = at(first) * (1.0 - part) + at(second) * part;
                    view.data.push((mixed + noise).clamp(0.0, 255.0) as u8);
                }
            }
            dissolves.see(&view, f64::from(n) * 0.04, shift);
        }
        dissolves.end();
        dissolves.finish()
    }

    #[test]
    fn a_view_that_fades_into_another_is_a_dissolve() {
        // From the 20th picture to the 30th, the camera moving on all the while.
        let found = look(|n| (n as usize / 8, 400, ((n - 20.0) / 10.0).clamp(0.0, 1.0)));
        let [dissolve] = found.as_slice() else {
            panic!("one dissolve: {found:?}");
        };
        assert!((dissolve.at_s - 1.0).abs() <= 0.1, "{dissolve:?}");
        assert!(dissolve.left < 0.05, "{dissolve:?}");
        assert!(
            dissolve.span.start_s < 0.9 && dissolve.span.end_s > 1.1,
            "{dissolve:?}"
        );
    }

    #[test]
    fn while_the_camera_turns_nothing_is_said() {
        let fade = |n: f32| (0, 400, ((n - 20.0) / 10.0).clamp(0.0, 1.0));
        assert_eq!(look_moved(0.002, fade).len(), 1);
        assert!(look_moved(0.011, fade).is_empty());
    }

    #[test]
    fn a_pan_a_cut_and_a_still_view_are_none() {
        for (what, found) in [
            (
                "pan",
                look(|n| (((n - 20.0).clamp(0.0, 10.0) * 40.0) as usize, 0, 0.0)),
            ),
            ("cut", look(|n| (if n < 25.0 { 0 } else { 400 }, 0, 0.0))),
            ("still", look(|_| (0, 0, 0.0))),
            // One mixed picture at a cut: the rate was converted.
            (
                "blended cut",
                look(|n| (0, 400, (n - 24.5).clamp(0.0, 1.0))),
            ),
        ] {
            assert!(found.is_empty(), "{what}: {found:?}");
        }
    }

    #[test]
    fn plain_and_small_pictures_are_left_alone() {
        let mut dissolves = Dissolves::default();
        for n in 0..40u8 {
            let plain = Small {
                data: vec![n * 5; 64],
                width_px: 8,
                height_px: 8,
            };
            assert!(dissolves.see(&plain, f64::from(n) * 0.04, 0.0).is_none());
            assert!(dissolves.see(&Small::default(), f64::NAN, 0.0).is_none());
        }
        assert!(dissolves.finish().is_empty());
    }
}
