//! How steep the steepest step of an edge is beside all that the edge rises.
//!
//! Around a place, along a line: the largest step from one pixel to the next
//! over the range of levels on the line. A line square to an edge that rises within
//! a pixel has 1, to one that rises evenly over eight pixels 1/8: the same as a
//! width, but no edge need be found and followed, and grain counts for little
//! beside a range that is asked to be large. Along a diagonal a step goes √2 pixels
//! and counts for so much less, so that a tile with edges along one axis alone has
//! 0.71 at most. On 51 camera photos of the tuning half and 357 blurred copies of
//! them it told the two apart better than widths or the blur of Crete et al.;
//! `accuracy photo` has the figures.

use super::Grid;
use crate::media::LumaView;

/// Places that are looked at lie this far apart in both axes.
const PLACE_STEP_PX: usize = 3;
/// Pixels on either side of a place along rows and columns.
const AXIS_REACH_PX: usize = 8;
/// Pixels on either side along diagonals, where each is √2 as far.
const DIAGONAL_REACH_PX: usize = 6;
/// Least range that makes an edge, in grey levels: above what grain and the
/// blocks of JPEG reach.
const RANGE_MIN: u8 = 30;
/// Places with an edge that give a direction a figure of its own.
const PLACES_MIN: usize = 16;
/// Which place stands for a direction: most places see an edge not in its middle.
const PLACE_QUANTILE: f32 = 0.6;
/// Classes of the ratio, which is 0.0 to 1.0.
const CLASSES: usize = 100;

/// Counts of ratios along one direction.
#[derive(Clone, Copy)]
struct Ratios {
    counts: [u32; CLASSES + 1],
    count: u32,
}

impl Ratios {
    const NONE: Self = Self {
        counts: [0; CLASSES + 1],
        count: 0,
    };

    fn add(&mut self, step: u8, range: u8) {
        let class = usize::from(step) * CLASSES / usize::from(range).max(1);
        if let Some(count) = self.counts.get_mut(class) {
            *count += 1;
            self.count += 1;
        }
    }

    fn quantile(&self, share: f32) -> Option<f32> {
        if (self.count as usize) < PLACES_MIN {
            return None;
        }
        let rank = (share * self.count as f32).ceil().max(1.0) as u32;
        let mut seen = 0;
        let class = self.counts.iter().position(|n| {
            seen += n;
            seen >= rank
        })?;
        Some((class as f32 + 0.5) / CLASSES as f32)
    }
}

/// Places that are looked at side by side, through the vector units.
const LANES: usize = 32;

/// A line of pixels around a place.
struct Line {
    /// Bytes from a pixel to the next.
    step: usize,
    /// Pixels on either side of the place.
    reach: usize,
    /// How many pixels two on the line are apart.
    apart: f32,
}

/// Steepness of every tile along the direction in which it is least: 0.0 soft to
/// 1.0; `None` for a tile without enough edges in any direction.
#[inline(always)]
pub(super) fn measure(luma: LumaView<'_>, grid: &Grid) -> Vec<Option<f32>> {
    let stride = luma.stride_bytes;
    let (width, height) = (luma.width_px as usize, luma.height_px as usize);
    let line = |step, reach, apart| Line { step, reach, apart };
    let diagonal_px = std::f32::consts::SQRT_2;
    // Along the row, along the column, falling, rising.
    let lines = [
        line(1, AXIS_REACH_PX, 1.0),
        line(stride, AXIS_REACH_PX, 1.0),
        line(stride + 1, DIAGONAL_REACH_PX, diagonal_px),
        line(stride.saturating_sub(1), DIAGONAL_REACH_PX, diagonal_px),
    ];
    let within = AXIS_REACH_PX..width.saturating_sub(AXIS_REACH_PX);
    let columns: Vec<std::ops::Range<usize>> = grid
        .columns()
        .map(|(x0, x1)| x0.max(within.start)..x1.min(within.end))
        .collect();
    let mut seen = Vec::with_capacity(width);
    let mut tiles = Vec::with_capacity(grid.count());
    for (_, y0, y1) in grid.bands() {
        let rows = y0.max(AXIS_REACH_PX)..y1.min(height.saturating_sub(AXIS_REACH_PX));
        let mut ratios = vec![[Ratios::NONE; 4]; columns.len()];
        for y in rows.step_by(PLACE_STEP_PX) {
            for (direction, line) in lines.iter().enumerate() {
                seen.clear();
                look(luma.data, y * stride, &within, line, &mut seen);
                for (tile, columns) in ratios.iter_mut().zip(&columns) {
                    let from = columns.start.saturating_sub(within.start);
                    let to = columns.end.saturating_sub(within.start);
                    let places = seen.get(from..to).unwrap_or(&[]);
                    let Some(ratios) = tile.get_mut(direction) else {
                        continue;
                    };
                    for (steepest, range) in places.iter().step_by(PLACE_STEP_PX) {
                        if *range >= RANGE_MIN {
                            ratios.add(*steepest, *range);
                        }
                    }
                }
            }
        }
        tiles.extend(ratios.iter().map(|ratios| {
            let directions = lines.iter().zip(ratios).filter_map(|(line, ratios)| {
                let ratio = ratios.quantile(PLACE_QUANTILE)?;
                Some(ratio / line.apart)
            });
            directions.reduce(f32::min)
        }));
    }
    tiles
}

