//! Blocks that have come loose from the picture around them.
//!
//! Where a stream was damaged, a decoder knows no more of a macroblock than its
//! mean, or puts something flat in its place: the block is even within and steps
//! on its borders. Here and there a scene has such a square, by chance on the grid
//! of 16 pixels; many that touch it seldom has. What is told is the largest group
//! of them. The sign is that of blind measures of transmission errors, which hold
//! the differences along the borders of macroblocks against those beside them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurements::Region;
use crate::media::LumaView;

/// Side of a macroblock.
const BLOCK_PX: usize = 16;
/// Each so many rows and columns are looked at.
const EVERY: usize = 4;
/// Mean step on its borders, in grey levels, from which a block can be loose …
const BORDER_LEVELS: f32 = 6.0;
/// … and so many times the mean step within it …
const BORDER_TIMES: f32 = 4.0;
/// … and half a level, below which nothing is even.
const WITHIN_FLOOR_LEVELS: f32 = 0.5;
/// All of its borders but one step by at least this share of that.
const LEAST_SHARE: f32 = 1.0 / 3.0;
/// Fewer blocks say nothing of a picture.
const BLOCKS_MIN: usize = 24;

/// The largest group of loose blocks in one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DetachedBlocks {
    /// Blocks of 16 pixels that belong to it, each touching another.
    pub blocks: u32,
    /// Their share of all blocks of the picture, 0.0 to 1.0.
    pub share: f32,
    /// Where they lie.
    pub region: Region,
}

/// Measures a picture; `None` if it is too small or no block is loose.
pub(super) fn measure(luma: LumaView<'_>) -> Option<DetachedBlocks> {
    let columns = luma.width_px as usize / BLOCK_PX;
    let rows = luma.height_px as usize / BLOCK_PX;
    if columns.checked_mul(rows)? < BLOCKS_MIN {
        return None;
    }
    let steps = Steps::of(luma, columns, rows);
    let mut loose: Vec<bool> = (0..columns * rows).map(|n| steps.is_loose(n)).collect();
    let mut largest: Option<Group> = None;
    for n in 0..loose.len() {
        if loose.get(n).copied().unwrap_or(false) {
            let group = Group::of(&mut loose, n, columns);
            if largest.as_ref().is_none_or(|l| l.blocks < group.blocks) {
                largest = Some(group);
            }
        }
    }
    let group = largest?;
    let share = |from: usize, to: usize, of_px: u32| {
        let px = |block: usize| (block * BLOCK_PX) as f64 / f64::from(of_px);
        (px(from), px(to + 1) - px(from))
    };
    let (x, w) = share(group.left, group.right, luma.width_px);
    let (y, h) = share(group.top, group.bottom, luma.height_px);
    Some(DetachedBlocks {
        blocks: group.blocks,
        share: group.blocks as f32 / (columns * rows) as f32,
        region: Region { x, y, w, h },
    })
}

/// A sum of steps and how many there were.
#[derive(Clone, Copy, Debug, Default)]
struct Mean(u32, u32);

impl Mean {
    fn add(&mut self, a: u8, b: u8) {
        self.0 += u32::from(a.abs_diff(b));
        self.1 += 1;
    }

    fn levels(self) -> f32 {
        self.0 as f32 / self.1.max(1) as f32
    }
}

/// Steps of brightness within every block, and on its left and upper border.
struct Steps {
    columns: usize,
    within: Vec<Mean>,
    left: Vec<Mean>,
    upper: Vec<Mean>,
}

impl Steps {
    fn of(luma: LumaView<'_>, columns: usize, rows: usize) -> Self {
        let empty = || vec![Mean::default(); columns * rows];
        let mut steps = Self {
            columns,
            within: empty(),
            left: empty(),
            upper: empty(),
        };
        let mut above: Option<&[u8]> = None;
        for (y, row) in luma.rows().take(rows * BLOCK_PX).enumerate() {
            let first = y / BLOCK_PX * columns;
            if y % EVERY == EVERY / 2 {
                steps.along(row, first);
            }
            if let Some(above) = above.replace(row) {
                steps.down(above, row, first, y.is_multiple_of(BLOCK_PX));
            }
        }
        steps
    }

    /// From pixel to pixel of a row.
    fn along(&mut self, row: &[u8], first: usize) {
        let mut before = None;
        for (column, pixels) in row.chunks_exact(BLOCK_PX).take(self.columns).enumerate() {
            if let (Some(last), Some(next)) = (before, pixels.first())
                && let Some(left) = self.left.get_mut(first + column)
            {
                left.add(last, *next);
            }
            if let Some(within) = self.within.get_mut(first + column) {
                for [a, b] in pixels.array_windows::<2>() {
                    within.add(*a, *b);
                }
            }
            before = pixels.last().copied();
        }
    }

