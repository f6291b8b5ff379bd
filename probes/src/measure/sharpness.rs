//! How sharp a picture is, tile by tile, at the decision scale.
//!
//! Facts only: which width of edge is sharp enough is for the checks to say.
//! Method and sources: research/forensics.md 2a. Two measures go together,
//! because each has a blind side: edge widths are in pixels and independent of
//! contrast, but a strong blur leaves no edges to measure; the blur of Crete
//! et al. needs no edges, but noise lowers it. Both are taken along four
//! directions and the worst counts, since blur by motion leaves the edges
//! along its path perfectly sharp.

mod crete;
mod edges;
mod steepness;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::decision_scale::{self, Gray};
use crate::measure::noise;
use crate::measure::wide::wide;
use crate::measurements::Region;
use crate::media::LumaView;

/// Tiles along the longer side of the picture.
const TILES_LONG: u32 = 8;
/// Tiles along the shorter side.
const TILES_SHORT: u32 = 6;
/// Smallest side of a tile that is measured: below it, no edge has room.
const TILE_SIDE_MIN_PX: usize = 16;
/// Least slope of an edge in grey levels a pixel (research/forensics.md 2a).
const SLOPE_MIN: f32 = 6.0;
/// Least slope in multiples of the noise (research/forensics.md 2a).
const SLOPE_NOISES: f32 = 3.0;
/// Edge pixels that make a tile textured (research/forensics.md 2a).
const EDGES_MIN: u32 = 30;
/// How much smaller the coarse view is, in which blur of a few pixels is gone.
const COARSE: u32 = 4;
/// Least slope in the coarse view in grey levels a coarse pixel: a step of 32
/// levels spread over 16 pixels of the decision scale. Named guess.
const COARSE_SLOPE_MIN: f32 = 8.0;
/// Edge pixels in the coarse view that show that there is something to see: as
/// many as `EDGES_MIN` of an edge line a quarter as long. Named guess.
const COARSE_EDGES_MIN: u32 = 8;
/// Edges of one direction that give that direction a width of its own.
const EDGES_OF_DIRECTION_MIN: u32 = 12;
/// Which edge width stands for a direction: the lower third. Blur widens every
/// edge, while shadows and round things are wide in sharp pictures too.
const WIDTH_QUANTILE: f32 = 0.33;

/// Sharpness of one picture at the decision scale, in tiles row by row from
/// the upper left. The lists have `columns × rows` entries each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sharpness {
    /// Width of the picture at the decision scale.
    pub width_px: u32,
    /// Height of the picture at the decision scale.
    pub height_px: u32,
    /// Tiles in a row.
    pub columns: u32,
    /// Rows of tiles.
    pub rows: u32,
    /// Noise in grey levels, 0 and up: the lower quartile over the tiles.
    pub noise_levels: f32,
    /// What each tile offers.
    pub detail: Vec<Detail>,
    /// Width of the edges of each textured tile from 10 to 90 % of their rise,
    /// in pixels of the decision scale, along the direction in which they are
    /// widest; `null` for the others.
    pub edge_width_px: Vec<Option<f32>>,
    /// Perceptual blur of each tile with detail (Crete et al. 2007), 0.0 sharp
    /// to 1.0, along the direction in which it is highest; `null` for the
    /// others.
    pub blur_ratio: Vec<Option<f32>>,
    /// The steepest step of the edges of each tile over all that they rise, 0.0
    /// soft to 1.0, along the direction in which it is least; `null` for tiles
    /// without enough edges. Empty in measurements of before it was added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steepness_ratio: Vec<Option<f32>>,
    /// How much the blur of each tile differs by direction, 0.0 to 1.0.
    pub blur_direction_ratio: Vec<Option<f32>>,
    /// Direction of the highest blur, 0 to 180 degrees counter-clockwise from
    /// horizontal.
    pub blur_angle_deg: Vec<Option<f32>>,
}

/// What a tile offers to judge sharpness by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// Nothing: a wall, the sky, darkness.
    #[default]
    Plain,
    /// Shapes in the coarse view, and not one clear edge: soft by nature, such
    /// as a cloud, or heavily blurred.
    Vague,
    /// Enough edges to measure.
    Textured,
}

/// What sharp means; for [`Sharpness::summary`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharpLimits {
    /// Widest edges of a sharp tile.
    pub edge_width_px: f32,
    /// Highest blur of a sharp tile.
    pub blur_ratio: f32,
}

