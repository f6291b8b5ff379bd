//! The power spectrum of a square of luma.

use std::f32::consts::{PI, TAU};

use crate::measure::pixels::{Layout, Pixels};

/// Side of a square, a power of two.
pub(super) const SIDE: usize = 128;

/// Real and imaginary part.
type Complex = (f32, f32);

/// Power by frequency down and along, each from 0 over SIDE/2 to −1 cycles; `None`
/// beyond the picture, and where luma spreads less than `spread_min`.
pub(super) fn power(pixels: &Pixels, x: usize, y: usize, spread_min: f32) -> Option<Vec<f32>> {
    let mut field = samples(pixels, x, y)?;
    let count = field.len() as f32;
    let mean = field.iter().map(|(v, _)| v).sum::<f32>() / count;
    let squares = field.iter().map(|(v, _)| (v - mean) * (v - mean));
    if (squares.sum::<f32>() / count).sqrt() < spread_min {
        return None;
    }
    // A window that falls to nothing at the borders: Hann's.
    let window: Vec<f32> = (0..SIDE)
        .map(|i| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / SIDE as f32).cos())
        .collect();
    for (row, down) in field.chunks_exact_mut(SIDE).zip(&window) {
        for (v, along) in row.iter_mut().zip(&window) {
            v.0 = (v.0 - mean) * down * along;
        }
    }
    let turns = turns();
    for row in field.chunks_exact_mut(SIDE) {
        transform(row, &turns);
    }
    let mut turned = transposed(&field);
    for column in turned.chunks_exact_mut(SIDE) {
        transform(column, &turns);
    }
    let field = transposed(&turned);
    Some(field.iter().map(|(re, im)| re * re + im * im).collect())
}

/// The power at the frequency of a wave of this amplitude: half of it stands there,
/// and the window takes away three quarters.
pub(super) fn power_of_wave(amplitude: f32) -> f32 {
    let value = amplitude / 2.0 * (SIDE * SIDE) as f32 / 4.0;
    value * value
}

fn samples(pixels: &Pixels, x: usize, y: usize) -> Option<Vec<Complex>> {
    let channels = pixels.channels();
    let mut field = Vec::with_capacity(SIDE * SIDE);
    for row in y..y + SIDE {
        let row = pixels.row(row).get(x * channels..(x + SIDE) * channels)?;
        field.extend(
            row.chunks_exact(channels)
                .map(|px| match (pixels.layout(), px) {
                    // Green stands for luma: near enough for a period.
                    (Layout::Rgb, [_, green, _]) => (f32::from(*green), 0.0),
                    _ => (px.first().copied().map_or(0.0, f32::from), 0.0),
                }),
        );
    }
    Some(field)
}

fn transposed(field: &[Complex]) -> Vec<Complex> {
    let at = |i: usize| field.get(i % SIDE * SIDE + i / SIDE).copied();
    (0..SIDE * SIDE).filter_map(at).collect()
}

/// The roots of one.
fn turns() -> Vec<Complex> {
    (0..SIDE / 2)
        .map(|i| {
            let (sin, cos) = (-2.0 * PI * i as f32 / SIDE as f32).sin_cos();
            (cos, sin)
        })
        .collect()
}

/// The fast Fourier transform of Cooley and Tukey (1965), in place.
fn transform(line: &mut [Complex], turns: &[Complex]) {
    let bits = SIDE.trailing_zeros();
    for i in 0..SIDE {
        let j = i.reverse_bits() >> (usize::BITS - bits);
        if i < j {
            line.swap(i, j);
        }
    }
    let mut half = 1;
    while half < SIDE {
        for group in line.chunks_exact_mut(2 * half) {
            let (low, high) = group.split_at_mut(half);
            let turns = turns.iter().step_by(SIDE / 2 / half);
            for ((a, b), (cos, sin)) in low.iter_mut().zip(high).zip(turns) {
                let turned = (b.0 * cos - b.1 * sin, b.0 * sin + b.1 * cos);
                *b = (a.0 - turned.0, a.1 - turned.1);
                *a = (a.0 + turned.0, a.1 + turned.1);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_one_frequency_and_power_is_kept() {
        let mut line: Vec<Complex> = (0..SIDE)
            .map(|i| ((TAU * 9.0 * i as f32 / SIDE as f32).cos(), 0.0))
            .collect();
        transform(&mut line, &turns());
        for (i, (re, im)) in line.iter().enumerate() {
            let expected = if i == 9 || i == SIDE - 9 { 64.0 } else { 0.0 };
            assert!((re.hypot(*im) - expected).abs() < 1e-3, "{i}");
        }
    }
}