    /// From one row to the next, at each so many columns.
    fn down(&mut self, above: &[u8], row: &[u8], first: usize, is_border: bool) {
        let sums = if is_border {
            &mut self.upper
        } else {
            &mut self.within
        };
        let pairs = above.iter().zip(row).enumerate().skip(EVERY / 2);
        for (x, (a, b)) in pairs.step_by(EVERY).take(self.columns * BLOCK_PX / EVERY) {
            if let Some(sum) = sums.get_mut(first + x / BLOCK_PX) {
                sum.add(*a, *b);
            }
        }
    }

    fn is_loose(&self, n: usize) -> bool {
        let column = n % self.columns;
        let (mut sum, mut count, mut least) = (0.0, 0_u32, Vec::with_capacity(4));
        let borders = [
            (column > 0).then(|| self.left.get(n)).flatten(),
            (column + 1 < self.columns)
                .then(|| self.left.get(n + 1))
                .flatten(),
            self.upper.get(n).filter(|_| n >= self.columns),
            self.upper.get(n + self.columns),
        ];
        for border in borders.into_iter().flatten() {
            let levels = border.levels();
            sum += levels;
            count += 1;
            least.push(levels);
        }
        let within = self.within.get(n).map_or(0.0, |m| m.levels());
        let mean = sum / count.max(1) as f32;
        let low = least
            .iter()
            .filter(|levels| **levels < LEAST_SHARE * BORDER_LEVELS)
            .count();
        mean >= BORDER_LEVELS && mean >= BORDER_TIMES * (within + WITHIN_FLOOR_LEVELS) && low <= 1
    }
}

/// Blocks that touch.
#[derive(Clone, Copy, Debug)]
struct Group {
    blocks: u32,
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

impl Group {
    /// The one that `start` belongs to; its blocks are no longer loose after.
    fn of(loose: &mut [bool], start: usize, columns: usize) -> Self {
        let (column, row) = (start % columns, start / columns);
        let mut group = Self {
            blocks: 0,
            left: column,
            right: column,
            top: row,
            bottom: row,
        };
        let mut open = vec![start];
        while let Some(n) = open.pop() {
            match loose.get_mut(n) {
                Some(is_loose) if *is_loose => *is_loose = false,
                _ => continue,
            }
            let (column, row) = (n % columns, n / columns);
            group.blocks += 1;
            group.left = group.left.min(column);
            group.right = group.right.max(column);
            group.top = group.top.min(row);
            group.bottom = group.bottom.max(row);
            open.extend((column > 0).then(|| n - 1));
            open.extend((column + 1 < columns).then_some(n + 1));
            open.extend(n.checked_sub(columns));
            open.push(n + columns);
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::Gray;
    use crate::measure::recipe::{checker, picture, stones};

    fn of(gray: &Gray) -> Option<DetachedBlocks> {
        measure(gray.view().unwrap())
    }

    /// Blocks of 16 pixels within the rectangle keep their mean only.
    fn damaged(gray: &Gray, from: (u32, u32), to: (u32, u32)) -> Gray {
        let (w, h) = (gray.width_px, gray.height_px);
        let at = |x: u32, y: u32| f32::from(gray.data[(y * w + x) as usize]);
        picture(w, h, |x, y| {
            let (x, y) = (x as u32, y as u32);
            let (bx, by) = (x / 16, y / 16);
            if bx < from.0 || bx >= to.0 || by < from.1 || by >= to.1 {
                return at(x, y);
            }
            // Every other block stands apart, as errors of its mean add up.
            let mean: f32 = (0..256)
                .map(|n| at(bx * 16 + n % 16, by * 16 + n / 16) / 256.0)
                .sum();
            mean + if (bx + by) % 2 == 0 { 12.0 } else { -12.0 }
        })
    }

    #[test]
    fn a_group_of_flat_blocks_is_found_where_it_is() {
        let whole = stones(320, 240);
        assert!(of(&whole).is_none_or(|found| found.blocks < 4));
        let found = of(&damaged(&whole, (4, 5), (10, 9))).unwrap();
        assert!((20..=26).contains(&found.blocks), "{found:?}");
        assert!((found.share - found.blocks as f32 / 300.0).abs() < 1e-6);
        let region = found.region;
        assert!((region.x - 64.0 / 320.0).abs() < 0.06, "{region:?}");
        assert!((region.y - 80.0 / 240.0).abs() < 0.08, "{region:?}");
        assert!((region.w - 96.0 / 320.0).abs() < 0.11, "{region:?}");
    }

    #[test]
    fn squares_off_the_grid_and_small_pictures_say_nothing() {
        let shifted = checker(320, 240, 20.0);
        assert!(of(&shifted).is_none_or(|found| found.blocks < 4));
        assert_eq!(of(&stones(64, 64)), None);
    }

    #[test]
    fn of_two_groups_the_larger_is_told() {
        let whole = stones(320, 240);
        let two = damaged(&damaged(&whole, (1, 1), (4, 4)), (10, 6), (16, 12));
        let found = of(&two).unwrap();
        assert!(found.blocks > 20 && found.region.x > 0.4, "{found:?}");
    }
}