/// Sharpness of a picture under given limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Tiles with enough edges.
    pub textured: u32,
    /// Tiles with shapes but no clear edge.
    pub vague: u32,
    /// Sharp tiles.
    pub sharp: u32,
    /// Sharp tiles among the textured and vague ones, 0.0 to 1.0; 0.0 if
    /// there are none of these.
    pub sharp_share: f32,
    /// Tiles in the largest group of sharp tiles that touch by their sides.
    pub group: u32,
    /// True if four sharp tiles form a square somewhere.
    pub square: bool,
    /// The textured and vague tiles that are not sharp, those side by side
    /// joined.
    pub blurred: Vec<Region>,
    /// What kind of blur the tiles that are not sharp show.
    pub kind: BlurKind,
}

/// What kind of blur it is, where that can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum BlurKind {
    /// Too few tiles, or no clear picture.
    #[default]
    Unclear,
    /// The same in all directions: out of focus, or a smeared lens.
    Defocus,
    /// Along one direction, the same over the picture.
    Motion {
        /// 0 to 180 degrees counter-clockwise from horizontal.
        angle_deg: f32,
    },
}

/// Measures a picture of any size. An empty picture has no tiles.
pub fn measure(luma: LumaView<'_>) -> Sharpness {
    if luma.width_px.max(luma.height_px) <= decision_scale::LONG_SIDE_PX {
        return measure_reduced(luma);
    }
    let reduced = decision_scale::reduce(luma);
    reduced.view().map(measure_reduced).unwrap_or_default()
}

fn measure_reduced(luma: LumaView<'_>) -> Sharpness {
    let grid = Grid::over(luma.width_px, luma.height_px);
    let noise_levels = noise_floor(luma, &grid);
    let slope_min = SLOPE_MIN.max(SLOPE_NOISES * noise_levels);
    let fine = wide!(edges::find(luma, &grid, slope_min));
    let small: Gray = decision_scale::shrink(
        luma,
        (luma.width_px / COARSE).max(1),
        (luma.height_px / COARSE).max(1),
    );
    let coarse = small.view().map(|view| {
        let grid = grid.scaled(view.width_px, view.height_px);
        wide!(edges::find(view, &grid, COARSE_SLOPE_MIN))
    });
    let blur = wide!(crete::measure(luma, &grid));
    let mut found = Sharpness {
        width_px: luma.width_px,
        height_px: luma.height_px,
        columns: grid.columns,
        rows: grid.rows,
        noise_levels: hundredths(noise_levels),
        steepness_ratio: wide!(steepness::measure(luma, &grid))
            .into_iter()
            .map(|tile| tile.map(hundredths))
            .collect(),
        ..Sharpness::default()
    };
    for tile in 0..grid.count() {
        let edges = fine.get(tile);
        let count = edges.map_or(0, edges::Widths::count);
        let vague = coarse
            .as_ref()
            .and_then(|tiles| tiles.get(tile))
            .is_some_and(|edges| edges.count() >= COARSE_EDGES_MIN);
        let detail = if count >= EDGES_MIN {
            Detail::Textured
        } else if vague {
            Detail::Vague
        } else {
            Detail::Plain
        };
        let width = edges
            .filter(|_| detail == Detail::Textured)
            .and_then(|edges| edges.widest_px(WIDTH_QUANTILE, EDGES_OF_DIRECTION_MIN));
        let blur = blur
            .get(tile)
            .copied()
            .flatten()
            .filter(|_| detail != Detail::Plain);
        found.detail.push(detail);
        found.edge_width_px.push(width.map(hundredths));
        found.blur_ratio.push(blur.map(|b| hundredths(b.highest())));
        found
            .blur_direction_ratio
            .push(blur.map(|b| hundredths(b.spread())));
        found
            .blur_angle_deg
            .push(blur.map(|b| b.angle_deg().round()));
    }
    found
}

impl Sharpness {
    /// True if the tile is sharp under these limits.
    fn is_sharp(&self, tile: usize, limits: SharpLimits) -> bool {
        let width = self.edge_width_px.get(tile).copied().flatten();
        let blur = self.blur_ratio.get(tile).copied().flatten();
        width.is_some_and(|w| w <= limits.edge_width_px)
            && blur.is_some_and(|b| b <= limits.blur_ratio)
    }

    /// The edge width that `share` of the tiles with detail keep within, in
    /// pixels of the decision scale; a tile without a clear edge counts as
    /// infinitely wide. `None` if there is no tile with detail, or no width.
    pub fn width_of_sharpest_px(&self, share: f32) -> Option<f32> {
        self.of_sharpest(&self.edge_width_px, share)
    }

    /// The blur that `share` of the tiles with detail keep within, 0.0 to 1.0;
    /// `None` as above.
    pub fn blur_of_sharpest(&self, share: f32) -> Option<f32> {
        self.of_sharpest(&self.blur_ratio, share)
    }

