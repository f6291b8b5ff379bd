//! What was there all the same, in another light: a lamp that comes on changes every
//! level of what it shines on and leaves lines and shapes where they are.

use super::{
    BLOCK_PIXELS, BLOCK_PX, Block, Comparer, Small, UNCOVERED, block, contrast_levels, is_lost,
    is_within,
};
use crate::measure::wide::wide;

/// A block is there in another light if it correlates so well with its place, which
/// gain and offset of light change nothing of …
const RELIT_CORRELATION: f32 = 0.8;
/// … and if both put aside leave no more than this share of what was left before:
/// what only moved a little leaves as much.
const RELIT_LEFT_RATIO: f32 = 0.5;
/// How far from its place such a block is sought, in pixels each way.
const RELIT_REACH_PX: isize = 1;
/// Standard deviation of a block below which there is nothing to correlate, in grey
/// levels.
const RELIT_SPREAD_LEVELS: f32 = 2.0;
/// Blocks that must have something to correlate.
const RELIT_BLOCKS_MIN: u32 = 4;

impl Comparer {
    /// Of the blocks of `now` that the latest comparison did not find: the share that
    /// was there all the same, in another light. A lamp that comes on changes every
    /// level and leaves lines and shapes where they are; after a cut they are
    /// elsewhere. `None` if too few of them have anything to see. Measured: lamps of
    /// instruments and rooms 0.38 to 0.75, cuts within a scene 0.0 to 0.29, but for
    /// pans across a third of the view.
    pub fn relit(&self, now: &Small) -> Option<f32> {
        wide!(self.share_relit(now))
    }

    #[inline(always)]
    fn share_relit(&self, now: &Small) -> Option<f32> {
        let before = &self.before_even;
        let (mut relit, mut count) = (0u32, 0u32);
        for (n, sum) in self.left.iter().enumerate() {
            let at = (n % self.columns * BLOCK_PX, n / self.columns * BLOCK_PX);
            let block = block(now, at);
            let rest = f32::from(*sum) / f32::from(BLOCK_PIXELS);
            if *sum == UNCOVERED || !is_lost(rest, contrast_levels(&block)) {
                continue;
            }
            let Some(shape) = Shape::of(&block) else {
                continue;
            };
            count += 1;
            // The shift may itself be misled by the light.
            let places = [self.shift, (0, 0)];
            let is_there = places.iter().any(|(x, y)| {
                let from = (at.0 as isize - x, at.1 as isize - y);
                is_within(before, from) && shape.is_near(before, from, rest)
            });
            relit += u32::from(is_there);
        }
        (count >= RELIT_BLOCKS_MIN).then(|| relit as f32 / count as f32)
    }
}

/// A block without its mean, and its sum of squares.
struct Shape {
    levels: [[f32; BLOCK_PX]; BLOCK_PX],
    squares: f32,
}

impl Shape {
    /// `None` of a block without contrast.
    #[inline(always)]
    fn of(block: &Block) -> Option<Self> {
        let (mut sum, mut squares) = (0.0_f32, 0.0_f32);
        for level in block.as_flattened() {
            sum += f32::from(*level);
        }
        let mean = sum / f32::from(BLOCK_PIXELS);
        let mut levels = [[0.0; BLOCK_PX]; BLOCK_PX];
        for (to, from) in levels.iter_mut().zip(block) {
            for (to, level) in to.iter_mut().zip(from) {
                *to = f32::from(*level) - mean;
                squares += *to * *to;
            }
        }
        let least = RELIT_SPREAD_LEVELS * RELIT_SPREAD_LEVELS * f32::from(BLOCK_PIXELS);
        (squares >= least).then_some(Self { levels, squares })
    }

    /// True if the picture holds the same shape at a place and light explains most of
    /// the `rest` that was left of it, in grey levels.
    #[inline(always)]
    fn is_near(&self, picture: &Small, (x, y): (isize, isize), rest: f32) -> bool {
        let reach = -RELIT_REACH_PX..=RELIT_REACH_PX;
        let last = |side_px: usize| (side_px - BLOCK_PX) as isize;
        let (last_x, last_y) = (last(picture.width_px), last(picture.height_px));
        reach.clone().any(|off_y| {
            reach.clone().any(|off_x| {
                let at = (
                    (x + off_x).clamp(0, last_x) as usize,
                    (y + off_y).clamp(0, last_y) as usize,
                );
                Self::of(&block(picture, at)).is_some_and(|other| self.is_relit(&other, rest))
            })
        })
    }

    #[inline(always)]
    fn is_relit(&self, other: &Self, rest: f32) -> bool {
        // Eight sums side by side, so that they go through the vector units.
        let mut sums = [0.0_f32; BLOCK_PX];
        for (a, b) in self.levels.iter().zip(&other.levels) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        let product = sums.iter().sum::<f32>();
        if product < RELIT_CORRELATION * (self.squares * other.squares).sqrt() {
            return false;
        }
        let gain = product / other.squares;
        let mut left = 0.0_f32;
        for (a, b) in self.levels.iter().zip(&other.levels) {
            for (a, b) in a.iter().zip(b) {
                left += (a - gain * b).abs();
            }
        }
        left <= RELIT_LEFT_RATIO * rest * f32::from(BLOCK_PIXELS)
    }
}
