//! The few sums that are taken over every pixel of every picture.
//!
//! They are written for the vector units without naming one: plain loops, sums
//! no wider than they need be. They wrap, so that a build with overflow checks
//! uses the vectors too, and the bounds below say why they never do. Each has a
//! plain twin in the tests, which it must equal to the last unit.

/// Bytes whose differences are summed in 32 bits: room for 16 million.
const PIECE_BYTES: usize = 1 << 16;
/// Shift of the reciprocal in [`Means`].
const RECIPROCAL_SHIFT: u32 = 40;
/// Largest square of which a mean is taken: sums of its columns fit 16 bits.
const SIDE_MAX: usize = 257;

/// Sum of the absolute differences of two rows; what one has beyond the other
/// does not count.
#[inline(always)]
pub(crate) fn difference(a: &[u8], b: &[u8]) -> u64 {
    let pieces = a.chunks(PIECE_BYTES).zip(b.chunks(PIECE_BYTES));
    let sums = pieces.map(|(a, b)| {
        a.iter().zip(b).fold(0u32, |sum, (a, b)| {
            sum.wrapping_add(u32::from(a.abs_diff(*b)))
        })
    });
    sums.map(u64::from).sum()
}

/// Means of squares of pixels, row by row, with buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Means {
    side: usize,
    rows: usize,
    sums: Vec<u16>,
}

impl Means {
    /// Starts with squares of `side` pixels, at least 1 and at most 257, in
    /// pictures `width_px` wide. What remains at the right belongs to no square.
    pub(crate) fn start(&mut self, side: usize, width_px: usize) {
        self.side = side.clamp(1, SIDE_MAX);
        self.rows = 0;
        self.sums.clear();
        self.sums.resize(width_px / self.side * self.side, 0);
    }

    /// Squares in a row.
    pub(crate) fn columns(&self) -> usize {
        self.sums.len() / self.side.max(1)
    }

    /// The next row; with the last one of its squares their means go to `out`,
    /// rounded down.
    #[inline(always)]
    pub(crate) fn row(&mut self, pixels: &[u8], out: &mut Vec<u8>) {
        if self.side <= 1 {
            out.extend(pixels.iter().take(self.sums.len()));
            return;
        }
        if self.rows == 0 {
            self.sums.fill(0);
        }
        for (sum, pixel) in self.sums.iter_mut().zip(pixels) {
            *sum = sum.wrapping_add(u16::from(*pixel));
        }
        self.rows += 1;
        if self.rows == self.side {
            self.rows = 0;
            // The sum of a square is below 2²⁴ and the area below 2¹⁷, so that
            // the reciprocal's error stays below one part of the sum.
            let area = (self.side * self.side) as u64;
            let reciprocal = (1u64 << RECIPROCAL_SHIFT) / area + 1;
            out.extend(self.sums.chunks_exact(self.side).map(|columns| {
                let sum = columns
                    .iter()
                    .fold(0u32, |sum, column| sum.wrapping_add(u32::from(*column)));
                ((u64::from(sum) * reciprocal) >> RECIPROCAL_SHIFT) as u8
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn difference_plain(a: &[u8], b: &[u8]) -> u64 {
        let pairs = a.iter().zip(b);
        pairs
            .map(|(a, b)| (i64::from(*a) - i64::from(*b)).unsigned_abs())
            .sum()
    }

    fn means_plain(picture: &[u8], width_px: usize, side: usize) -> Vec<u8> {
        let (columns, rows) = (width_px / side, picture.len() / width_px / side);
        let square = |column: usize, row: usize| -> u8 {
            let mut sum = 0u64;
            for y in row * side..(row + 1) * side {
                for x in column * side..(column + 1) * side {
                    sum += u64::from(picture[y * width_px + x]);
                }
            }
            (sum / (side * side) as u64) as u8
        };
        (0..rows)
            .flat_map(|row| (0..columns).map(move |column| square(column, row)))
            .collect()
    }

    fn means(picture: &[u8], width_px: usize, side: usize) -> Vec<u8> {
        let mut means = Means::default();
        means.start(side, width_px);
        let mut out = Vec::new();
        for row in picture.chunks_exact(width_px) {
            means.row(row, &mut out);
        }
        out
    }

    proptest! {
        #[test]
        fn differences_equal_their_plain_twin(
            a in prop::collection::vec(any::<u8>(), 0..700),
            b in prop::collection::vec(any::<u8>(), 0..700),
        ) {
            prop_assert_eq!(difference(&a, &b), difference_plain(&a, &b));
        }

        #[test]
        fn means_equal_their_plain_twin(
            width_px in 1usize..90,
            side in 1usize..14,
            picture in prop::collection::vec(any::<u8>(), 0..4000),
        ) {
            let side = side.min(width_px);
            let whole = picture.len() / width_px * width_px;
            prop_assert_eq!(
                means(&picture[..whole], width_px, side),
                means_plain(&picture[..whole], width_px, side)
            );
        }
    }

    #[test]
    fn nothing_runs_over_at_the_extremes() {
        let (white, black) = (vec![255u8; 70_001], vec![0u8; 70_001]);
        assert_eq!(difference(&white, &black), 70_001 * 255);
        let side = SIDE_MAX;
        assert_eq!(
            means(&vec![255; side * side * 2], side * 2, side),
            [255, 255]
        );
    }

    #[test]
    fn a_mean_just_below_a_level_is_rounded_down() {
        for side in 2..=SIDE_MAX {
            let mut picture = vec![200u8; side * side];
            assert_eq!(means(&picture, side, side), [200], "{side}");
            picture[side * side - 1] = 199;
            assert_eq!(means(&picture, side, side), [199], "{side}");
        }
    }
}
