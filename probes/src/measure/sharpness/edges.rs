//! Edges and how wide they are, after Marziliano et al. (ICIP 2002), along
//! four directions instead of one.

use super::Grid;
use crate::media::LumaView;

/// How far an edge is followed to either side.
const REACH_PX: usize = 32;
/// Bins a pixel in the histogram of widths.
const BINS_A_PX: usize = 8;
/// Bins of the histogram; wider edges fall into the last.
const BINS: usize = 48 * BINS_A_PX;
/// An edge must rise by this many grey levels in all to have a width.
const RISE_MIN: i32 = 12;
/// √2 as the length of a diagonal step.
const DIAGONAL_PX: f32 = std::f32::consts::SQRT_2;

/// The edges of one tile by direction in which they rise: along x, along
/// the falling diagonal, along y, along the rising diagonal.
#[derive(Clone, Debug)]
pub(super) struct Widths {
    bins: [Vec<u16>; 4],
    counts: [u32; 4],
}

impl Widths {
    fn new() -> Self {
        Self {
            bins: std::array::from_fn(|_| vec![0; BINS]),
            counts: [0; 4],
        }
    }

    fn add(&mut self, direction: usize, width_px: f32) {
        let bin = ((width_px * BINS_A_PX as f32) as usize).min(BINS - 1);
        let cell = self
            .bins
            .get_mut(direction)
            .and_then(|bins| bins.get_mut(bin));
        if let (Some(cell), Some(count)) = (cell, self.counts.get_mut(direction)) {
            *cell = cell.saturating_add(1);
            *count += 1;
        }
    }

    /// Edge pixels in all, half of which were looked at.
    pub(super) fn count(&self) -> u32 {
        2 * self.measured()
    }

    fn measured(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// The `quantile` of the widths along the direction in which it is
    /// largest; directions with less than `count_min` edge pixels do not count
    /// unless all have less.
    pub(super) fn widest_px(&self, quantile: f32, count_min: u32) -> Option<f32> {
        let widest = |least: u32| {
            (0..4)
                .filter(|d| self.counts.get(*d).is_some_and(|count| 2 * *count >= least))
                .filter_map(|d| self.quantile_px(d, quantile))
                .reduce(f32::max)
        };
        widest(count_min).or_else(|| widest(1))
    }

    fn quantile_px(&self, direction: usize, quantile: f32) -> Option<f32> {
        let count = *self.counts.get(direction)?;
        let rank = (quantile * count as f32).ceil().max(1.0) as u32;
        let mut seen = 0;
        let bins = self.bins.get(direction)?;
        let bin = bins.iter().position(|in_bin| {
            seen += u32::from(*in_bin);
            seen >= rank
        })?;
        Some((bin as f32 + 0.5) / BINS_A_PX as f32)
    }
}

/// The edges of every tile whose slope is at least `slope_min` grey levels a
/// pixel.
#[inline(always)]
pub(super) fn find(luma: LumaView<'_>, grid: &Grid, slope_min: f32) -> Vec<Widths> {
    let mut tiles = vec![Widths::new(); grid.count()];
    let (width, height) = (luma.width_px as usize, luma.height_px as usize);
    if width < 3 || height < 3 {
        return tiles;
    }
    // Sobel sums are eight times the slope; squares are compared.
    let least = ((8.0 * slope_min) as i32).saturating_pow(2);
    let mut slopes = [Slopes::new(width), Slopes::new(width), Slopes::new(width)];
    let mut found = Vec::with_capacity(width);
    for (first, y0, y1) in grid.bands() {
        for y in y0.max(2)..y1.min(height - 2) {
            // Rows stay in the ring until three later ones have replaced them.
            let newest = if y == 2 { y - 1 } else { y + 1 };
            for row in newest..=y + 1 {
                if let Some(slot) = slopes.get_mut(row % 3) {
                    slot.fill(luma, row);
                }
            }
            let [Some(above), Some(here), Some(below)] =
                [y - 1, y, y + 1].map(|row| slopes.get(row % 3))
            else {
                continue;
            };
            found.clear();
            ridge(y, [above, here, below], least, &mut found);
            let mut edges = found.iter().peekable();
            for (column, (_, x1)) in grid.columns().enumerate() {
                while let Some(edge) = edges.next_if(|edge| edge.x < x1) {
                    if let Some(width_px) = width_at(luma, edge, y)
                        && let Some(tile) = tiles.get_mut(first + column)
                    {
                        tile.add(edge.direction, width_px);
                    }
                }
            }
        }
    }
    tiles
}

/// Sobel slopes of one row.
struct Slopes {
    gx: Vec<i16>,
    gy: Vec<i16>,
    square: Vec<i32>,
}

impl Slopes {
    fn new(width: usize) -> Self {
        Self {
            gx: vec![0; width],
            gy: vec![0; width],
            square: vec![0; width],
        }
    }