    fn of_sharpest(&self, values: &[Option<f32>], share: f32) -> Option<f32> {
        let mut ranked: Vec<f32> = self
            .detail
            .iter()
            .zip(values)
            .filter(|(detail, _)| **detail != Detail::Plain)
            .map(|(_, value)| value.unwrap_or(f32::INFINITY))
            .collect();
        ranked.sort_by(f32::total_cmp);
        let rank = (share.clamp(0.0, 1.0) * ranked.len() as f32).ceil() as usize;
        ranked
            .get(rank.max(1) - 1)
            .copied()
            .filter(|value| value.is_finite())
    }

    /// The steepness that `share` of the tiles with detail reach, 0.0 to 1.0: one
    /// number for how sharp the picture is. A tile with shapes in the coarse view
    /// and no edge has none at all. `None` if there is no tile to judge by.
    pub fn steepness_of_sharpest(&self, share: f32) -> Option<f32> {
        let tiles = self.detail.iter().zip(&self.steepness_ratio);
        let mut ranked: Vec<f32> = tiles
            .filter_map(|(detail, steepness)| {
                steepness.or((*detail != Detail::Plain).then_some(0.0))
            })
            .collect();
        ranked.sort_by(|a, b| b.total_cmp(a));
        let rank = (share.clamp(0.0, 1.0) * ranked.len() as f32).ceil() as usize;
        ranked.get(rank.max(1) - 1).copied()
    }

    /// What the tiles say together under these limits.
    pub fn summary(&self, limits: SharpLimits) -> Summary {
        let count = |wanted| self.detail.iter().filter(|d| **d == wanted).count() as u32;
        let (textured, vague) = (count(Detail::Textured), count(Detail::Vague));
        let sharp: Vec<bool> = (0..self.detail.len())
            .map(|tile| self.is_sharp(tile, limits))
            .collect();
        let sharp_count = sharp.iter().filter(|s| **s).count() as u32;
        let with_detail = textured + vague;
        let blurred: Vec<bool> = self
            .detail
            .iter()
            .zip(&sharp)
            .map(|(detail, sharp)| *detail != Detail::Plain && !sharp)
            .collect();
        Summary {
            textured,
            vague,
            sharp: sharp_count,
            sharp_share: sharp_count as f32 / with_detail.max(1) as f32,
            group: self.largest_group(&sharp),
            square: self.has_square(&sharp),
            kind: self.blur_kind(&blurred),
            blurred: self.regions(&blurred),
        }
    }

    fn at(&self, marked: &[bool], column: usize, row: usize) -> bool {
        column < self.columns as usize
            && marked
                .get(row * self.columns as usize + column)
                .copied()
                .unwrap_or(false)
    }

    fn has_square(&self, sharp: &[bool]) -> bool {
        let cells = |f: fn(u32) -> u32| 0..f(self.rows) as usize;
        cells(|rows| rows).any(|row| {
            (0..self.columns as usize).any(|column| {
                [(0, 0), (1, 0), (0, 1), (1, 1)]
                    .iter()
                    .all(|(dx, dy)| self.at(sharp, column + dx, row + dy))
            })
        })
    }

    fn largest_group(&self, sharp: &[bool]) -> u32 {
        let columns = self.columns as usize;
        let mut open = sharp.to_vec();
        let mut largest = 0;
        for start in 0..open.len() {
            let mut stack = vec![start];
            let mut size = 0;
            while let Some(tile) = stack.pop() {
                match open.get_mut(tile) {
                    Some(unseen) if *unseen => *unseen = false,
                    _ => continue,
                }
                size += 1;
                let (column, row) = (tile % columns, tile / columns);
                if column > 0 {
                    stack.push(tile - 1);
                }
                if column + 1 < columns {
                    stack.push(tile + 1);
                }
                if row > 0 {
                    stack.push(tile - columns);
                }
                stack.push(tile + columns);
            }
            largest = largest.max(size);
        }
        largest
    }

