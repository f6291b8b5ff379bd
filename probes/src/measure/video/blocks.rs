//! Edges of coding blocks in one picture, at native size.
//!
//! Codecs of pictures work on blocks of 8 pixels from the upper left corner.
//! At a low bit rate neighbouring blocks no longer meet, and steps appear on
//! that grid and on no other. Texture that repeats every 8 pixels, such as
//! tiles, blinds or a mesh, has its steps at any place of the 8, seldom at just
//! this one along both axes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::wide::wide;
use crate::media::LumaView;

/// Side of a block.
const BLOCK_PX: usize = 8;
/// Each so many rows and columns are looked at.
const EVERY: usize = 4;
/// A step above this many grey levels is an edge of the scene; it would drown
/// the steps that coding makes.
const STEP_MAX: i16 = 24;
/// Smallest side that is measured: six blocks.
const SIDE_MIN_PX: u32 = 48;

/// Steps on the grid of coding blocks of one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BlockEdges {
    /// Mean step between pixels on the grid of 8 pixels in grey levels, beyond
    /// that of their neighbours and beyond the highest of any other place;
    /// along the axis where it is lower. Below 0 there is no grid.
    pub excess_levels: f32,
    /// Mean step between neighbouring pixels off the grid in grey levels: what
    /// the scene itself has.
    pub detail_levels: f32,
}

/// Measures a picture; `None` if it is too small.
pub(super) fn measure(luma: LumaView<'_>) -> Option<BlockEdges> {
    if luma.width_px.min(luma.height_px) < SIDE_MIN_PX {
        return None;
    }
    let mut across = Phases::default();
    for row in luma.rows().step_by(EVERY) {
        across.along(row);
    }
    let down = wide!(down(luma));
    Some(BlockEdges {
        excess_levels: across.excess().min(down.excess()),
        detail_levels: (across.detail() + down.detail()) / 2.0,
    })
}

/// Steps along columns, four rows at a time.
#[inline(always)]
fn down(luma: LumaView<'_>) -> Phases {
    let mut phases = Phases::default();
    let mut rows: [Vec<u8>; 4] = std::array::from_fn(|_| Vec::new());
    for (y, row) in luma.rows().enumerate() {
        rows.rotate_left(1);
        rows[3].clear();
        rows[3].extend(row.iter().step_by(EVERY));
        // The latest row but one is where the middle step of the four ends.
        if y >= 3 {
            phases.across(&rows, (y - 1) % BLOCK_PX);
        }
    }
    phases
}

/// The step from one level to the next.
#[inline(always)]
fn step(a: u8, b: u8) -> i16 {
    i16::from(a.abs_diff(b)).min(STEP_MAX)
}

/// Sums by the place within a block.
#[derive(Debug, Default)]
struct Phases {
    /// Steps beyond their neighbours' mean, doubled.
    excess: [i64; BLOCK_PX],
    steps: [i64; BLOCK_PX],
    count: [i64; BLOCK_PX],
}

impl Phases {
    fn along(&mut self, line: &[u8]) {
        // The step at place `x` is from pixel x − 1 to pixel x.
        for (x, four) in line.array_windows::<4>().enumerate() {
            let [before, here, after] = [
                step(four[0], four[1]),
                step(four[1], four[2]),
                step(four[2], four[3]),
            ];
            let place = (x + 2) % BLOCK_PX;
            self.add(
                place,
                i64::from(2 * here - before - after),
                i64::from(here),
                1,
            );
        }
    }

    /// The middle step of each column of four rows, which ends at this place.
    #[inline(always)]
    fn across(&mut self, [a, b, c, d]: &[Vec<u8>; 4], place: usize) {
        let columns = a.iter().zip(b).zip(c).zip(d);
        // At most 48 a column: a row of 65,535 columns has room.
        let (mut excess, mut steps) = (0_i32, 0_i32);
        for (((a, b), c), d) in columns {
            let (before, here, after) = (step(*a, *b), step(*b, *c), step(*c, *d));
            let beyond = here
                .wrapping_mul(2)
                .wrapping_sub(before)
                .wrapping_sub(after);
            excess = excess.wrapping_add(i32::from(beyond));
            steps = steps.wrapping_add(i32::from(here));
        }
        self.add(place, i64::from(excess), i64::from(steps), a.len() as i64);
    }

