//! What a picture looks like, in 256 bits that survive being coded again, made
//! smaller, turned, mirrored and slightly cropped.
//!
//! The middle of the upright picture is brought to 64 × 64 samples, and the
//! signs of its 16 × 16 lowest cosine coefficients, the constant ones left out,
//! are the bits (the frequencies of PDQ, Facebook 2019; research/forensics.md
//! 2e, 14). PDQ holds each coefficient against their median; against zero, which
//! that median is but for chance, a mirrored or turned picture has the same bits
//! in other places or inverted, so that its seven other positions need not be
//! measured or kept. Bits of unlike pictures agree by chance: about 128 differ.
//!
//! The bits are taken of the middle four fifths of each side, so that a copy
//! whose borders were cut still holds all that the original's bits were taken
//! of. Where that lies in the copy is not known; a copy is therefore asked for
//! by the bits of every window in which it may lie.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod bits;

pub use bits::Bits;

use super::pixels::{Layout, Pixels};
use crate::media::LumaView;

/// Version of this instrument, in [`crate::measurements::Measurements::instruments`].
pub const VERSION: u32 = 2;

/// Frequencies each way, from one half-wave on.
const FREQUENCIES: usize = 16;
/// Samples each way that they are taken from, as in PDQ.
const SAMPLES: usize = 64;
/// Share of each side that is left out before its middle starts.
const MARGIN: f64 = 0.1;
/// Step between two windows, in shares of a side: half of it is how far a
/// window may be off, and at 0.0125 a side about 22 bits differ (measured on 94
/// photographs; the next finer step has twice as many windows).
const WINDOW_STEP: f64 = 0.025;
/// Steps that a copy may lack in all, over its four sides: a tenth of the area.
const WINDOW_STEPS: u32 = 4;
/// Amplitude from which on the sign of a coefficient is no chance, in grey
/// levels. Photographs have 169 to 240 such coefficients, walls with noise none
/// (measured on 94 photographs and on made walls).
const FIRM_LEVELS: f32 = 0.25;
/// Fewer firm bits say nothing at all, whatever a check asks for: a quarter.
/// Named guess, far from photographs and from walls (see [`FIRM_LEVELS`]).
pub const COMPARABLE_FIRM_BITS_MIN: u32 = 64;
/// Most samples whose sum can be counted in 32 bits.
const SAMPLES_MAX: usize = (u32::MAX / 255) as usize;

/// What a picture looks like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Likeness {
    /// Of the middle of the upright picture.
    pub bits: Bits,
    /// How many of them rest on more than noise. With few the picture has too
    /// little detail to be known again.
    pub firm_bits: u32,
    /// The bits of every window in which the middle of a larger picture may lie
    /// that this one was cut from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Bits>,
}

impl Likeness {
    /// False if the picture has so little detail that pictures of other plain
    /// things would look the same.
    pub fn is_comparable(&self) -> bool {
        self.firm_bits >= COMPARABLE_FIRM_BITS_MIN
    }

    /// The bits by which an original of this picture is to be asked for.
    pub fn asked(&self) -> Vec<Bits> {
        let turned = self.bits.turned();
        turned.into_iter().chain(self.windows.clone()).collect()
    }

    /// How the picture lies to one that was found by the bits at this place of
    /// [`Self::asked`].
    pub fn position(asked: usize) -> Position {
        match asked {
            0 => Position::AsIs,
            1..8 => Position::Turned,
            _ => Position::Cut,
        }
    }
}

/// How a picture lies to another one that looks the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// Upright both.
    #[default]
    AsIs,
    /// Turned by quarters, or mirrored, or both.
    Turned,
    /// Its borders are missing.
    Cut,
}

/// Looks at the upright picture; `None` if it is empty or larger than any that
/// an instrument is given.
pub fn measure(view: LumaView<'_>) -> Option<Likeness> {
    let sums = Sums::of(view)?;
    let middle = (MARGIN, 1.0 - MARGIN);
    let own = sums.strip(middle).coefficients(middle);
    let mut windows = Vec::new();
    for (down, across) in self::windows() {
        let strip = sums.strip(down);
        windows.extend(
            across
                .iter()
                .map(|window| signs(&strip.coefficients(*window))),
        );
    }
    Some(Likeness {
        bits: signs(&own),
        firm_bits: own.iter().map(|row| firm(row)).sum(),
        windows,
    })
}

