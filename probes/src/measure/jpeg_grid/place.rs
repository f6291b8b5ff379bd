//! One place: which of the 64 blocks around a pixel has the most zeros.

use super::BLOCK_PX;
use crate::measure::dct::{SCALES, dct};

/// Side of what the 64 blocks around a pixel cover.
pub(super) const WINDOW_PX: usize = 2 * BLOCK_PX - 1;
/// Where the asked pixel stands in its window.
pub(super) const MIDDLE_PX: usize = BLOCK_PX - 1;
/// The finest quantisation of JPEG is to whole numbers, so what lies nearer to
/// zero than to one is a zero (IPOL 11, 2021). Samples are scaled so that this
/// holds of coarser steps too.
const ZERO_BELOW: f32 = 0.5;
/// A window with less between its darkest and its brightest pixel is flat: all
/// its blocks are nothing but zeros.
const CONTRAST_MIN: f32 = 3.0;

/// Samples in a row of a window: one more than are used.
const ROW: usize = 2 * BLOCK_PX;
/// Coefficients along rows of eight neighbouring blocks.
const LANES: usize = BLOCK_PX * BLOCK_PX;

/// Luma around one pixel, scaled, row by row; what lies beyond the window is nothing.
#[derive(Clone, Debug)]
pub(super) struct Window([f32; ROW * ROW]);

impl Window {
    /// No samples yet.
    pub(super) fn new() -> Self {
        Self([0.0; ROW * ROW])
    }

    /// The rows that are used.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        let rows = self.0.chunks_exact(ROW).take(WINDOW_PX);
        rows.filter_map(|row| row.get(..WINDOW_PX))
    }

    /// The rows to write to.
    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let rows = self.0.chunks_exact_mut(ROW).take(WINDOW_PX);
        rows.filter_map(|row| row.get_mut(..WINDOW_PX))
    }
}

/// A block by its corner in the window, column and row.
pub(super) type Corner = (usize, usize);

/// The block with the most zeros of all; and of those that share neither columns nor
/// rows with the grid through `own`. `None` where two have as many, and where the
/// block is constant along rows or columns: then it is the scene that makes the
/// zeros.
#[inline(always)]
pub(super) fn vote(window: &Window, own: Corner) -> (Option<Corner>, Option<Corner>) {
    let samples = window.rows().flatten();
    let (low, high) = samples.fold((f32::MAX, f32::MIN), |(low, high), v| {
        (low.min(*v), high.max(*v))
    });
    if high - low < CONTRAST_MIN {
        return (None, None);
    }
    let zeros = zeros(window);
    let all = most(&zeros, |_| true);
    let others = most(&zeros, |(x, y)| x != own.0 && y != own.1);
    let is_varied = |at: &Corner| !is_constant(window, *at);
    (all.filter(is_varied), others.filter(is_varied))
}

/// The one with the highest count.
fn most(
    counts: &[[u32; BLOCK_PX]; BLOCK_PX],
    counts_for: impl Fn(Corner) -> bool,
) -> Option<Corner> {
    let (mut best, mut at, mut is_tied) = (0, (0, 0), true);
    for (y, row) in counts.iter().enumerate() {
        for (x, count) in row.iter().enumerate().filter(|(x, _)| counts_for((*x, y))) {
            if *count > best {
                (best, at, is_tied) = (*count, (x, y), false);
            } else if *count == best {
                is_tied = true;
            }
        }
    }
    (!is_tied).then_some(at)
}

fn is_constant(window: &Window, (x, y): (usize, usize)) -> bool {
    let rows = || {
        let rows = window.rows().skip(y).take(BLOCK_PX);
        rows.filter_map(|row| row.get(x..x + BLOCK_PX))
    };
    let along_rows = rows().all(|row| row.iter().all(|v| Some(v) == row.first()));
    let along_columns = rows().all(|row| Some(row) == rows().next());
    along_rows || along_columns
}

/// Below which magnitude the coefficient of rows `v` and columns `u` is a zero, at
/// `v` and `8u + x` for all blocks `x`; never for the mean.
const BELOW: [[f32; LANES]; BLOCK_PX] = {
    let mut below = [[0.0; LANES]; BLOCK_PX];
    let mut v = 0;
    while v < BLOCK_PX {
        let mut lane = 0;
        while lane < LANES {
            if v > 0 || lane >= BLOCK_PX {
                let scale = SCALES[v] * SCALES[lane / BLOCK_PX];
                below[v][lane] = ZERO_BELOW * BLOCK_PX as f32 * scale;
            }
            lane += 1;
        }
        v += 1;
    }
    below
};

