//! How light or dark a picture is, where it is clipped, and how noisy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision_scale;
use super::sharpness::{Grid, noise_floor};
use crate::media::LumaView;

/// Darkest level that still counts as black, full range (forensics.md 2a).
const BLACK_LEVELS: u8 = 5;
/// Lightest level that does not yet count as white (forensics.md 2a).
const WHITE_LEVELS: u8 = 250;

/// Least spread of a tile whose darkest level counts, grey levels: a wall has its own
/// shade and nothing darker. Named guess.
const VEIL_SPREAD_MIN: u8 = 24;
/// Tiles that say something together of a veil. Named guess.
const VEIL_TILES_MIN: usize = 4;

/// Exposure of one picture at the decision scale, in grey levels 0 to 255 of
/// the full range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Exposure {
    /// Tiles in a row.
    pub columns: u32,
    /// Rows of tiles.
    pub rows: u32,
    /// Share of each tile that is black (level 5 or less), 0.0 to 1.0.
    pub black_ratio: Vec<f32>,
    /// Share of each tile that is white (level 250 or more), 0.0 to 1.0.
    pub white_ratio: Vec<f32>,
    /// Mean level.
    pub mean_levels: f32,
    /// Level that 5 % of the picture do not exceed.
    pub p5_levels: u8,
    /// Level that 95 % of the picture do not exceed.
    pub p95_levels: u8,
    /// Noise: the lower quartile over the tiles.
    pub noise_levels: f32,
    /// How dark the darkest of each part is, the median over the tiles in which levels
    /// differ at all: the dark channel (He, Sun and Tang, CVPR 2009) of luma. Clear air
    /// leaves something dark nearly everywhere; haze and a veil of light lift it.
    /// `None` without such tiles, and in measurements of before it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub veil_levels: Option<u8>,
}

/// What levels a luma plane uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// 0 to 255: photos.
    Full,
    /// 16 to 235: most video (ITU-R BT.601, BT.709).
    Limited,
}

impl Range {
    fn full(self, level: u8) -> u8 {
        match self {
            Self::Full => level,
            Self::Limited => {
                let level = f32::from(level.clamp(16, 235)) - 16.0;
                (level * 255.0 / 219.0).round() as u8
            }
        }
    }
}

/// Measures a picture of any size.
pub fn measure(luma: LumaView<'_>, range: Range) -> Exposure {
    if luma.width_px.max(luma.height_px) <= decision_scale::LONG_SIDE_PX {
        return measure_reduced(luma, range);
    }
    let reduced = decision_scale::reduce(luma);
    reduced
        .view()
        .map(|view| measure_reduced(view, range))
        .unwrap_or_default()
}

fn measure_reduced(luma: LumaView<'_>, range: Range) -> Exposure {
    let grid = Grid::over(luma.width_px, luma.height_px);
    let mut found = Exposure {
        columns: grid.columns,
        rows: grid.rows,
        ..Exposure::default()
    };
    let mut whole = [0_u32; 256];
    let mut darkest: Vec<u8> = Vec::with_capacity(grid.count());
    for (_, y0, y1) in grid.bands() {
        for (x0, x1) in grid.columns() {
            let mut tile = [0_u32; 256];
            for y in y0..y1 {
                for level in luma.row(y).get(x0..x1).unwrap_or(&[]) {
                    if let Some(count) = tile.get_mut(usize::from(*level)) {
                        *count += 1;
                    }
                }
            }
            let count: u32 = tile.iter().sum();
            let share = |is_in: fn(u8) -> bool| {
                let inside: u32 = levels(&tile)
                    .filter(|(level, _)| is_in(range.full(*level)))
                    .map(|(_, count)| count)
                    .sum();
                thousandths(inside as f32 / count.max(1) as f32)
            };
            found.black_ratio.push(share(|level| level <= BLACK_LEVELS));
            found.white_ratio.push(share(|level| level >= WHITE_LEVELS));
            let (dark, light) = (
                range.full(quantile(&tile, count, 0.02)),
                range.full(quantile(&tile, count, 0.98)),
            );
            if light.saturating_sub(dark) >= VEIL_SPREAD_MIN {
                darkest.push(dark);
            }
            whole.iter_mut().zip(tile).for_each(|(sum, n)| *sum += n);
        }
    }
    let count: u32 = whole.iter().sum();
    let sum: f64 = levels(&whole)
        .map(|(level, n)| f64::from(range.full(level)) * f64::from(n))
        .sum();
    found.mean_levels = thousandths((sum / f64::from(count.max(1))) as f32);
    found.p5_levels = range.full(quantile(&whole, count, 0.05));
    found.p95_levels = range.full(quantile(&whole, count, 0.95));
    found.noise_levels = thousandths(noise_floor(luma, &grid));
    if darkest.len() >= VEIL_TILES_MIN {
        darkest.sort_unstable();
        found.veil_levels = darkest.get(darkest.len() / 2).copied();
    }
    found
}