    fn add(&mut self, place: usize, excess: i64, steps: i64, count: i64) {
        if let (Some(excess_sum), Some(steps_sum), Some(count_sum)) = (
            self.excess.get_mut(place),
            self.steps.get_mut(place),
            self.count.get_mut(place),
        ) {
            *excess_sum += excess;
            *steps_sum += steps;
            *count_sum += count;
        }
    }

    fn mean(sums: &[i64; BLOCK_PX], counts: &[i64; BLOCK_PX], place: usize) -> f32 {
        let count = counts.get(place).copied().unwrap_or(0).max(1);
        sums.get(place).copied().unwrap_or(0) as f32 / count as f32
    }

    /// Of the grid beyond the highest of the other places. The place in the
    /// middle is left out: H.264 also has blocks of 4 pixels.
    fn excess(&self) -> f32 {
        let at = |place| Self::mean(&self.excess, &self.count, place) / 2.0;
        let others = [1, 2, 3, 5, 6, 7].map(at);
        at(0) - others.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    fn detail(&self) -> f32 {
        let others = [1, 2, 3, 5, 6, 7].map(|place| Self::mean(&self.steps, &self.count, place));
        others.iter().sum::<f32>() / others.len() as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::Gray;
    use crate::measure::recipe::{checker, picture, scatter, stones};

    fn of(gray: &Gray) -> BlockEdges {
        measure(gray.view().unwrap()).unwrap()
    }

    /// Every block 8 by 8 becomes its mean and a share of what it was.
    fn coded(gray: &Gray, kept: f32, x0: u32) -> Gray {
        let (w, h) = (gray.width_px, gray.height_px);
        let at = |x: u32, y: u32| f32::from(gray.data[(y.min(h - 1) * w + x.min(w - 1)) as usize]);
        picture(w, h, |x, y| {
            let (x, y) = (x as u32, y as u32);
            let (bx, by) = ((x + 8 - x0) / 8 * 8, y / 8 * 8);
            let mut mean = 0.0;
            for j in 0..8 {
                for i in 0..8 {
                    mean += at((bx + i).saturating_sub(8 - x0), by + j) / 64.0;
                }
            }
            mean + kept * (at(x, y) - mean)
        })
    }

    #[test]
    fn coarse_blocks_have_an_excess_and_the_scene_has_none() {
        let scene = stones(640, 480);
        let clean = of(&scene);
        assert!(clean.excess_levels < 0.1, "{clean:?}");
        let coarse = of(&coded(&scene, 0.2, 8));
        assert!(coarse.excess_levels > 1.0, "{coarse:?}");
        let off_grid = of(&coded(&scene, 0.2, 3));
        assert!(off_grid.excess_levels < 0.0, "{off_grid:?}");
    }

    #[test]
    fn tiles_blinds_and_noise_are_no_blocks() {
        let tiles = picture(640, 480, |x, y| {
            let joint = (x as u32 + 3).is_multiple_of(8) || (y as u32 + 5).is_multiple_of(8);
            if joint { 60.0 } else { 180.0 }
        });
        // On the grid, and along one axis only.
        let blinds = picture(640, 480, |_, y| {
            if (y as u32 / 8).is_multiple_of(2) {
                90.0
            } else {
                160.0
            }
        });
        let noise = picture(640, 480, |x, y| {
            90.0 + 40.0 * scatter(x as i32, y as i32, 3)
        });
        for (name, gray) in [
            ("tiles", tiles),
            ("blinds", blinds),
            ("noise", noise),
            ("checker", checker(640, 480, 37.0)),
        ] {
            let found = of(&gray);
            assert!(found.excess_levels < 0.3, "{name}: {found:?}");
        }
    }

    #[test]
    fn small_pictures_are_not_measured() {
        let gray = stones(47, 200);
        assert_eq!(measure(gray.view().unwrap()), None);
    }
}
