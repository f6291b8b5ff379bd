//! Sums over one plane.

use crate::media::LumaView;

/// Width to which pictures are reduced for brightness: enough to tell dark and
/// featureless, and a hundredth of the work at 4K.
const REDUCED_WIDTH_PX: usize = 320;
/// Full-range grey on the scale with black at 16: 219 steps for 255.
const LIMITED_PER_FULL: f64 = 219.0 / 255.0;
/// Limited-range black.
const LIMITED_BLACK: f64 = 16.0;

/// Averages blocks of pixels, with buffers that are used again.
#[derive(Debug, Default)]
pub(super) struct Reducer {
    sums: Vec<u32>,
    out: Vec<u8>,
}

impl Reducer {
    /// Means of square blocks and how many stand in a row; what remains at the
    /// right and lower edge belongs to no block.
    pub(super) fn reduce(&mut self, luma: LumaView<'_>) -> (&[u8], usize) {
        let block = (luma.width_px as usize / REDUCED_WIDTH_PX).max(1);
        let columns = luma.width_px as usize / block;
        let rows = luma.height_px as usize / block;
        self.out.clear();
        // A block of 181² pixels of 255 would still fit; pictures wider than
        // 57 920 pixels do not exist under the pixel limit with such a height.
        let area = u32::try_from(block * block).unwrap_or(u32::MAX).max(1);
        for block_row in 0..rows {
            self.sums.clear();
            self.sums.resize(columns, 0);
            for y in 0..block {
                let row = luma.row(block_row * block + y);
                for (sum, pixels) in self.sums.iter_mut().zip(row.chunks_exact(block)) {
                    let add: u32 = pixels.iter().map(|p| u32::from(*p)).sum();
                    *sum = sum.saturating_add(add);
                }
            }
            self.out
                .extend(self.sums.iter().map(|sum| (sum / area).min(255) as u8));
        }
        (&self.out, columns)
    }
}

/// Brightness of one reduced picture, on the scale with black at 16.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reduced {
    pub(super) mean: f64,
    pub(super) deviation: f64,
    pub(super) p90: f64,
}

impl Reduced {
    pub(super) fn of(pixels: &[u8], full_range: bool) -> Self {
        if pixels.is_empty() {
            return Self::default();
        }
        let mut counts = [0u64; 256];
        for pixel in pixels {
            counts[usize::from(*pixel)] += 1;
        }
        let total = pixels.len() as f64;
        let (sum, squares) = (0u32..)
            .zip(counts)
            .fold((0.0, 0.0), |(s, q), (value, count)| {
                let weighed = f64::from(value) * count as f64;
                (s + weighed, q + weighed * f64::from(value))
            });
        let mean = sum / total;
        let deviation = (squares / total - mean * mean).max(0.0).sqrt();
        let mut seen = 0;
        let p90 = (0u32..)
            .zip(counts)
            .find_map(|(value, count)| {
                seen += count;
                (seen as f64 >= 0.9 * total).then_some(f64::from(value))
            })
            .unwrap_or(255.0);
        let scale = if full_range { LIMITED_PER_FULL } else { 1.0 };
        let black = if full_range { LIMITED_BLACK } else { 0.0 };
        Self {
            mean: black + mean * scale,
            deviation: deviation * scale,
            p90: black + p90 * scale,
        }
    }
}

/// Mean absolute difference from the picture before in grey levels, which this
/// picture replaces; `None` if there is none of the same size.
pub(super) fn mean_difference(
    luma: LumaView<'_>,
    previous: &mut Vec<u8>,
    same_size: bool,
) -> Option<f64> {
    let width = luma.width_px as usize;
    let pixels = width * luma.height_px as usize;
    if !same_size || previous.len() != pixels {
        previous.clear();
        luma.rows().for_each(|row| previous.extend_from_slice(row));
        return None;
    }
    let mut sum = 0u64;
    for (row, before) in luma.rows().zip(previous.chunks_exact_mut(width)) {
        // Pieces that fit a 32-bit sum let the compiler use vectors.
        for (now, then) in row.chunks(4096).zip(before.chunks_mut(4096)) {
            let piece: u32 = now
                .iter()
                .zip(then.iter())
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum();
            sum += u64::from(piece);
            if piece > 0 {
                then.copy_from_slice(now);
            }
        }
    }
    Some(sum as f64 / pixels.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Plane;

    #[test]
    fn a_large_picture_is_reduced_by_whole_blocks() {
        let data: Vec<u8> = (0..641 * 5)
            .map(|i| if i % 641 < 320 { 10 } else { 20 })
            .collect();
        let mut reducer = Reducer::default();
        let out = reducer
            .reduce(Plane::new(&data, 641, 5, 641).unwrap())
            .0
            .to_vec();
        assert_eq!(out.len(), 320 * 2);
        assert_eq!((out[0], out[159], out[160], out[319]), (10, 10, 20, 20));
    }

    #[test]
    fn full_range_is_told_on_the_limited_scale() {
        let black = Reduced::of(&[0; 50], true);
        let white = Reduced::of(&[255; 50], true);
        assert_eq!((black.mean, black.p90), (16.0, 16.0));
        assert_eq!((white.mean, white.p90), (235.0, 235.0));
        assert_eq!(Reduced::of(&[0, 8], false).deviation, 4.0);
    }

    #[test]
    fn the_lightest_tenth_starts_at_the_ninetieth_percentile() {
        let mut pixels = [20u8; 10];
        pixels[9] = 200;
        assert_eq!(Reduced::of(&pixels, false).p90, 20.0);
        pixels[8] = 200;
        assert_eq!(Reduced::of(&pixels, false).p90, 200.0);
    }

    #[test]
    fn differences_are_from_the_picture_before() {
        let mut previous = Vec::new();
        let view = |d| Plane::new(d, 2, 2, 2).unwrap();
        assert_eq!(
            mean_difference(view(&[1, 1, 1, 1]), &mut previous, false),
            None
        );
        assert_eq!(
            mean_difference(view(&[1, 1, 1, 1]), &mut previous, true),
            Some(0.0)
        );
        assert_eq!(
            mean_difference(view(&[1, 5, 1, 1]), &mut previous, true),
            Some(1.0)
        );
        assert_eq!(
            mean_difference(view(&[1, 5, 1, 1]), &mut previous, true),
            Some(0.0)
        );
    }
}