fn levels(histogram: &[u32; 256]) -> impl Iterator<Item = (u8, u32)> + '_ {
    (0..=u8::MAX).zip(histogram.iter().copied())
}

fn quantile(histogram: &[u32; 256], count: u32, share: f64) -> u8 {
    let rank = (share * f64::from(count)).ceil().max(1.0) as u32;
    let mut seen = 0;
    levels(histogram)
        .find(|(_, n)| {
            seen += n;
            seen >= rank
        })
        .map_or(0, |(level, _)| level)
}

/// Rounded to what is worth storing.
fn thousandths(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::{picture, scatter, stones};

    #[test]
    fn clipped_parts_are_found_where_they_are() {
        // Left quarter black, right quarter white, the middle at 100.
        let split = picture(800, 600, |x, _| {
            if x < 200.0 {
                5.0
            } else if x >= 600.0 {
                250.0
            } else {
                100.0
            }
        });
        let found = measure(split.view().unwrap(), Range::Full);
        assert_eq!((found.columns, found.rows), (8, 6));
        assert_eq!(
            &found.black_ratio[..8],
            &[1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            &found.white_ratio[..8],
            &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
        );
        assert_eq!((found.p5_levels, found.p95_levels), (5, 250));
        assert!((found.mean_levels - 113.75).abs() < 0.01);
        let inside = picture(80, 60, |x, _| if x < 40.0 { 6.0 } else { 249.0 });
        let found = measure(inside.view().unwrap(), Range::Full);
        assert!(
            found
                .black_ratio
                .iter()
                .chain(&found.white_ratio)
                .all(|r| *r == 0.0)
        );
    }

    #[test]
    fn haze_lifts_the_darkest_of_every_part_and_plain_walls_say_nothing() {
        let scene = stones(640, 480);
        let veil = |share: f32| {
            let hazy = picture(640, 480, |x, y| {
                let own = f32::from(scene.data[y as usize * 640 + x as usize]);
                own * (1.0 - share) + 220.0 * share
            });
            measure(hazy.view().unwrap(), Range::Full).veil_levels
        };
        let (clear, hazy) = (veil(0.0).unwrap(), veil(0.7).unwrap());
        assert!(clear < 60 && hazy > 140, "{clear}, {hazy}");
        let wall = picture(640, 480, |x, _| 190.0 + x / 64.0);
        let found = measure(wall.view().unwrap(), Range::Full);
        assert_eq!(found.veil_levels, None);
    }

    #[test]
    fn limited_range_is_read_as_full() {
        let video = picture(64, 48, |x, _| if x < 32.0 { 16.0 } else { 235.0 });
        let found = measure(video.view().unwrap(), Range::Limited);
        assert_eq!((found.p5_levels, found.p95_levels), (0, 255));
        assert_eq!(found.mean_levels, 127.5);
    }

    #[test]
    fn noise_is_told_from_none_and_every_size_is_finite() {
        let grain = |w, h| {
            picture(w, h, |x, y| {
                100.0 + 30.0 * (scatter(x as i32, y as i32, 2) - 0.5)
            })
        };
        let found = measure(grain(640, 480).view().unwrap(), Range::Full);
        // The spread of a uniform number over 30 levels is 30/√12.
        assert!(
            (found.noise_levels - 8.66).abs() < 1.0,
            "{}",
            found.noise_levels
        );
        for (w, h) in [(1, 1), (1, 3000), (3, 2), (2049, 1)] {
            let found = measure(grain(w, h).view().unwrap(), Range::Full);
            assert!(found.mean_levels.is_finite() && found.noise_levels.is_finite());
            assert!(found.black_ratio.iter().all(|r| r.is_finite()));
        }
    }
}
