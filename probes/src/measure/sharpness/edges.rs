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

    /// Edge pixels in all.
    pub(super) fn count(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// The `quantile` of the widths along the direction in which it is
    /// largest; directions with less than `count_min` edges do not count
    /// unless all have less.
    pub(super) fn widest_px(&self, quantile: f32, count_min: u32) -> Option<f32> {
        let widest = |least: u32| {
            (0..4)
                .filter(|d| self.counts.get(*d).is_some_and(|count| *count >= least))
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
            ridge(above, here, below, least, &mut found);
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
            let px = |v: u8| i16::from(v);
            let left = px(a[0]) + 2 * px(h[0]) + px(b[0]);
            let right = px(a[2]) + 2 * px(h[2]) + px(b[2]);
            let up = px(a[0]) + 2 * px(a[1]) + px(a[2]);
            let down = px(b[0]) + 2 * px(b[1]) + px(b[2]);
            *gx = right - left;
            *gy = down - up;
            *square = i32::from(*gx) * i32::from(*gx) + i32::from(*gy) * i32::from(*gy);
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
fn ridge(above: &Slopes, here: &Slopes, below: &Slopes, least: i32, found: &mut Vec<Edge>) {
    let rows = [&above.square, &here.square, &below.square];
    let gradients = here.gx.iter().zip(&here.gy).zip(&here.square);
    let last = here.square.len().saturating_sub(2);
    for (x, ((&gx, &gy), &square)) in gradients.enumerate().take(last).skip(2) {
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
    let sign = if edge.rising { 1 } else { -1 };
    let sample = |steps: isize| {
        let x = edge.x.checked_add_signed(edge.dx * steps)?;
        let y = y.checked_add_signed(edge.dy * steps)?;
        luma.row(y).get(x).map(|v| sign * i32::from(*v))
    };
    let middle = sample(0)?;
    let mut profile = [0_i32; 2 * REACH_PX + 1];
    let up = follow(middle, |i| sample(i as isize), 1);
    let down = follow(middle, |i| sample(-(i as isize)), -1);
    let (bottom, top) = (down.1, up.1);
    let rise = top - bottom;
    if rise < RISE_MIN {
        return None;
    }
    let length = down.0 + up.0 + 1;
    for (i, slot) in profile.iter_mut().enumerate().take(length) {
        *slot = sample(i as isize - down.0 as isize)?;
    }
    let profile = profile.get(..length)?;
    let rise = rise as f32;
    let low = crossing(profile, bottom as f32 + 0.1 * rise)?;
    let high = crossing(profile, bottom as f32 + 0.9 * rise)?;
    let step = if edge.direction % 2 == 1 {
        DIAGONAL_PX
    } else {
        1.0
    };
    Some((high - low).max(0.0) * step)
}

/// How many steps the profile goes on in its direction, and its value there.
/// One level step is bridged: grey levels are whole numbers.
fn follow(middle: i32, sample: impl Fn(usize) -> Option<i32>, sign: i32) -> (usize, i32) {
    let (mut steps, mut value, mut levels) = (0, middle, 0);
    for i in 1..=REACH_PX {
        let Some(next) = sample(i) else { break };
        let gain = sign * (next - value);
        if gain < 0 || (gain == 0 && levels > 0) {
            break;
        }
        levels = if gain == 0 { levels + 1 } else { 0 };
        if gain > 0 {
            steps = i;
        }
        value = next;
    }
    (steps, value)
}

/// Where a profile that never falls first passes `level`, in steps.
fn crossing(profile: &[i32], level: f32) -> Option<f32> {
    let i = profile.iter().position(|v| *v as f32 >= level)?;
    let above = *profile.get(i)? as f32;
    match i.checked_sub(1).and_then(|before| profile.get(before)) {
        Some(below) => {
            let below = *below as f32;
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
