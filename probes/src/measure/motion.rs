//! How well one picture is foretold by another: the camera's own motion, and
//! what is left when every block has looked for itself in the other picture.
//!
//! Frame differences answer the wrong question (research/forensics.md, finding
//! 6): a whip pan or a flash differs much and is no cut, a jump cut in a quiet
//! shot differs little and is one. So first the shift of the whole picture is
//! found, then each block of 8 × 8 is sought near that shift, brightness
//! changes put aside. A block that is not found was not there before.

use crate::measure::kernels::{self, Means};
use crate::measure::wide::wide;

/// Side of a block in pixels of the small picture.
const BLOCK_PX: usize = 8;
/// How far around the common shift a block is sought, in pixels each way.
const BLOCK_REACH_PX: isize = 4;
/// Reduction of the picture in which the common shift is sought first.
const COARSE: usize = 4;
/// The common shift is sought up to this share of the picture's side each way.
const SHIFT_REACH: f64 = 0.3;
/// A block is not found if its best match differs by more than this in the mean …
const LOST_LEVELS: f32 = 6.0;
/// … and by more than this share of its own contrast. Measured on uncut camera
/// recordings: coding noise and small motion stay below a fifth.
const LOST_CONTRAST: f32 = 0.35;
/// A block that matches as well as this is not sought further.
const GOOD_LEVELS: u32 = 2;
/// Contrast that every block is taken to have at least: below it, what is left
/// is noise and not content.
const CONTRAST_FLOOR_LEVELS: f32 = 2.0;
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

/// A small grey picture that owns its pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Small {
    /// Row by row, without gaps.
    pub data: Vec<u8>,
    /// Columns.
    pub width_px: usize,
    /// Rows.
    pub height_px: usize,
}

impl Small {
    /// Averages squares of `side` pixels of a picture `width_px` wide, into
    /// this one. What remains at the right and lower edge is left out.
    pub fn reduce_from(&mut self, data: &[u8], width_px: usize, side: usize) {
        let mut means = Means::default();
        means.start(side, width_px);
        self.data.clear();
        for row in data.chunks_exact(width_px.max(1)) {
            means.row(row, &mut self.data);
        }
        self.width_px = means.columns();
        self.height_px = data.len() / width_px.max(1) / side.max(1);
    }

    fn row(&self, y: usize) -> &[u8] {
        let start = y * self.width_px;
        self.data.get(start..start + self.width_px).unwrap_or(&[])
    }

    /// Mean grey level; 0 for an empty picture.
    pub fn mean(&self) -> f64 {
        let sum: u64 = self.data.iter().map(|p| u64::from(*p)).sum();
        sum as f64 / self.data.len().max(1) as f64
    }

    /// Mean difference of neighbours in a row, in grey levels: how much detail
    /// the small picture shows. Falls when the lens is moved fast or out of
    /// focus.
    pub fn detail_levels(&self) -> f64 {
        let (mut sum, mut count) = (0u64, 0u64);
        for row in self.data.chunks_exact(self.width_px.max(1)) {
            sum += row
                .iter()
                .zip(row.iter().skip(1))
                .map(|(a, b)| u64::from(a.abs_diff(*b)))
                .sum::<u64>();
            count += row.len().saturating_sub(1) as u64;
        }
        sum as f64 / count.max(1) as f64
    }

    /// True if both have the same size and at least one block.
    fn is_comparable(&self, other: &Self) -> bool {
        (self.width_px, self.height_px) == (other.width_px, other.height_px)
            && self.width_px >= BLOCK_PX
            && self.height_px >= BLOCK_PX
    }
}

/// How a picture follows from another one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    /// Common shift to the right, in shares of the picture's width.
    pub shift_x: f32,
    /// Common shift downwards, in shares of the picture's height.
    pub shift_y: f32,
    /// Share of the blocks that are not found in the other picture.
    pub unforetold: f32,
    /// What is left after every block has looked for itself, over the contrast
    /// of the blocks: near 0 the same scene, near 1 nothing in common.
    pub residual: f32,
    /// Change of the mean brightness, in grey levels.
    pub brightness_levels: f32,
}

/// Of a block that only just came into view: nothing is known.
pub const UNCOVERED: u16 = u16::MAX;
/// Pixels of a block: [`Comparer::left`] are sums over so many.
pub const BLOCK_PIXELS: u16 = (BLOCK_PX * BLOCK_PX) as u16;

/// Buffers that are used again from picture to picture.
#[derive(Debug, Default)]
pub struct Comparer {
    before_even: Small,
    coarse_before: Small,
    coarse_now: Small,
    left: Vec<u16>,
    columns: usize,
    shift: (isize, isize),
}

