//! The power spectrum of a square of luma.

use std::f32::consts::{PI, TAU};

use crate::measure::pixels::{Layout, Pixels};

/// Side of a square, a power of two.
pub(super) const SIDE: usize = 128;

/// Samples of a square.
const SAMPLES: usize = SIDE * SIDE;

/// A cosine and a sine.
type Turn = (f32, f32);

/// A square of complex numbers: real and imaginary parts, row by row.
struct Field {
    re: Vec<f32>,
    im: Vec<f32>,
}

/// Power by frequency down and along, each from 0 over SIDE/2 to −1 cycles; `None`
/// beyond the picture, and where luma spreads less than `spread_min`.
pub(super) fn power(pixels: &Pixels, x: usize, y: usize, spread_min: f32) -> Option<Vec<f32>> {
    let mut re = samples(pixels, x, y)?;
    let count = re.len() as f32;
    let mean = re.iter().sum::<f32>() / count;
    let squares = re.iter().map(|v| (v - mean) * (v - mean));
    if (squares.sum::<f32>() / count).sqrt() < spread_min {
        return None;
    }
    // A window that falls to nothing at the borders: Hann's.
    let window: Vec<f32> = (0..SIDE)
        .map(|i| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / SIDE as f32).cos())
        .collect();
    for (row, down) in re.chunks_exact_mut(SIDE).zip(&window) {
        for (v, along) in row.iter_mut().zip(&window) {
            *v = (*v - mean) * down * along;
        }
    }
    let turns = turns();
    // Along the rows first, which stand as columns meanwhile.
    let mut field = Field {
        re: transposed(&re),
        im: vec![0.0; SAMPLES],
    };
    field.transform(&turns);
    field.re = transposed(&field.re);
    field.im = transposed(&field.im);
    field.transform(&turns);
    let parts = field.re.iter().zip(&field.im);
    Some(parts.map(|(re, im)| re * re + im * im).collect())
}

/// The power at the frequency of a wave of this amplitude: half of it stands there,
/// and the window takes away three quarters.
pub(super) fn power_of_wave(amplitude: f32) -> f32 {
    let value = amplitude / 2.0 * (SIDE * SIDE) as f32 / 4.0;
    value * value
}

fn samples(pixels: &Pixels, x: usize, y: usize) -> Option<Vec<f32>> {
    let channels = pixels.channels();
    let mut field = Vec::with_capacity(SAMPLES);
    for row in y..y + SIDE {
        let row = pixels.row(row).get(x * channels..(x + SIDE) * channels)?;
        field.extend(
            row.chunks_exact(channels)
                .map(|px| match (pixels.layout(), px) {
                    // Green stands for luma: near enough for a period.
                    (Layout::Rgb, [_, green, _]) => f32::from(*green),
                    _ => px.first().copied().map_or(0.0, f32::from),
                }),
        );
    }
    Some(field)
}

fn transposed(field: &[f32]) -> Vec<f32> {
    let rows = field.as_chunks::<SIDE>().0;
    let mut turned = Vec::with_capacity(SAMPLES);
    for x in 0..SIDE {
        turned.extend(rows.iter().map(|row| row[x]));
    }
    turned
}

/// The roots of one.
fn turns() -> Vec<Turn> {
    (0..SIDE / 2)
        .map(|i| {
            let (sin, cos) = (-2.0 * PI * i as f32 / SIDE as f32).sin_cos();
            (cos, sin)
        })
        .collect()
}

impl Field {
    /// The fast Fourier transform of Cooley and Tukey (1965) of every column, in
    /// place. A step is the same for all of them, so that whole rows go through the
    /// vector units.
    fn transform(&mut self, turns: &[Turn]) {
        let bits = SIDE.trailing_zeros();
        for i in 0..SIDE {
            let j = i.reverse_bits() >> (usize::BITS - bits);
            if i < j {
                swap_rows(&mut self.re, i, j);
                swap_rows(&mut self.im, i, j);
            }
        }
        let mut half = 1;
        while half < SIDE {
            let re = self.re.chunks_exact_mut(2 * half * SIDE);
            for (re, im) in re.zip(self.im.chunks_exact_mut(2 * half * SIDE)) {
                let (low_re, high_re) = re.split_at_mut(half * SIDE);
                let (low_im, high_im) = im.split_at_mut(half * SIDE);
                let low = rows(low_re).zip(rows(low_im));
                let high = rows(high_re).zip(rows(high_im));
                let turns = turns.iter().step_by(SIDE / 2 / half);
                for ((low, high), turn) in low.zip(high).zip(turns) {
                    butterfly(low, high, *turn);
                }
            }
            half *= 2;
        }
    }
}

/// The real or imaginary parts of a row.
type Row = [f32; SIDE];

fn rows(field: &mut [f32]) -> impl Iterator<Item = &mut Row> {
    field.as_chunks_mut::<SIDE>().0.iter_mut()
}

fn swap_rows(field: &mut [f32], i: usize, j: usize) {
    let (low, high) = field.split_at_mut(j * SIDE);
    let upper = low.get_mut(i * SIDE..(i + 1) * SIDE);
    if let (Some(upper), Some(lower)) = (upper, high.get_mut(..SIDE)) {
        upper.swap_with_slice(lower);
    }
}

fn butterfly(
    (low_re, low_im): (&mut Row, &mut Row),
    (high_re, high_im): (&mut Row, &mut Row),
    (cos, sin): Turn,
) {
    for x in 0..SIDE {
        let (re, im) = (high_re[x], high_im[x]);
        let (re, im) = (re * cos - im * sin, re * sin + im * cos);
        high_re[x] = low_re[x] - re;
        high_im[x] = low_im[x] - im;
        low_re[x] += re;
        low_im[x] += im;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_one_frequency_and_power_is_kept() {
        let wave = |i: usize| (TAU * 9.0 * i as f32 / SIDE as f32).cos();
        let mut field = Field {
            re: (0..SAMPLES).map(|at| wave(at / SIDE)).collect(),
            im: vec![0.0; SAMPLES],
        };
        field.transform(&turns());
        for (at, (re, im)) in field.re.iter().zip(&field.im).enumerate() {
            let i = at / SIDE;
            let expected = if i == 9 || i == SIDE - 9 { 64.0 } else { 0.0 };
            assert!((re.hypot(*im) - expected).abs() < 1e-3, "{i}");
        }
    }
}
