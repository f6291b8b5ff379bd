//! Blocks that surprise: found far worse in the picture before than anything
//! near them is found in the pictures around.
//!
//! A share of the whole picture cannot tell a jump of a few things in a still
//! view, and in a lively one much is never found. So every block is held
//! against its own surroundings in space and time: leaves in the wind, a crowd,
//! a screen raise the bar where they are and nowhere else. What goes on for
//! more than one picture (a whip pan, a flash, something that passes the lens)
//! raises its own bar; a stretch left out is over at once.

use crate::measure::motion::{BLOCK_PIXELS, UNCOVERED};

/// A block surprises if more than this is left of it, in grey levels of the mean …
const LEFT_LEVELS: u32 = 3;
/// … and more than so many halves of the most that is left around it …
const TIMES_HALVES: u32 = 3;
/// … and so many levels.
const BEYOND_LEVELS: u32 = 1;
/// Pictures that must be known on either side to say what is usual.
const SIDE_MIN: usize = 4;

/// What one step from picture to picture leaves of every block.
#[derive(Clone, Debug, Default)]
pub(super) struct Rests {
    columns: usize,
    left: Vec<u16>,
    /// The most that is left of a block or any of its eight neighbours.
    around: Vec<u16>,
}

impl Rests {
    /// Takes what a comparison left, `columns` blocks in a row.
    pub(super) fn take(&mut self, (left, columns): (&[u16], usize)) {
        self.columns = columns;
        self.left.clear();
        self.left.extend_from_slice(left);
        self.around.clear();
        let rows = left.len() / columns.max(1);
        for row in 0..rows {
            for column in 0..columns {
                let most = (row.saturating_sub(1)..rows.min(row + 2))
                    .filter_map(|r| {
                        let from = r * columns + column.saturating_sub(1);
                        left.get(from..r * columns + columns.min(column + 2))
                    })
                    .flatten()
                    .filter(|left| **left != UNCOVERED)
                    .max();
                self.around.push(most.copied().unwrap_or(0));
            }
        }
    }
}

/// Blocks that surprise in one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Surprise {
    /// Share of the blocks.
    pub(super) share: f32,
    /// In how many ninths of the picture (thirds each way) they lie.
    pub(super) ninths: u32,
}

/// The blocks of `of` that surprise beside the steps before and after; `None` if
/// fewer than four of these are of the same size on a side.
pub(super) fn surprised<'a>(
    of: &Rests,
    before: impl Iterator<Item = &'a Rests>,
    after: impl Iterator<Item = &'a Rests>,
    bar: &mut Vec<u16>,
) -> Option<Surprise> {
    bar.clear();
    bar.resize(of.left.len(), 0);
    let mut raise = |others: &mut dyn Iterator<Item = &'a Rests>| {
        let mut count = 0usize;
        for other in others {
            if other.columns == of.columns && other.around.len() == bar.len() {
                for (bar, around) in bar.iter_mut().zip(&other.around) {
                    *bar = (*bar).max(*around);
                }
                count += 1;
            }
        }
        count
    };
    let (mut before, mut after) = (before, after);
    if raise(&mut before) < SIDE_MIN || raise(&mut after) < SIDE_MIN {
        return None;
    }
    let levels = |count: u32| count * u32::from(BLOCK_PIXELS);
    let (columns, rows) = (of.columns.max(1), of.left.len() / of.columns.max(1));
    let (mut found, mut known) = (0u32, 0u32);
    let mut ninths = [false; 9];
    for (place, (left, bar)) in of.left.iter().zip(bar.iter()).enumerate() {
        if *left == UNCOVERED {
            continue;
        }
        known += 1;
        let left = u32::from(*left);
        let is_surprise = left > levels(LEFT_LEVELS)
            && 2 * left > TIMES_HALVES * u32::from(*bar) + 2 * levels(BEYOND_LEVELS);
        if is_surprise {
            found += 1;
            let (row, column) = (place / columns, place % columns);
            let ninth = 3 * (3 * row / rows.max(1)) + 3 * column / columns;
            if let Some(ninth) = ninths.get_mut(ninth) {
                *ninth = true;
            }
        }
    }
    (known > 0).then(|| Surprise {
        share: found as f32 / known as f32,
        ninths: ninths.iter().map(|ninth| u32::from(*ninth)).sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: usize = 5;

    /// Five rows of five blocks, each with so many levels left.
    fn rests(levels: impl Fn(usize, usize) -> u16) -> Rests {
        let left: Vec<u16> = (0..25)
            .map(|n| match levels(n % COLUMNS, n / COLUMNS) {
                UNCOVERED => UNCOVERED,
                levels => levels * BLOCK_PIXELS,
            })
            .collect();
        let mut rests = Rests::default();
        rests.take((&left, COLUMNS));
        rests
    }

    fn share(of: &Rests, around: &Rests, count: usize) -> Option<f32> {
        let others = || std::iter::repeat_n(around, count);
        surprised(of, others(), others(), &mut Vec::new()).map(|s| s.share)
    }

    #[test]
    fn what_is_lively_raises_the_bar_where_it_is() {
        let calm = rests(|_, _| 1);
        let jumped = rests(|x, _| if x == 0 { 10 } else { 1 });
        assert_eq!(share(&jumped, &calm, 4), Some(0.2));
        assert_eq!(share(&calm, &calm, 4), Some(0.0));
        // Leaves in the next column move as much: nothing is told there.
        let leaves = rests(|x, _| if x == 1 { 9 } else { 1 });
        assert_eq!(share(&jumped, &leaves, 4), Some(0.0));
        let far_leaves = rests(|x, _| if x == 2 { 9 } else { 1 });
        assert_eq!(share(&jumped, &far_leaves, 4), Some(0.2));
    }

    #[test]
    fn the_bar_lies_at_one_and_a_half_times_and_a_level() {
        let around = rests(|_, _| 4);
        assert_eq!(share(&rests(|_, _| 7), &around, 4), Some(0.0));
        assert_eq!(share(&rests(|_, _| 8), &around, 4), Some(1.0));
        let still = rests(|_, _| 0);
        assert_eq!(share(&rests(|_, _| 3), &still, 4), Some(0.0));
        assert_eq!(share(&rests(|_, _| 4), &still, 4), Some(1.0));
    }

    #[test]
    fn where_they_lie_is_told_by_ninths() {
        let calm = rests(|_, _| 1);
        let ninths = |jumps: fn(usize, usize) -> bool| {
            let jumped = rests(|x, y| if jumps(x, y) { 10 } else { 1 });
            let calm = || std::iter::repeat_n(&calm, 4);
            surprised(&jumped, calm(), calm(), &mut Vec::new()).map(|s| s.ninths)
        };
        assert_eq!(ninths(|_, _| true), Some(9));
        assert_eq!(ninths(|x, y| x < 2 && y < 2), Some(1));
        assert_eq!(ninths(|x, _| x == 4), Some(3));
        assert_eq!(ninths(|_, _| false), Some(0));
    }

    #[test]
    fn uncovered_blocks_neither_count_nor_raise_the_bar() {
        let calm = rests(|x, _| if x < 2 { UNCOVERED } else { 1 });
        let jumped = rests(|x, _| if x == 4 { UNCOVERED } else { 10 });
        assert_eq!(share(&jumped, &calm, 4), Some(1.0));
    }

    #[test]
    fn with_little_around_nothing_is_known() {
        let calm = rests(|_, _| 1);
        assert_eq!(share(&calm, &calm, 3), None);
        let mut other = Rests::default();
        other.take((&[64; 24], 6));
        assert_eq!(share(&calm, &other, 12), None);
    }
}