impl Comparer {
    /// How `now` follows from `before`; `None` if their sizes differ or are
    /// smaller than a block.
    pub fn compare(&mut self, before: &Small, now: &Small) -> Option<Motion> {
        wide!(self.compared(before, now))
    }

    #[inline(always)]
    fn compared(&mut self, before: &Small, now: &Small) -> Option<Motion> {
        if !before.is_comparable(now) {
            return None;
        }
        let step = now.mean() - before.mean();
        self.even_out(before, step.round() as i32);
        let shift = self.common_shift(now);
        self.columns = now.width_px / BLOCK_PX;
        self.shift = shift;
        let (unforetold, residual) = blocks(&self.before_even, now, shift, &mut self.left);
        Some(Motion {
            shift_x: shift.0 as f32 / now.width_px as f32,
            shift_y: shift.1 as f32 / now.height_px as f32,
            unforetold,
            residual,
            brightness_levels: step as f32,
        })
    }

    /// What the latest comparison left of each block after it had looked for
    /// itself, row by row and `columns` in a row: sums of differences over the
    /// block, or [`UNCOVERED`].
    pub fn left(&self) -> (&[u16], usize) {
        (&self.left, self.columns)
    }

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

    /// The earlier picture as bright as the later one.
    fn even_out(&mut self, before: &Small, step: i32) {
        let table: [u8; 256] =
            std::array::from_fn(|value| (value as i32 + step).clamp(0, 255) as u8);
        let even = &mut self.before_even;
        (even.width_px, even.height_px) = (before.width_px, before.height_px);
        even.data.clear();
        let lit = before.data.iter().map(|p| table[usize::from(*p)]);
        even.data.extend(lit);
    }

    /// The shift with the least difference, first coarse and wide, then fine.
    #[inline(always)]
    fn common_shift(&mut self, now: &Small) -> (isize, isize) {
        let even = &self.before_even;
        self.coarse_before
            .reduce_from(&even.data, even.width_px, COARSE);
        self.coarse_now.reduce_from(&now.data, now.width_px, COARSE);
        let reach = |side_px: usize| (side_px as f64 * SHIFT_REACH) as isize;
        let wide = (
            reach(self.coarse_now.width_px),
            reach(self.coarse_now.height_px),
        );
        let (x, y) = best_shift(&self.coarse_before, &self.coarse_now, (0, 0), wide, 1);
        let fine = COARSE as isize;
        best_shift(even, now, (x * fine, y * fine), (fine, fine), 2)
    }
}

/// The shift within `reach` of `around` with the least mean difference, of
/// equal ones the uppermost and then leftmost. Every `row_step`th row is looked
/// at. Standing still is taken unless another shift is clearly better, so that
/// a plain wall does not wander.
#[inline(always)]
fn best_shift(
    before: &Small,
    now: &Small,
    around: (isize, isize),
    reach: (isize, isize),
    row_step: usize,
) -> (isize, isize) {
    let still = mean_difference(before, now, (0, 0), row_step, f64::MAX).unwrap_or(f64::MAX);
    let mut best = (still * 0.95 - 0.05, None);
    // The likely ones first: the others are then soon given up.
    for y in outwards(around.1, reach.1) {
        for x in outwards(around.0, reach.0) {
            if let Some(found) = mean_difference(before, now, (x, y), row_step, best.0)
                && (found < best.0
                    || best
                        .1
                        .is_some_and(|place| found == best.0 && (y, x) < place))
            {
                best = (found, Some((y, x)));
            }
        }
    }
    best.1.map_or((0, 0), |(y, x)| (x, y))
}

/// `middle`, then what is ever farther from it up to `reach` on both sides.
fn outwards(middle: isize, reach: isize) -> impl Iterator<Item = isize> {
    (0..=reach).flat_map(move |far| {
        let other = (far > 0).then_some(middle + far);
        std::iter::once(middle - far).chain(other)
    })
}

/// Mean difference where both pictures overlap when the earlier one is shifted;
/// `None` if less than a third overlaps, or as soon as it is sure to be above
/// `most`.
#[inline(always)]
fn mean_difference(
    before: &Small,
    now: &Small,
    (x, y): (isize, isize),
    row_step: usize,
    most: f64,
) -> Option<f64> {
    let (width, height) = (now.width_px, now.height_px);
    let columns = width.checked_sub(x.unsigned_abs())?;
    let rows = height.checked_sub(y.unsigned_abs())?;
    if columns * 3 < width || rows * 3 < height {
        return None;
    }
    let from = |shift: isize| (shift.max(0) as usize, (-shift).max(0) as usize);
    let ((now_x, before_x), (now_y, before_y)) = (from(x), from(y));
    let count = (columns * rows.div_ceil(row_step)).max(1) as f64;
    // One above what rounding might take for equal.
    let sum_max = ((most * count) as u64).saturating_add(1);
    let mut sum = 0u64;
    for row in (0..rows).step_by(row_step) {
        let a = now.row(now_y + row).get(now_x..now_x + columns)?;
        let b = before
            .row(before_y + row)
            .get(before_x..before_x + columns)?;
        sum += kernels::difference(a, b);
        if sum > sum_max {
            return None;
        }
    }
    Some(sum as f64 / count)
}