/// The largest step and the range of the lines through all places of a row, which
/// starts at `row`; none beyond the first that leaves the picture.
#[inline(always)]
fn look(
    data: &[u8],
    row: usize,
    places: &std::ops::Range<usize>,
    line: &Line,
    seen: &mut Vec<(u8, u8)>,
) {
    let mut x = places.start;
    while x < places.end {
        let count = if x + LANES <= places.end {
            let found = along::<LANES>(data, row + x, line);
            found.map(|(steepest, range)| seen.extend(steepest.into_iter().zip(range)))
        } else {
            let found = along::<1>(data, row + x, line);
            found.map(|(steepest, range)| seen.extend(steepest.into_iter().zip(range)))
        };
        if count.is_none() {
            return;
        }
        x += if x + LANES <= places.end { LANES } else { 1 };
    }
}

/// The largest step and the range of the lines through `N` places from `at` on;
/// `None` where one leaves the picture.
#[inline(always)]
fn along<const N: usize>(data: &[u8], at: usize, line: &Line) -> Option<([u8; N], [u8; N])> {
    let from = at.checked_sub(line.step.checked_mul(line.reach)?)?;
    let pixels = |number: usize| data.get(from + number * line.step..)?.first_chunk::<N>();
    let mut last = pixels(0)?;
    let (mut least, mut most, mut steepest) = (*last, *last, [0_u8; N]);
    for number in 1..=2 * line.reach {
        let here = pixels(number)?;
        for i in 0..N {
            least[i] = least[i].min(here[i]);
            most[i] = most[i].max(here[i]);
            steepest[i] = steepest[i].max(here[i].abs_diff(last[i]));
        }
        last = here;
    }
    for i in 0..N {
        most[i] = most[i].wrapping_sub(least[i]);
    }
    Some((steepest, most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe;

    fn steepness(picture: &crate::measure::decision_scale::Gray) -> Vec<Option<f32>> {
        let view = picture.view().unwrap();
        measure(view, &Grid::over(view.width_px, view.height_px))
    }

    #[test]
    fn a_ramp_is_as_steep_as_it_is_short() {
        for (length, ratio) in [(1.0, 1.0), (4.0, 0.25), (8.0, 0.125)] {
            // Up and down again, with room between.
            let ramp = recipe::picture(512, 384, |x, _| {
                let along = (x % 64.0 - 32.0).abs() - 12.0;
                40.0 + 160.0 * (along / length).clamp(0.0, 1.0)
            });
            // The diagonals are the least steep here, and many places see a part of
            // the ramp only, beside which a step is larger.
            let whole = ratio / std::f32::consts::SQRT_2;
            for tile in steepness(&ramp) {
                let found = tile.unwrap();
                assert!(
                    found > 0.95 * whole && found < 2.0 * whole,
                    "{length}: {found}"
                );
            }
        }
    }

    #[test]
    fn the_least_steep_direction_counts_and_flat_pictures_have_none() {
        let scene = recipe::stones(512, 384);
        let middle = |tiles: Vec<Option<f32>>| {
            let mut known: Vec<f32> = tiles.into_iter().flatten().collect();
            known.sort_by(f32::total_cmp);
            known[known.len() / 2]
        };
        let sharp = middle(steepness(&scene));
        for angle_deg in [0.0, 45.0, 90.0, 135.0] {
            let shaken = recipe::blur(&scene, &recipe::motion(9.0, angle_deg));
            let found = middle(steepness(&shaken));
            assert!(found < 0.6 * sharp, "{angle_deg}: {found} of {sharp}");
        }
        for (w, h) in [(1, 1), (17, 17), (16, 400), (400, 300)] {
            let flat = recipe::picture(w, h, |_, _| 90.0);
            assert!(steepness(&flat).iter().all(Option::is_none));
        }
    }
}