/// BLAKE3 over size, layout and every sample in hex, of a picture coded in luma and
/// colour differences over its luma: equal pixels, whatever stands around them in
/// the file. No colour is changed so that every pixel keeps its luma.
pub fn pixels_blake3(pixels: &Pixels, coded: Layout) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&pixels.width_px().to_be_bytes());
    hasher.update(&pixels.height_px().to_be_bytes());
    hasher.update(format!("{coded:?}").as_bytes());
    hasher.update(pixels.samples());
    hasher.finalize().to_hex().to_string()
}

/// Start and end along a side, in shares of it.
type Stretch = (f64, f64);

/// Where the middle of a larger picture lies within a copy that lacks up to
/// [`WINDOW_STEPS`] steps at its borders: from where to where down, and for each of
/// these across.
fn windows() -> impl Iterator<Item = (Stretch, Vec<Stretch>)> {
    // What a side lacks at its two ends, in steps.
    let cuts = |most: u32| (0..=most).flat_map(move |a| (0..=most - a).map(move |b| (a, b)));
    let within = |(start, end): (u32, u32)| {
        let (start, end) = (f64::from(start) * WINDOW_STEP, f64::from(end) * WINDOW_STEP);
        let kept = 1.0 - start - end;
        ((MARGIN - start) / kept, (1.0 - MARGIN - start) / kept)
    };
    cuts(WINDOW_STEPS).map(move |down| {
        let left = WINDOW_STEPS - down.0 - down.1;
        let across = cuts(left).filter(|across| (down, *across) != ((0, 0), (0, 0)));
        (within(down), across.map(within).collect())
    })
}

type Coefficients = [[f32; FREQUENCIES]; FREQUENCIES];

/// The cosines by frequency and sample.
static COSINES: LazyLock<[[f32; SAMPLES]; FREQUENCIES]> = LazyLock::new(|| {
    std::array::from_fn(|frequency| {
        std::array::from_fn(|sample| {
            let half_waves = (frequency + 1) as f64 * (2 * sample + 1) as f64;
            (std::f64::consts::PI * half_waves / (2 * SAMPLES) as f64).cos() as f32
        })
    })
});

fn signs(coefficients: &Coefficients) -> Bits {
    let flat = coefficients.as_flattened();
    Bits::of(|place| flat.get(place).is_some_and(|c| *c > 0.0))
}

fn firm(row: &[f32]) -> u32 {
    row.iter().filter(|c| c.abs() >= FIRM_LEVELS).count() as u32
}

/// The sum of all samples above and left of each, from which the mean of any
/// part of the picture is known at once (Crow 1984).
struct Sums {
    sums: Vec<u32>,
    width: usize,
    height: usize,
}

impl Sums {
    fn of(view: LumaView<'_>) -> Option<Self> {
        let (width, height) = (view.width_px as usize, view.height_px as usize);
        let samples = width.checked_mul(height)?;
        if samples == 0 || samples > SAMPLES_MAX {
            return None;
        }
        let mut sums = vec![0_u32; (width + 1) * (height + 1)];
        for (y, row) in view.rows().enumerate() {
            let (above, below) = sums.split_at_mut((y + 1) * (width + 1));
            let above = above.get(y * (width + 1)..)?;
            let mut across = 0;
            let line = below.iter_mut().zip(above).skip(1).zip(row);
            for ((sum, above), sample) in line {
                across += u32::from(*sample);
                *sum = above + across;
            }
        }
        Some(Self {
            sums,
            width,
            height,
        })
    }