/// Share of blocks that are not found, and what is left over all; into `each`
/// what is left of every one. Blocks that a moving camera has only just
/// uncovered were never there to be found: they do not count.
#[inline(always)]
fn blocks(before: &Small, now: &Small, shift: (isize, isize), each: &mut Vec<u16>) -> (f32, f32) {
    each.clear();
    let (columns, rows) = (now.width_px / BLOCK_PX, now.height_px / BLOCK_PX);
    let (mut lost, mut count) = (0u32, 0u32);
    let (mut left, mut contrasts) = (0f32, 0f32);
    for row in 0..rows {
        for column in 0..columns {
            let at = (column * BLOCK_PX, row * BLOCK_PX);
            // The shift moves the earlier picture, so the block came from against it.
            let from = (at.0 as isize - shift.0, at.1 as isize - shift.1);
            if !is_within(before, from) {
                each.push(UNCOVERED);
                continue;
            }
            let block = block(now, at);
            let contrast = contrast_levels(&block);
            let sum = seek(before, &block, from);
            each.push(u16::try_from(sum).unwrap_or(UNCOVERED));
            let rest = sum as f32 / f32::from(BLOCK_PIXELS);
            left += rest;
            contrasts += contrast.max(CONTRAST_FLOOR_LEVELS);
            lost += u32::from(is_lost(rest, contrast));
            count += 1;
        }
    }
    (
        lost as f32 / count.max(1) as f32,
        (left / contrasts.max(1.0)).min(2.0),
    )
}

