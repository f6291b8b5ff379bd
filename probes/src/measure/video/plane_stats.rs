//! Sums over one plane.

use crate::measure::kernels::{self, Means};
use crate::measure::wide::wide;
use crate::media::LumaView;

/// Width to which pictures are reduced for brightness: enough to tell dark and
/// featureless, and a hundredth of the work at 4K.
const REDUCED_WIDTH_PX: usize = 320;
/// Full-range grey on the scale with black at 16: 219 steps for 255.
const LIMITED_PER_FULL: f64 = 219.0 / 255.0;
/// Limited-range black.
const LIMITED_BLACK: f64 = 16.0;

/// Looks at every pixel of every picture, once, with buffers that are used
/// again.
#[derive(Debug, Default)]
pub(super) struct Planes {
    previous: Vec<u8>,
    previous_size: Option<(u32, u32)>,
    means: Means,
    reduced: Vec<u8>,
}

/// What was seen of one picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    /// Means of square blocks.
    pub(super) reduced: &'a [u8],
    /// How many of them stand in a row.
    pub(super) reduced_width_px: usize,
    /// Mean absolute difference from the picture before in grey levels; `None`
    /// if there is none of the same size.
    pub(super) difference: Option<f64>,
}

impl Planes {
    /// Reduces the picture to means of square blocks, what remains at the right
    /// and lower edge belonging to none, and compares it with the one before.
    pub(super) fn look(&mut self, luma: LumaView<'_>) -> Look<'_> {
        let (width, height) = (luma.width_px as usize, luma.height_px as usize);
        self.means.start(width / REDUCED_WIDTH_PX, width);
        self.reduced.clear();
        let size = (luma.width_px, luma.height_px);
        let is_same = self.previous_size.replace(size) == Some(size);
        if !is_same {
            self.previous.clear();
            self.previous.resize(width * height, 0);
        }
        let rows = luma.rows();
        let pairs = rows.zip(self.previous.chunks_exact_mut(width.max(1)));
        let mut sum = 0u64;
        wide!(for (row, before) in pairs {
            // Twice read and once written while it is in the cache.
            self.means.row(row, &mut self.reduced);
            let differs = kernels::difference(row, before);
            if !is_same || differs > 0 {
                before.copy_from_slice(row);
            }
            sum += differs;
        });
        Look {
            reduced: &self.reduced,
            reduced_width_px: self.means.columns(),
            difference: is_same.then(|| sum as f64 / (width * height).max(1) as f64),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Plane;

    #[test]
    fn a_large_picture_is_reduced_by_whole_blocks() {
        let data: Vec<u8> = (0..641 * 5)
            .map(|i| if i % 641 < 320 { 10 } else { 20 })
            .collect();
        let mut planes = Planes::default();
        let out = planes
            .look(Plane::new(&data, 641, 5, 641).unwrap())
            .reduced
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
        let mut planes = Planes::default();
        let mut difference = |d: &[u8], width, height| {
            let view = Plane::new(d, width, height, width as usize);
            planes.look(view.unwrap()).difference
        };
        assert_eq!(difference(&[1, 1, 1, 1], 2, 2), None);
        assert_eq!(difference(&[1, 1, 1, 1], 2, 2), Some(0.0));
        assert_eq!(difference(&[1, 5, 1, 1], 2, 2), Some(1.0));
        assert_eq!(difference(&[1, 5, 1, 1], 2, 2), Some(0.0));
        assert_eq!(difference(&[1, 5, 1, 1], 4, 1), None);
        assert_eq!(difference(&[1, 5, 1, 3], 4, 1), Some(0.5));
    }
}