    /// The rows of samples of all windows that reach from here to there down.
    fn strip(&self, down: Stretch) -> Strip<'_> {
        let edges = edges(down, self.height);
        let mut sums: Vec<f64> = Vec::with_capacity((SAMPLES + 1) * (self.width + 1));
        for y in edges {
            let (row, part) = whole_and_part(y, self.height);
            let upper = self.line(row);
            let lower = self.line((row + 1).min(self.height));
            sums.extend(upper.iter().zip(lower).map(|(upper, lower)| {
                let (upper, lower) = (f64::from(*upper), f64::from(*lower));
                upper + part * (lower - upper)
            }));
        }
        Strip {
            picture: self,
            share: down.1 - down.0,
            sums,
        }
    }

    /// The sums on the line above row `y`.
    fn line(&self, y: usize) -> &[u32] {
        let length = self.width + 1;
        self.sums.get(y * length..(y + 1) * length).unwrap_or(&[])
    }
}

/// The sums on the edges of the rows of samples.
struct Strip<'a> {
    picture: &'a Sums,
    /// Of the picture's height.
    share: f64,
    /// Edge by edge, each as wide as the picture and one.
    sums: Vec<f64>,
}

impl Strip<'_> {
    /// Amplitudes of the cosines in a window, in grey levels.
    fn coefficients(&self, across: Stretch) -> Coefficients {
        let Sums { width, height, .. } = *self.picture;
        let places = edges(across, width).map(|x| {
            let (column, part) = whole_and_part(x, width);
            (column, (column + 1).min(width), part)
        });
        let area = (across.1 - across.0) * self.share;
        let area = area * (width * height) as f64 / (SAMPLES * SAMPLES) as f64;
        let along = |line: &[f64]| -> [f64; SAMPLES + 1] {
            places.map(|(column, next, part)| {
                let at = |x: usize| line.get(x).copied().unwrap_or_default();
                let left = at(column);
                left + part * (at(next) - left)
            })
        };
        let mut lines = self.sums.chunks_exact(width + 1);
        let mut samples = [[0.0_f32; SAMPLES]; SAMPLES];
        let mut above = along(lines.next().unwrap_or(&[]));
        for (row, line) in samples.iter_mut().zip(lines) {
            let below = along(line);
            let strip: [f64; SAMPLES + 1] = std::array::from_fn(|n| below[n] - above[n]);
            let sums = strip.array_windows();
            row.iter_mut()
                .zip(sums)
                .for_each(|(sample, [left, right])| *sample = ((right - left) / area) as f32);
            above = below;
        }
        // Rows first, then columns.
        let cosines = &*COSINES;
        let across: [[f32; FREQUENCIES]; SAMPLES] =
            std::array::from_fn(|y| std::array::from_fn(|k| dot(&samples[y], &cosines[k])));
        let amplitude = 4.0 / (SAMPLES * SAMPLES) as f32;
        let columns: [[f32; SAMPLES]; FREQUENCIES] =
            std::array::from_fn(|k| std::array::from_fn(|y| across[y][k]));
        std::array::from_fn(|row| {
            std::array::from_fn(|column| dot(&columns[column], &cosines[row]) * amplitude)
        })
    }
}

fn dot(a: &[f32; SAMPLES], b: &[f32; SAMPLES]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (a, _) = a.as_chunks::<8>();
    let (b, _) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}

/// Where the samples of a window begin and end, in pixels.
fn edges((start, end): (f64, f64), side: usize) -> [f64; SAMPLES + 1] {
    let side = side as f64;
    std::array::from_fn(|n| {
        let share = start + (end - start) * n as f64 / SAMPLES as f64;
        (share * side).clamp(0.0, side)
    })
}