/// Not found, of a block with this contrast of which so much is left, in grey levels.
fn is_lost(rest: f32, contrast: f32) -> bool {
    rest > LOST_LEVELS && rest > LOST_CONTRAST * contrast
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

/// True if a block that starts there lies in the picture or within reach of it.
fn is_within(small: &Small, (x, y): (isize, isize)) -> bool {
    let last = |side_px: usize| (side_px - BLOCK_PX) as isize;
    let near = |at: isize, last: isize| (-BLOCK_REACH_PX..=last + BLOCK_REACH_PX).contains(&at);
    near(x, last(small.width_px)) && near(y, last(small.height_px))
}

type Block = [[u8; BLOCK_PX]; BLOCK_PX];

fn block(small: &Small, (x, y): (usize, usize)) -> Block {
    let mut block = [[0; BLOCK_PX]; BLOCK_PX];
    for (line, row) in block.iter_mut().zip(y..) {
        if let Some(pixels) = small.row(row).get(x..x + BLOCK_PX) {
            line.copy_from_slice(pixels);
        }
    }
    block
}

/// Mean distance of the pixels from their mean, in grey levels.
fn contrast_levels(block: &Block) -> f32 {
    let pixels = BLOCK_PX * BLOCK_PX;
    let sum: u32 = block.iter().flatten().map(|p| u32::from(*p)).sum();
    let mean = (sum / pixels as u32) as u8;
    let off: u32 = block
        .iter()
        .flatten()
        .map(|p| u32::from(p.abs_diff(mean)))
        .sum();
    off as f32 / pixels as f32
}

/// The least sum of differences of the block from the earlier picture near the
/// place it came from.
#[inline(always)]
fn seek(before: &Small, block: &Block, (x, y): (isize, isize)) -> u32 {
    let pixels = u32::from(BLOCK_PIXELS);
    let last_x = (before.width_px - BLOCK_PX) as isize;
    let last_y = (before.height_px - BLOCK_PX) as isize;
    let place = |x: isize, y: isize| (x.clamp(0, last_x) as usize, y.clamp(0, last_y) as usize);
    let mut best = difference(before, block, place(x, y), u32::MAX);
    if best > GOOD_LEVELS * pixels {
        for off_y in -BLOCK_REACH_PX..=BLOCK_REACH_PX {
            for off_x in -BLOCK_REACH_PX..=BLOCK_REACH_PX {
                let at = place(x + off_x, y + off_y);
                best = best.min(difference(before, block, at, best));
            }
        }
    }
    best
}

/// Sum of differences of the block from the picture at a place; given up once
/// above `most`.
#[inline(always)]
fn difference(before: &Small, block: &Block, (x, y): (usize, usize), most: u32) -> u32 {
    let mut sum = 0;
    for (line, row) in block.iter().zip(y..) {
        if let Some(pixels) = before.row(row).get(x..x + BLOCK_PX) {
            sum += line.iter().zip(pixels).fold(0u32, |sum, (a, b)| {
                sum.wrapping_add(u32::from(a.abs_diff(*b)))
            });
        }
        if sum > most {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::{scatter, stones};

    /// A window of a scene of stones, moved and lit.
    fn window(x: usize, y: usize, light: i32, seed: u32) -> Small {
        let scene = stones(400, 300);
        let mut small = Small {
            width_px: 160,
            height_px: 90,
            ..Small::default()
        };
        for row in 0..90 {
            for column in 0..160 {
                let value = i32::from(scene.data[(y + row) * 400 + x + column]);
                let noise = (scatter(column as i32, row as i32, seed) * 5.0) as i32 - 2;
                small.data.push((value + light + noise).clamp(0, 255) as u8);
            }
        }
        small
    }

    fn compare(before: &Small, now: &Small) -> Motion {
        Comparer::default().compare(before, now).unwrap()
    }

    #[test]
    fn the_same_scene_is_foretold_whole() {
        let found = compare(&window(50, 50, 0, 1), &window(50, 50, 0, 2));
        assert_eq!((found.shift_x, found.shift_y), (0.0, 0.0));
        assert!(
            found.unforetold == 0.0 && found.residual < 0.25,
            "{found:?}"
        );
    }

    #[test]
    fn a_pan_is_followed() {
        let found = compare(&window(50, 50, 0, 1), &window(71, 45, 0, 2));
        assert_eq!((found.shift_x * 160.0).round(), -21.0);
        assert_eq!((found.shift_y * 90.0).round(), 5.0);
        assert!(found.unforetold < 0.2, "{found:?}");
    }

    #[test]
    fn light_is_put_aside() {
        let found = compare(&window(50, 50, 0, 1), &window(50, 50, 25, 2));
        assert!((found.brightness_levels - 25.0).abs() < 2.0, "{found:?}");
        assert!(found.unforetold < 0.02, "{found:?}");
    }

    /// The same window with a lamp on its left half.
    fn lamp(mut small: Small) -> Small {
        for row in small.data.chunks_exact_mut(160) {
            for level in row.iter_mut().take(80) {
                *level = (f32::from(*level) * 0.4 + 140.0) as u8;
            }
        }
        small
    }

    #[test]
    fn a_lamp_leaves_shapes_where_they_are_and_a_cut_does_not() {
        let relit = |before: &Small, now: &Small| {
            let mut comparer = Comparer::default();
            let found = comparer.compare(before, now).unwrap();
            assert!(found.unforetold > 0.1, "{found:?}");
            comparer.relit(now).unwrap()
        };
        let before = window(50, 50, 0, 1);
        assert!(relit(&before, &lamp(window(50, 50, 0, 2))) > 0.5);
        assert!(relit(&before, &lamp(window(52, 50, 0, 2))) > 0.33);
        assert!(relit(&before, &window(230, 200, 0, 2)) < 0.1);
        assert!(relit(&before, &lamp(window(230, 200, 0, 2))) < 0.2);
        // Where all is found nothing is lit otherwise.
        let mut comparer = Comparer::default();
        comparer.compare(&before, &window(50, 50, 0, 2)).unwrap();
        assert_eq!(comparer.relit(&window(50, 50, 0, 2)), None);
    }

    #[test]
    fn another_scene_is_not_foretold() {
        let found = compare(&window(0, 0, 0, 1), &window(230, 200, 0, 2));
        assert!(found.unforetold > 0.6 && found.residual > 0.5, "{found:?}");
    }

    #[test]
    fn sizes_must_agree() {
        let other = Small {
            data: vec![0; 64 * 64],
            width_px: 64,
            height_px: 64,
        };
        let mut comparer = Comparer::default();
        assert_eq!(comparer.compare(&window(0, 0, 0, 1), &other), None);
        let tiny = Small {
            data: vec![0; 6 * 6],
            width_px: 6,
            height_px: 6,
        };
        assert_eq!(comparer.compare(&tiny, &tiny), None);
    }

    #[test]
    fn a_plain_wall_stands_still() {
        let wall = |seed| Small {
            data: (0..160 * 90)
                .map(|i| 100 + (scatter(i, 0, seed) * 3.0) as u8)
                .collect(),
            width_px: 160,
            height_px: 90,
        };
        let found = compare(&wall(1), &wall(2));
        assert_eq!((found.shift_x, found.shift_y), (0.0, 0.0));
        assert_eq!(found.unforetold, 0.0);
    }
}
