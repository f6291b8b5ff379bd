//! Coefficients of blocks from all over the picture.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

use crate::measure::pixels::{Layout, Pixels};

/// Side of a JPEG block.
const SIDE: usize = 8;
/// Half a block further the grid of the file does not show.
const BETWEEN_PX: usize = 4;
/// Blocks that are taken at most, of each kind. Named guess: with so many the
/// chance of gaps lies well below what a first compression leaves.
const BLOCKS_MAX: usize = 6_000;

/// The values of one coefficient.
#[derive(Debug, Default)]
pub(super) struct Coefficient {
    /// In blocks of the file's grid.
    pub(super) aligned: Vec<f32>,
    /// In blocks between them.
    pub(super) between: Vec<f32>,
}

/// The values of every coefficient asked for.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) blocks_count: u32,
    pub(super) coefficients: Vec<Coefficient>,
}

/// Takes the coefficients `places`, row by row, of evenly spread blocks. Blocks
/// with black or white are left out: cutting off moves their values.
#[inline(always)]
pub(super) fn take(pixels: &Pixels, places: Vec<usize>) -> Samples {
    let bases: Vec<[f32; SIDE * SIDE]> = places.iter().map(|at| basis(*at)).collect();
    let mut samples = Samples {
        blocks_count: 0,
        coefficients: places.iter().map(|_| Coefficient::default()).collect(),
    };
    // The last row and column of blocks have no whole block beyond them.
    let columns = (pixels.width_px() as usize / SIDE).saturating_sub(1);
    let rows = (pixels.height_px() as usize / SIDE).saturating_sub(1);
    let step = (columns * rows).div_ceil(BLOCKS_MAX).max(1);
    for at in (0..columns * rows).step_by(step) {
        let (x, y) = (at % columns * SIDE, at / columns * SIDE);
        let aligned = block(pixels, x, y);
        let between = block(pixels, x + BETWEEN_PX, y + BETWEEN_PX);
        let (Some(aligned), Some(between)) = (aligned, between) else {
            continue;
        };
        samples.blocks_count += 1;
        for (values, basis) in samples.coefficients.iter_mut().zip(&bases) {
            values.aligned.push(product(&aligned, basis));
            values.between.push(product(&between, basis));
        }
    }
    samples
}

/// The basis picture of a coefficient, orthonormal as in T.81 A.3.3.
fn basis(at: usize) -> [f32; SIDE * SIDE] {
    let wave = |frequency: usize, k: usize| {
        let norm = if frequency == 0 { FRAC_1_SQRT_2 } else { 1.0 };
        norm / 2.0 * ((2 * k + 1) as f32 * frequency as f32 * PI / 16.0).cos()
    };
    std::array::from_fn(|i| wave(at % SIDE, i % SIDE) * wave(at / SIDE, i / SIDE))
}

#[inline(always)]
fn product(block: &[f32; SIDE * SIDE], basis: &[f32; SIDE * SIDE]) -> f32 {
    // Eight sums side by side, so that they go through the vector units.
    let mut sums = [0.0_f32; SIDE];
    for (a, b) in block
        .as_chunks::<SIDE>()
        .0
        .iter()
        .zip(basis.as_chunks::<SIDE>().0)
    {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// Luma of a block; `None` beyond the picture and where it is cut off.
#[inline(always)]
fn block(pixels: &Pixels, x: usize, y: usize) -> Option<[f32; SIDE * SIDE]> {
    if pixels.layout() == Layout::Rgb {
        return None;
    }
    let channels = pixels.channels();
    let mut block = [0.0; SIDE * SIDE];
    for (k, out) in block.as_chunks_mut::<SIDE>().0.iter_mut().enumerate() {
        let row = pixels.row(y + k);
        let samples = row.get(x * channels..(x + SIDE) * channels)?;
        let mut levels = [0_u8; SIDE];
        let own = samples.iter().step_by(channels);
        levels
            .iter_mut()
            .zip(own)
            .for_each(|(to, level)| *to = *level);
        if levels.iter().any(|level| matches!(*level, 0 | u8::MAX)) {
            return None;
        }
        *out = levels.map(f32::from);
    }
    Some(block)
}
