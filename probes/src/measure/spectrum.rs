//! Power spectra of squares and lines of luma.

use std::f32::consts::{PI, TAU};

use crate::measure::pixels::{Layout, Pixels};
use crate::measure::wide::wide;

/// Side of a square, a power of two.
pub(super) const SIDE: usize = 128;

/// Samples of a square.
const SAMPLES: usize = SIDE * SIDE;
/// Squares along each side of a picture of which [`squares`] are taken.
const SQUARES: usize = 3;
/// Squares with a smaller spread of luma are flat and not asked, grey levels.
const SPREAD_MIN: f32 = 3.0;

/// A cosine and a sine.
type Turn = (f32, f32);

/// The spectra of nine squares from all over the picture at its own resolution,
/// without those that are flat; none of a picture smaller than a square.
pub fn squares(pixels: &Pixels) -> Vec<Vec<f32>> {
    let (width, height) = (pixels.width_px() as usize, pixels.height_px() as usize);
    if width < SIDE || height < SIDE {
        return Vec::new();
    }
    let start = |i: usize, side: usize| (side - SIDE) * i / (SQUARES - 1);
    let places = (0..SQUARES).flat_map(|row| (0..SQUARES).map(move |column| (row, column)));
    places
        .filter_map(|(row, column)| {
            power(pixels, start(column, width), start(row, height), SPREAD_MIN)
        })
        .collect()
}

/// The spectra of two squares of SIDE × SIDE samples at one go: one is the real, one
/// the imaginary part of what is transformed, and the symmetry of real samples tells
/// the two apart again. A square that is too short counts as black below its end.
pub(super) fn powers(first: &[f32], second: &[f32]) -> [Vec<f32>; 2] {
    let window = window(SIDE);
    let weighted = |square: &[f32]| {
        let mean = square.iter().sum::<f32>() / SAMPLES as f32;
        let mut samples = square.to_vec();
        samples.resize(SAMPLES, 0.0);
        weigh(&mut samples, mean, &window);
        samples
    };
    let field = Field {
        re: weighted(first),
        im: weighted(second),
    }
    .transformed();
    let part = |sign: f32| -> Vec<f32> {
        let cells = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
        cells
            .map(|(x, y)| {
                let mirrored = (SIDE - y) % SIDE * SIDE + (SIDE - x) % SIDE;
                let (Some(a), Some(b)) = (field.at(y * SIDE + x), field.at(mirrored)) else {
                    return 0.0;
                };
                let (re, im) = (a.0 + sign * b.0, a.1 - sign * b.1);
                (re * re + im * im) / 4.0
            })
            .collect()
    };
    [part(1.0), part(-1.0)]
}

/// Power of a line by frequency, from 0 to half a cycle a sample. As many samples
/// from its middle are taken as make a power of two; none of fewer than two.
pub(super) fn power_of_line(samples: &[f32]) -> Vec<f32> {
    let Some(bits) = samples.len().checked_ilog2().filter(|bits| *bits > 0) else {
        return Vec::new();
    };
    let length = 1_usize << bits;
    let middle = samples.iter().skip((samples.len() - length) / 2);
    let mean = middle.clone().take(length).sum::<f32>() / length as f32;
    let mut field = Field {
        re: middle
            .zip(window(length))
            .map(|(v, weight)| (v - mean) * weight)
            .collect(),
        im: vec![0.0; length],
    };
    field.transform_columns::<1>(&turns(length));
    let mut power = field.power();
    power.truncate(length / 2 + 1);
    power
}

/// A window that falls to nothing at the borders: Hann's.
fn window(length: usize) -> Vec<f32> {
    (0..length)
        .map(|i| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / length as f32).cos())
        .collect()
}

/// Takes the mean from a square and lets it fall to nothing at its borders.
fn weigh(square: &mut [f32], mean: f32, window: &[f32]) {
    for (row, down) in square.chunks_exact_mut(SIDE).zip(window) {
        for (v, along) in row.iter_mut().zip(window) {
            *v = (*v - mean) * down * along;
        }
    }
}

