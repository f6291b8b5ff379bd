//! How well one picture is foretold by another: the camera's own motion, and
//! what is left when every block has looked for itself in the other picture.
//!
//! Frame differences answer the wrong question (research/forensics.md, finding
//! 6): a whip pan or a flash differs much and is no cut, a jump cut in a quiet
//! shot differs little and is one. So first the shift of the whole picture is
//! found, then each block of 8 × 8 is sought near that shift, brightness
//! changes put aside. A block that is not found was not there before.

mod relit;

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
mod tests;