fn whole_and_part(at: f64, side: usize) -> (usize, f64) {
    let whole = (at as usize).min(side);
    (whole, at - whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::{Gray, shrink};
    use crate::measure::pixels::Layout;
    use crate::measure::recipe::{blur, gaussian, picture, scatter};

    fn scene(seed: u32) -> Gray {
        let blocks = picture(640, 480, |x, y| {
            255.0 * scatter((x / 53.0) as i32, (y / 41.0) as i32, seed)
        });
        blur(&blocks, &gaussian(1.5))
    }

    fn likeness(gray: &Gray) -> Likeness {
        measure(gray.view().unwrap()).unwrap()
    }

    fn pixels(gray: &Gray) -> Pixels {
        Pixels::new(
            gray.data.clone(),
            gray.width_px,
            gray.height_px,
            Layout::Gray,
        )
        .unwrap()
    }

    fn cut(gray: &Gray, x: usize, y: usize, width: usize, height: usize) -> Gray {
        let from = gray.width_px as usize;
        let rows =
            (y..y + height).flat_map(|row| &gray.data[row * from + x..row * from + x + width]);
        Gray {
            data: rows.copied().collect(),
            width_px: width as u32,
            height_px: height as u32,
        }
    }

    #[test]
    fn a_smaller_copy_looks_the_same_and_another_scene_does_not() {
        let (a, b) = (scene(1), scene(2));
        let own = likeness(&a);
        assert!(own.firm_bits > 200, "{}", own.firm_bits);
        for width in [320, 160, 100] {
            let small = shrink(a.view().unwrap(), width, width * 3 / 4);
            let apart = own.bits.distance(likeness(&small).bits);
            assert!(apart <= 20, "{width}: {apart}");
        }
        let apart = own.bits.distance(likeness(&b).bits);
        assert!((90..166).contains(&apart), "{apart}");
    }

    #[test]
    fn the_eight_positions_are_those_of_the_turned_picture() {
        let scene = scene(3);
        let own = likeness(&scene).bits.turned();
        let turned = pixels(&scene);
        let mut found = Vec::new();
        for orientation in 1..=8 {
            let bits = likeness(&turned.clone().upright(orientation).into_luma()).bits;
            let apart: Vec<u32> = own.iter().map(|b| b.distance(bits)).collect();
            let nearest = (0..8).min_by_key(|n| apart[*n]).unwrap();
            assert!(apart[nearest] <= 2, "{orientation}: {apart:?}");
            found.push(nearest);
        }
        found.sort_unstable();
        assert_eq!(found, (0..8).collect::<Vec<_>>());
        assert_eq!(own[0], likeness(&scene).bits);
    }

    #[test]
    fn a_copy_that_lacks_its_borders_holds_a_window_that_looks_like_the_original() {
        let scene = scene(4);
        let own = likeness(&scene).bits;
        for (x, y, width, height) in [
            (0, 0, 640, 432),
            (64, 0, 576, 480),
            (20, 11, 608, 456),
            (25, 0, 590, 479),
        ] {
            let copy = likeness(&cut(&scene, x, y, width, height));
            let nearest = copy.windows.iter().map(|b| b.distance(own)).min().unwrap();
            assert!(nearest <= 31, "{x} {y}: {nearest}");
            assert!(copy.bits.distance(own) > nearest);
        }
        assert_eq!(likeness(&scene).windows.len(), 69);
    }

    #[test]
    fn a_wall_has_no_firm_bits() {
        let wall = picture(640, 480, |x, y| {
            150.0 + x / 64.0 - y / 60.0 + 8.0 * scatter(x as i32, y as i32, 7)
        });
        assert!(likeness(&wall).firm_bits < 20);
    }

    #[test]
    fn any_size_has_a_figure_or_none() {
        for (width, height) in [(1, 1), (1, 900), (900, 1), (63, 65)] {
            let tiny = picture(width, height, |x, y| (x * 7.0 + y * 3.0) % 256.0);
            assert_eq!(likeness(&tiny).windows.len(), 69);
        }
    }

    #[test]
    fn pixels_are_told_from_others_by_every_sample_and_by_their_shape() {
        let gray = scene(6);
        let own = pixels_blake3(&pixels(&gray), Layout::Gray);
        let mut other = gray.clone();
        other.data[12_345] ^= 1;
        assert_ne!(own, pixels_blake3(&pixels(&other), Layout::Gray));
        let reshaped = Gray {
            width_px: 480,
            height_px: 640,
            ..gray.clone()
        };
        assert_ne!(own, pixels_blake3(&pixels(&reshaped), Layout::Gray));
        assert_eq!(own, pixels_blake3(&pixels(&gray), Layout::Gray));
        // The same picture with its colours is another one.
        assert_ne!(own, pixels_blake3(&pixels(&gray), Layout::YCbCr));
    }
}