    /// The marked tiles as regions of the picture, joined along each row.
    fn regions(&self, marked: &[bool]) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        let (w, h) = (1.0 / f64::from(self.columns), 1.0 / f64::from(self.rows));
        for row in 0..self.rows as usize {
            let mut column = 0;
            while column < self.columns as usize {
                let start = column;
                while self.at(marked, column, row) {
                    column += 1;
                }
                if column > start {
                    regions.push(Region {
                        x: start as f64 * w,
                        y: row as f64 * h,
                        w: (column - start) as f64 * w,
                        h,
                    });
                }
                column += 1;
            }
        }
        regions
    }

    /// Motion if the blur of the marked tiles has one direction, the same in
    /// most of them; defocus if it has none.
    fn blur_kind(&self, marked: &[bool]) -> BlurKind {
        /// Tiles needed to say anything. Named guess.
        const TILES_MIN: usize = 4;
        /// Least difference by direction, as far as the tiles agree on it, of
        /// a blur by motion. Measured with `examples/photo_sharpness.rs`: blur
        /// of 9 to 30 px along five directions 0.04 to 0.19, blur without
        /// direction 0.05 at most.
        const MOTION_RATIO: f32 = 0.045;
        /// Least agreement of the tiles on the direction, measured likewise:
        /// 0.62 and more for 19 in 20 of the first, 0.77 and less for 19 in 20
        /// of the second.
        const AGREEMENT: f32 = 0.6;
        let (mut sum_cos, mut sum_sin, mut sum, mut count) = (0.0_f32, 0.0_f32, 0.0_f32, 0);
        let per_tile = self.blur_direction_ratio.iter().zip(&self.blur_angle_deg);
        for ((spread, angle), _) in per_tile.zip(marked).filter(|(_, marked)| **marked) {
            if let (Some(spread), Some(angle)) = (spread, angle) {
                let doubled = (2.0 * angle).to_radians();
                sum_cos += spread * doubled.cos();
                sum_sin += spread * doubled.sin();
                sum += spread;
                count += 1;
            }
        }
        if count < TILES_MIN {
            return BlurKind::Unclear;
        }
        let together = sum_cos.hypot(sum_sin);
        let angle_deg = (sum_sin.atan2(sum_cos).to_degrees() / 2.0).rem_euclid(180.0);
        match (
            together / count as f32 >= MOTION_RATIO,
            together >= AGREEMENT * sum,
        ) {
            (true, true) => BlurKind::Motion { angle_deg },
            (false, _) => BlurKind::Defocus,
            (true, false) => BlurKind::Unclear,
        }
    }
}

/// How a picture is cut into tiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Tiles in a row.
    pub(crate) columns: u32,
    /// Rows of tiles.
    pub(crate) rows: u32,
    /// Left edges of the columns, and the picture's width at the end.
    pub(crate) x_px: Vec<usize>,
    /// Upper edges of the rows, and the picture's height at the end.
    pub(crate) y_px: Vec<usize>,
}

impl Grid {
    /// 8×6 tiles, upright pictures 6×8; fewer where tiles would be too small.
    pub(crate) fn over(width_px: u32, height_px: u32) -> Self {
        let (across, down) = if width_px >= height_px {
            (TILES_LONG, TILES_SHORT)
        } else {
            (TILES_SHORT, TILES_LONG)
        };
        let most = |px: u32| (px / TILE_SIDE_MIN_PX as u32).max(1);
        Self::cut(
            width_px,
            height_px,
            across.min(most(width_px)),
            down.min(most(height_px)),
        )
    }

    /// The same tiles over the same picture in another size.
    fn scaled(&self, width_px: u32, height_px: u32) -> Self {
        Self::cut(width_px, height_px, self.columns, self.rows)
    }

    fn cut(width_px: u32, height_px: u32, columns: u32, rows: u32) -> Self {
        let cuts = |px: u32, parts: u32| {
            (0..=parts)
                .map(|i| (u64::from(px) * u64::from(i) / u64::from(parts)) as usize)
                .collect()
        };
        Self {
            columns,
            rows,
            x_px: cuts(width_px, columns),
            y_px: cuts(height_px, rows),
        }
    }

    /// Tiles in all.
    pub(crate) fn count(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// Rows of tiles from the top: index of the first tile, first pixel row,
    /// and the pixel row after the last.
    pub(crate) fn bands(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let ends = self.y_px.iter().skip(1);
        self.y_px
            .iter()
            .zip(ends)
            .enumerate()
            .map(|(row, (y0, y1))| (row * self.columns as usize, *y0, *y1))
    }

    /// Columns of tiles from the left: first pixel and the pixel after the
    /// last.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let ends = self.x_px.iter().skip(1);
        self.x_px.iter().zip(ends).map(|(x0, x1)| (*x0, *x1))
    }
}

/// The lower quartile of the tiles' noise: texture only ever adds to it.
pub(crate) fn noise_floor(luma: LumaView<'_>, grid: &Grid) -> f32 {
    let mut tiles: Vec<f32> = grid
        .bands()
        .flat_map(|(_, y0, y1)| grid.columns().map(move |(x0, x1)| (x0, x1, y0, y1)))
        .filter_map(|(x0, x1, y0, y1)| noise::immerkaer(luma, x0, x1, y0, y1))
        .collect();
    tiles.sort_by(f32::total_cmp);
    tiles.get(tiles.len() / 4).copied().unwrap_or(0.0)
}

/// Rounded to what is worth storing.
fn hundredths(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests;