/// Zeros among the 63 coefficients that vary, for every block of the window, row
/// by row. The loops are long and plain so that they go through the vector
/// units.
#[inline(always)]
fn zeros(window: &Window) -> [[u32; BLOCK_PX]; BLOCK_PX] {
    let mut rows = [[0.0_f32; LANES]; WINDOW_PX];
    for (y, row) in rows.iter_mut().enumerate() {
        for x in 0..BLOCK_PX {
            let mut levels = [0.0; BLOCK_PX];
            for (k, level) in levels.iter_mut().enumerate() {
                *level = window.0[y * ROW + x + k];
            }
            let wave = dct(levels);
            for u in 0..BLOCK_PX {
                row[u * BLOCK_PX + x] = wave[u];
            }
        }
    }
    let mut zeros = [[0; BLOCK_PX]; BLOCK_PX];
    for y in 0..BLOCK_PX {
        let mut counts = [0_u32; LANES];
        for lane in 0..LANES {
            let mut levels = [0.0; BLOCK_PX];
            for k in 0..BLOCK_PX {
                levels[k] = rows[y + k][lane];
            }
            let wave = dct(levels);
            let mut count = 0;
            for v in 0..BLOCK_PX {
                // At most eight: no overflow, and none to be checked for.
                let is_zero = wave[v].abs() < BELOW[v][lane];
                count = u32::wrapping_add(count, u32::from(is_zero));
            }
            counts[lane] = count;
        }
        for lanes in counts.as_chunks::<BLOCK_PX>().0 {
            for (sum, count) in zeros[y].iter_mut().zip(lanes) {
                *sum = u32::wrapping_add(*sum, *count);
            }
        }
    }
    zeros
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::scatter;

    /// Zeros by the definition, the limit moved by `more`.
    fn plain_zeros(window: &Window, x0: usize, y0: usize, more: f64) -> u32 {
        let cos = |k: usize, l: usize| {
            let norm = if l == 0 { 0.5_f64.sqrt() } else { 1.0 };
            norm * ((2 * k + 1) as f64 * l as f64 * std::f64::consts::PI / 16.0).cos()
        };
        let mut zeros = 0;
        for i in 1..64 {
            let mut sum = 0.0;
            for y in 0..8 {
                for x in 0..8 {
                    sum += f64::from(window.0[(y0 + y) * ROW + x0 + x])
                        * cos(x, i % 8)
                        * cos(y, i / 8);
                }
            }
            zeros += u32::from((sum / 4.0).abs() < 0.5 + more);
        }
        zeros
    }

    fn window(f: impl Fn(i32, i32) -> f32) -> Window {
        let mut window = Window::new();
        for (y, row) in window.rows_mut().enumerate() {
            for (x, v) in row.iter_mut().enumerate() {
                *v = f(x as i32, y as i32).round();
            }
        }
        window
    }

    #[test]
    fn zeros_are_those_of_the_definition() {
        for (seed, range) in [(1, 1.5), (2, 4.0), (3, 40.0), (4, 255.0)] {
            let noise = window(|x, y| range * scatter(x, y, seed));
            let counts = zeros(&noise);
            for (y, row) in counts.iter().enumerate() {
                for (x, count) in row.iter().enumerate() {
                    // Where a coefficient is exactly one half, rounding decides.
                    let allowed =
                        plain_zeros(&noise, x, y, -1e-3)..=plain_zeros(&noise, x, y, 1e-3);
                    assert!(allowed.contains(count), "{seed} {x} {y}");
                }
            }
        }
    }

    #[test]
    fn the_block_that_was_rounded_wins_wherever_it_lies() {
        for (x0, y0) in [(0, 0), (7, 7), (3, 5), (6, 0)] {
            // A block of few cosines among noise.
            let (found, _) = vote(
                &window(|x, y| {
                    let (u, v) = (x - x0, y - y0);
                    if (0..8).contains(&u) && (0..8).contains(&v) {
                        let cos = |k: i32| ((2 * k + 1) as f32 * 0.196_35).cos();
                        128.0 + 30.0 * cos(u) + 20.0 * cos(v)
                    } else {
                        255.0 * scatter(x, y, 8)
                    }
                }),
                (0, 0),
            );
            assert_eq!(found, Some((x0 as usize, y0 as usize)));
        }
    }

    #[test]
    fn what_the_scene_makes_is_no_vote() {
        for scene in [
            window(|_, _| 90.0),
            window(|x, _| if x < 8 { 20.0 } else { 200.0 }),
            window(|_, y| 10.0 * y as f32),
        ] {
            assert_eq!(vote(&scene, (3, 3)), (None, None));
        }
    }
}