    #[inline(always)]
    fn fill(&mut self, luma: LumaView<'_>, y: usize) {
        let above = luma.row(y.wrapping_sub(1)).array_windows::<3>();
        let here = luma.row(y).array_windows::<3>();
        let below = luma.row(y + 1).array_windows::<3>();
        let out = self
            .gx
            .iter_mut()
            .zip(&mut self.gy)
            .zip(&mut self.square)
            .skip(1);
        for (((a, h), b), ((gx, gy), square)) in above.zip(here).zip(below).zip(out) {
            // Sums of at most 4 × 255, squares of at most 1020²: no overflow.
            let px = |v: u8| i16::from(v);
            let sum = |a: u8, b: u8, c: u8| {
                px(a)
                    .wrapping_add(px(b).wrapping_mul(2))
                    .wrapping_add(px(c))
            };
            *gx = sum(a[2], h[2], b[2]).wrapping_sub(sum(a[0], h[0], b[0]));
            *gy = sum(b[0], b[1], b[2]).wrapping_sub(sum(a[0], a[1], a[2]));
            let square_of = |g: i16| i32::from(g).wrapping_mul(i32::from(g));
            *square = square_of(*gx).wrapping_add(square_of(*gy));
        }
    }
}

/// One pixel on the crest of an edge.
struct Edge {
    x: usize,
    direction: usize,
    dx: isize,
    dy: isize,
    rising: bool,
}

/// The crest of the slopes: local maxima along the direction of the slope.
/// Every second pixel is looked at, in a pattern that takes half of every
/// straight line of whatever direction.
#[inline(always)]
fn ridge(y: usize, [above, here, below]: [&Slopes; 3], least: i32, found: &mut Vec<Edge>) {
    let rows = [&above.square, &here.square, &below.square];
    let gradients = here.gx.iter().zip(&here.gy).zip(&here.square);
    let last = here.square.len().saturating_sub(2);
    let first = 2 + (y >> 1) % 2;
    for (x, ((&gx, &gy), &square)) in gradients.enumerate().take(last).skip(first).step_by(2) {
        if square < least {
            continue;
        }
        let (gx, gy) = (i32::from(gx), i32::from(gy));
        let (ax, ay) = (gx.abs(), gy.abs());
        // tan 22.5° ≈ 106/256
        let (direction, dx, dy) = if ay * 256 < ax * 106 {
            (0, 1, 0)
        } else if ax * 256 < ay * 106 {
            (2, 0, 1)
        } else if (gx > 0) == (gy > 0) {
            (1, 1, 1)
        } else {
            (3, 1, -1)
        };
        let at = |dx: isize, dy: isize| {
            let row = rows.get(1_usize.wrapping_add_signed(dy))?;
            row.get(x.checked_add_signed(dx)?).copied()
        };
        let after = at(dx, dy).unwrap_or(i32::MAX);
        let before = at(-dx, -dy).unwrap_or(i32::MAX);
        if square >= after && square > before {
            let rising = if direction == 2 { gy > 0 } else { gx > 0 };
            found.push(Edge {
                x,
                direction,
                dx,
                dy,
                rising,
            });
        }
    }
}

/// Width of the edge from 10 to 90 % of its rise, with sub-pixel crossings.
fn width_at(luma: LumaView<'_>, edge: &Edge, y: usize) -> Option<f32> {
    let (width, height) = (luma.width_px as usize, luma.height_px as usize);
    let room = |forwards: bool| {
        let across = match (edge.dx > 0) == forwards {
            _ if edge.dx == 0 => usize::MAX,
            true => width.checked_sub(edge.x + 1)?,
            false => edge.x,
        };
        let down = match (edge.dy > 0) == forwards {
            _ if edge.dy == 0 => usize::MAX,
            true => height.checked_sub(y + 1)?,
            false => y,
        };
        Some(across.min(down).min(REACH_PX))
    };
    let stride = edge.dy * luma.stride_bytes as isize + edge.dx;
    let at = y * luma.stride_bytes + edge.x;
    // Seen from the low side, an edge always rises.
    let flip = if edge.rising { 0 } else { u8::MAX };
    let mut profile = [0_u8; 2 * REACH_PX + 1];
    *profile.get_mut(REACH_PX)? = luma.data.get(at)? ^ flip;
    let (forwards, backwards) = (room(true)?, room(false)?);
    let (behind, ahead) = profile.split_at_mut(REACH_PX + 1);
    let sample = |i: usize, stride: isize| {
        let from = at.checked_add_signed(stride.checked_mul(i as isize)?)?;
        luma.data.get(from).map(|v| v ^ flip)
    };
    let middle = i32::from(*behind.last()?);
    let up = follow(middle, forwards, 1, |i| {
        let v = sample(i, stride)?;
        *ahead.get_mut(i - 1)? = v;
        Some(v)
    });
    let down = follow(middle, backwards, -1, |i| {
        let v = sample(i, -stride)?;
        *behind.get_mut(REACH_PX - i)? = v;
        Some(v)
    });
    let profile = profile.get(REACH_PX - down..=REACH_PX + up)?;
    let (bottom, top) = (i32::from(*profile.first()?), i32::from(*profile.last()?));
    if top - bottom < RISE_MIN {
        return None;
    }
    let rise = (top - bottom) as f32;
    let low = crossing(profile, bottom as f32 + 0.1 * rise)?;
    let high = crossing(profile, bottom as f32 + 0.9 * rise)?;
    let step = if edge.direction % 2 == 1 {
        DIAGONAL_PX
    } else {
        1.0
    };
    Some((high - low).max(0.0) * step)
}

/// How many steps the profile goes on in its direction, at most `reach`. One
/// level step is bridged: grey levels are whole numbers.
fn follow(
    middle: i32,
    reach: usize,
    sign: i32,
    mut sample: impl FnMut(usize) -> Option<u8>,
) -> usize {
    let (mut steps, mut value, mut is_level) = (0, middle, false);
    for i in 1..=reach {
        let Some(next) = sample(i).map(i32::from) else {
            break;
        };
        let gain = sign * (next - value);
        if gain < 0 || (gain == 0 && is_level) {
            break;
        }
        is_level = gain == 0;
        if gain > 0 {
            steps = i;
        }
        value = next;
    }
    steps
}

/// Where a profile that never falls first passes `level`, in steps.
fn crossing(profile: &[u8], level: f32) -> Option<f32> {
    let i = profile.iter().position(|v| f32::from(*v) >= level)?;
    let above = f32::from(*profile.get(i)?);
    match i.checked_sub(1).and_then(|before| profile.get(before)) {
        Some(below) => {
            let below = f32::from(*below);
            Some(i as f32 - (above - level) / (above - below).max(1.0))
        }
        None => Some(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A straight edge between 40 and 200 with a Gaussian profile.
    fn edge_width(sigma_px: f64, nx: f64, ny: f64) -> f32 {
        let side = 96_usize;
        let data: Vec<u8> = (0..side * side)
            .map(|i| {
                let (x, y) = ((i % side) as f64 - 47.3, (i / side) as f64 - 47.3);
                let t = (x * nx + y * ny) / (sigma_px * std::f64::consts::SQRT_2);
                // Abramowitz and Stegun 7.1.26
                let z = t.abs();
                let k = 1.0 / (1.0 + 0.327_591_1 * z);
                let poly = k
                    * (0.254_829_592
                        + k * (-0.284_496_736
                            + k * (1.421_413_741 + k * (-1.453_152_027 + k * 1.061_405_429))));
                let erf = t.signum() * (1.0 - poly * (-z * z).exp());
                (120.0 + 80.0 * erf).round() as u8
            })
            .collect();
        let view = LumaView::new(&data, 96, 96, 96).unwrap();
        let tiles = find(view, &Grid::cut(96, 96, 1, 1), 2.0);
        assert!(tiles[0].count() > 60, "{}", tiles[0].count());
        tiles[0].widest_px(0.5, 12).unwrap()
    }

    #[test]
    fn widths_follow_the_blur_in_every_direction() {
        // A Gaussian edge rises from 10 to 90 % over 2.563 σ.
        let d = std::f64::consts::FRAC_1_SQRT_2;
        for (nx, ny) in [(1.0, 0.0), (0.0, 1.0), (d, d), (d, -d), (-1.0, 0.0)] {
            for sigma_px in [1.0, 2.0, 4.0, 7.0] {
                let expected = 2.563 * sigma_px as f32;
                let found = edge_width(sigma_px, nx, ny);
                let off = (found / expected - 1.0).abs();
                assert!(
                    off < 0.15,
                    "σ {sigma_px} along {nx},{ny}: {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn flat_and_tiny_pictures_have_no_edges() {
        for (w, h) in [(1, 1), (2, 9), (9, 2), (3, 3), (5, 5), (64, 64)] {
            let data = vec![90; (w * h) as usize];
            let view = LumaView::new(&data, w, h, w as usize).unwrap();
            let tiles = find(view, &Grid::over(w, h), 1.0);
            assert!(
                tiles
                    .iter()
                    .all(|t| t.count() == 0 && t.widest_px(0.5, 1).is_none())
            );
        }
    }
}