/// Power by frequency down and along, each from 0 over SIDE/2 to −1 cycles; `None`
/// beyond the picture, and where luma spreads less than `spread_min`.
fn power(pixels: &Pixels, x: usize, y: usize, spread_min: f32) -> Option<Vec<f32>> {
    let mut re = samples(pixels, x, y)?;
    let count = re.len() as f32;
    let mean = re.iter().sum::<f32>() / count;
    let squares = re.iter().map(|v| (v - mean) * (v - mean));
    if (squares.sum::<f32>() / count).sqrt() < spread_min {
        return None;
    }
    weigh(&mut re, mean, &window(SIDE));
    let im = vec![0.0; SAMPLES];
    Some(Field { re, im }.transformed().power())
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

/// The roots of one of which `length` make a turn, half of them.
fn turns(length: usize) -> Vec<Turn> {
    (0..length / 2)
        .map(|i| {
            let (sin, cos) = (-2.0 * PI * i as f32 / length as f32).sin_cos();
            (cos, sin)
        })
        .collect()
}

/// Complex numbers: real and imaginary parts, row by row.
struct Field {
    re: Vec<f32>,
    im: Vec<f32>,
}

impl Field {
    /// The transform of a square along and down.
    fn transformed(mut self) -> Self {
        let turns = turns(SIDE);
        // Along the rows first, which stand as columns meanwhile.
        for _ in 0..2 {
            self = Self {
                re: transposed(&self.re),
                im: transposed(&self.im),
            };
            wide!(self.transform_columns::<SIDE>(&turns));
        }
        self
    }

    /// The fast Fourier transform of Cooley and Tukey (1965) of every column, in
    /// place. A step is the same for all of them, so that whole rows go through the
    /// vector units. There are as many rows as a power of two, and `turns` are of
    /// that length.
    #[inline(always)]
    fn transform_columns<const COLUMNS: usize>(&mut self, turns: &[Turn]) {
        let length = self.re.len() / COLUMNS;
        let bits = length.trailing_zeros();
        for i in 0..length {
            let j = i.reverse_bits() >> (usize::BITS - bits);
            if i < j {
                swap_rows::<COLUMNS>(&mut self.re, i, j);
                swap_rows::<COLUMNS>(&mut self.im, i, j);
            }
        }
        let mut half = 1;
        while half < length {
            let re = self.re.chunks_exact_mut(2 * half * COLUMNS);
            for (re, im) in re.zip(self.im.chunks_exact_mut(2 * half * COLUMNS)) {
                let (low_re, high_re) = re.split_at_mut(half * COLUMNS);
                let (low_im, high_im) = im.split_at_mut(half * COLUMNS);
                let low = rows::<COLUMNS>(low_re).zip(rows(low_im));
                let high = rows::<COLUMNS>(high_re).zip(rows(high_im));
                let turns = turns.iter().step_by(length / 2 / half);
                for ((low, high), turn) in low.zip(high).zip(turns) {
                    butterfly(low, high, *turn);
                }
            }
            half *= 2;
        }
    }

    fn at(&self, i: usize) -> Option<(f32, f32)> {
        self.re.get(i).copied().zip(self.im.get(i).copied())
    }

    fn power(&self) -> Vec<f32> {
        let parts = self.re.iter().zip(&self.im);
        parts.map(|(re, im)| re * re + im * im).collect()
    }
}

fn transposed(square: &[f32]) -> Vec<f32> {
    let rows = square.as_chunks::<SIDE>().0;
    let mut turned = Vec::with_capacity(SAMPLES);
    for x in 0..SIDE {
        turned.extend(rows.iter().map(|row| row[x]));
    }
    turned
}

fn rows<const COLUMNS: usize>(field: &mut [f32]) -> impl Iterator<Item = &mut [f32; COLUMNS]> {
    field.as_chunks_mut::<COLUMNS>().0.iter_mut()
}

fn swap_rows<const COLUMNS: usize>(field: &mut [f32], i: usize, j: usize) {
    let (low, high) = field.split_at_mut(j * COLUMNS);
    let upper = low.get_mut(i * COLUMNS..(i + 1) * COLUMNS);
    if let (Some(upper), Some(lower)) = (upper, high.get_mut(..COLUMNS)) {
        upper.swap_with_slice(lower);
    }
}

#[inline(always)]
fn butterfly<const COLUMNS: usize>(
    (low_re, low_im): (&mut [f32; COLUMNS], &mut [f32; COLUMNS]),
    (high_re, high_im): (&mut [f32; COLUMNS], &mut [f32; COLUMNS]),
    (cos, sin): Turn,
) {
    for x in 0..COLUMNS {
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
        let columns = |count: usize| Field {
            re: (0..SIDE * count).map(|at| wave(at / count)).collect(),
            im: vec![0.0; SIDE * count],
        };
        let mut square = columns(SIDE);
        square.transform_columns::<SIDE>(&turns(SIDE));
        let mut line = columns(1);
        line.transform_columns::<1>(&turns(SIDE));
        for (field, count) in [(square, SIDE), (line, 1)] {
            for (at, power) in field.power().iter().enumerate() {
                let i = at / count;
                let expected = if i == 9 || i == SIDE - 9 { 64.0 } else { 0.0 };
                assert!((power.sqrt() - expected).abs() < 1e-3, "{i} of {count}");
            }
        }
    }

    #[test]
    fn two_squares_at_one_go_are_what_they_are_alone() {
        let wave = |cycles_x: f32, cycles_y: f32| -> Vec<f32> {
            (0..SIDE * SIDE)
                .map(|i| {
                    let (x, y) = ((i % SIDE) as f32, (i / SIDE) as f32);
                    128.0 + 60.0 * (TAU * (cycles_x * x + cycles_y * y) / SIDE as f32).cos()
                })
                .collect()
        };
        let (a, b) = (wave(9.0, 4.0), wave(20.0, -7.0));
        let flat = vec![50.0; SIDE * SIDE];
        let [alone, nothing] = powers(&a, &flat);
        let [first, second] = powers(&a, &b);
        let highest = |power: &[f32]| {
            let cells = power.iter().enumerate();
            let best = cells.max_by(|x, y| x.1.total_cmp(y.1)).unwrap().0;
            (best % SIDE, best / SIDE)
        };
        assert!([(9, 4), (SIDE - 9, SIDE - 4)].contains(&highest(&first)));
        assert!([(20, SIDE - 7), (SIDE - 20, 7)].contains(&highest(&second)));
        let most = alone.iter().copied().fold(0.0, f32::max);
        for (one, other) in alone.iter().zip(&first) {
            assert!((one - other).abs() < 1e-3 * most);
        }
        assert!(nothing.iter().all(|v| *v < 1e-6 * most));
    }

    #[test]
    fn a_line_of_any_length_has_its_frequencies() {
        for length in [0_usize, 1, 2, 3, 100, 1024, 1500] {
            let line: Vec<f32> = (0..length).map(|i| (TAU * i as f32 / 4.0).cos()).collect();
            let power = power_of_line(&line);
            let used = match length {
                0 | 1 => 0,
                _ => 1_usize << length.ilog2(),
            };
            assert_eq!(power.len(), if used == 0 { 0 } else { used / 2 + 1 });
            if used >= 64 {
                let highest = (0..power.len()).max_by(|a, b| power[*a].total_cmp(&power[*b]));
                assert_eq!(highest, Some(used / 4));
            }
        }
    }
}
