//! How the spectrum of a picture falls off towards fine detail: how sharp it is in
//! one number, and along which direction it was moved.
//!
//! The power of natural scenes falls by about 25 dB a decade of frequency (Field,
//! JOSA A 4(12), 1987), whatever they show and however far away it is; blur takes
//! more from what is fine. An even movement multiplies the spectrum with a sinc
//! along its path and leaves all other directions alone, so that power differs by
//! direction as it does in no other blur (Yitzhaky and Kopeika, CVGIP 59(5), 1997,
//! take the direction from differences for the same reason). Power is averaged as
//! its logarithm over the squares with most contrast, so that no bright edge speaks
//! for the others; the frequencies next to the axes, on which the edges of
//! buildings and the blocks of JPEG lie, are left out of the directions.
//! `accuracy photo` has the figures.

mod grain;

use std::f32::consts::{FRAC_PI_4, PI};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spectrum::{SIDE, powers};
use crate::media::LumaView;

/// Most squares that are transformed, those with the most contrast; 24 told no better.
const SQUARES_MAX: usize = 16;
/// Squares with a smaller spread of luma are flat, grey levels: rounding and the
/// blocks of JPEG would be most of what their spectrum shows.
const SPREAD_MIN: f32 = 4.0;
/// Added to the power of each frequency, so that none is nothing.
const POWER_MIN: f32 = 1e-3;
/// The coarse shapes, cycles a pixel: without the mean and what the window leaks.
const COARSE: (f32, f32) = (0.008, 0.03);
/// The fine detail, cycles a pixel: periods of four to ten pixels, which readable
/// things have, and which grain and the compression of JPEG hardly reach.
const FINE: (f32, f32) = (0.1, 0.25);
/// How far from a direction the coarse shapes of it may lie.
const COARSE_REACH: f32 = PI / 6.0;
/// How far from a direction the fine detail of it may lie: half the way to the next.
const FINE_REACH: f32 = PI / 8.0;
/// Where the direction of a movement is looked for, cycles a pixel.
const MOVED: (f32, f32) = (0.04, 0.2);
/// Two parts of it whose directions are held against each other.
const MOVED_PARTS: [(f32, f32); 2] = [(0.03, 0.1), (0.1, 0.25)];
/// Frequencies nearer to an axis, in cycles in a square, say nothing of direction.
const AXIS_CYCLES: i32 = 1;
/// No direction is told closer than this, degrees. On the tuning half of `accuracy photo`
/// half of all directions were within two, and 95 % within what is told.
const ANGLE_ERROR_MIN_DEG: f32 = 6.0;

/// How the spectrum of a picture falls off, at the decision scale.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rolloff {
    /// Squares of 128 pixels that were transformed.
    pub squares_count: u32,
    /// Fine detail (0.1 to 0.25 cycles a pixel) against coarse shapes (up to 0.03)
    /// along the row, the rising diagonal, the column and the falling diagonal, dB;
    /// more for sharper.
    pub detail_db: [f32; 4],
    /// How much power differs by direction: the amplitude of its second harmonic
    /// over direction at 0.04 to 0.2 cycles a pixel, dB.
    pub direction_db: f32,
    /// The direction with the least fine detail, 0 to 180 degrees counter-clockwise
    /// from horizontal: the path, if it was a movement.
    pub angle_deg: f32,
    /// How far off that may be: what coarser and finer frequencies make of it apart.
    pub angle_error_deg: f32,
    /// Power at two cycles in a square against four, dB: more where light is spread
    /// far over the picture, as by a smeared lens.
    pub veil_db: f32,
    /// Median of the second differences over their mean, the lower quartile over the
    /// parts with contrast, 0.0 to about 0.7; little where everything between the
    /// edges was smoothed away. `None` without such parts.
    pub grain_ratio: Option<f32>,
    /// The same over all parts that are not flat: about 0.8 of noise alone.
    pub noise_ratio: Option<f32>,
}

impl Rolloff {
    /// How sharp the picture is, dB, more for sharper: the direction with the least
    /// detail, and less by half of how far the directions lie apart, which blur
    /// along one direction alone does.
    pub fn sharpness_db(&self) -> f32 {
        let least = self.detail_db.iter().copied().fold(f32::INFINITY, f32::min);
        let most = self.detail_db.iter().copied().fold(f32::MIN, f32::max);
        least - (most - least) / 2.0
    }
}

/// Measures a picture at the decision scale; `None` if it is smaller than a square
/// or has no square with contrast.
pub fn measure(luma: LumaView<'_>) -> Option<Rolloff> {
    let squares = squares(luma);
    let field = mean_log_power(&squares)?;
    let mut detail_db = [0.0; 4];
    for (i, db) in detail_db.iter_mut().enumerate() {
        let direction = i as f32 * FRAC_PI_4;
        *db = tenths(
            field.mean_db(FINE, direction, FINE_REACH)?
                - field.mean_db(COARSE, direction, COARSE_REACH)?,
        );
    }
    let (direction_db, angle_deg) = field.harmonic(MOVED);
    let off_deg = |part| {
        let apart = (field.harmonic(part).1 - angle_deg).rem_euclid(180.0);
        apart.min(180.0 - apart)
    };
    let [coarser, finer] = MOVED_PARTS.map(off_deg);
    let grain = grain::measure(luma);
    let thousandths = |ratio: f32| (ratio * 1000.0).round() / 1000.0;
    Some(Rolloff {
        squares_count: squares.len() as u32,
        detail_db,
        direction_db: tenths(direction_db),
        angle_deg: angle_deg.round().rem_euclid(180.0),
        angle_error_deg: coarser.max(finer).max(ANGLE_ERROR_MIN_DEG).round(),
        veil_db: tenths(field.ring_db(2)? - field.ring_db(4)?),
        grain_ratio: grain.edged.map(thousandths),
        noise_ratio: grain.all.map(thousandths),
    })
}

/// The squares with the most contrast, side by side over the picture.
fn squares(luma: LumaView<'_>) -> Vec<Vec<f32>> {
    let starts = |side_px: u32| -> Vec<usize> {
        let side = side_px as usize;
        match (side / SIDE, side.checked_sub(SIDE)) {
            (1, Some(room)) => vec![room / 2],
            (count, Some(room)) => (0..count).map(|i| room * i / (count - 1)).collect(),
            (_, None) => Vec::new(),
        }
    };
    let columns = starts(luma.width_px);
    let mut ranked: Vec<(f32, Vec<f32>)> = Vec::new();
    for y in starts(luma.height_px) {
        for x in &columns {
            let rows = (y..y + SIDE).filter_map(|row| luma.row(row).get(*x..x + SIDE));
            let square: Vec<f32> = rows.flatten().map(|level| f32::from(*level)).collect();
            let spread = spread(&square);
            if spread > SPREAD_MIN {
                ranked.push((spread, square));
            }
        }
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.truncate(SQUARES_MAX);
    ranked.into_iter().map(|(_, square)| square).collect()
}

fn spread(square: &[f32]) -> f32 {
    let count = square.len().max(1) as f32;
    let mean = square.iter().sum::<f32>() / count;
    let squares = square.iter().map(|v| (v - mean) * (v - mean));
    (squares.sum::<f32>() / count).sqrt()
}

/// The half of the mean spectrum that a spectrum of real samples does not repeat.
struct Field(Vec<Cell>);

/// Frequencies along in that half.
const ALONG: usize = SIDE / 2 + 1;

/// One frequency.
struct Cell {
    /// Cycles in a square along and up.
    along: i32,
    up: i32,
    /// Cycles in a square along its direction.
    cycles: f32,
    /// Direction in which the wave runs, counter-clockwise from horizontal.
    direction: f32,
    /// Power.
    db: f32,
}

impl Cell {
    fn is_in(&self, band: (f32, f32)) -> bool {
        (band.0..band.1).contains(&(self.cycles / SIDE as f32))
    }

    fn ring(&self) -> usize {
        self.cycles.round() as usize
    }
}

fn mean_log_power(squares: &[Vec<f32>]) -> Option<Field> {
    if squares.is_empty() {
        return None;
    }
    let mut sums = vec![0.0_f32; ALONG * SIDE];
    let mut add = |first: &[f32], second: Option<&[f32]>| {
        for (y, sums) in sums.chunks_exact_mut(ALONG).enumerate() {
            let row = |power: &'_ [f32]| -> Vec<f32> {
                power.iter().skip(y * SIDE).take(ALONG).copied().collect()
            };
            let others = second.map(row);
            // The logarithm of a product is the sum: one a pair.
            for (i, (sum, power)) in sums.iter_mut().zip(row(first)).enumerate() {
                let other = others.as_ref().and_then(|row| row.get(i).copied());
                *sum += ((power + POWER_MIN) * other.map_or(1.0, |v| v + POWER_MIN)).ln();
            }
        }
    };
    for pair in squares.chunks(2) {
        match pair {
            [first, second] => {
                let [first, second] = powers(first, second);
                add(&first, Some(&second));
            }
            [only] => {
                let [only, _] = powers(only, only);
                add(&only, None);
            }
            _ => {}
        }
    }
    let scale = 10.0 / std::f32::consts::LN_10 / squares.len() as f32;
    let cells = sums.into_iter().enumerate().map(|(i, sum)| {
        let (along, down) = ((i % ALONG) as i32, (i / ALONG) as i32);
        let up = if down < SIDE as i32 / 2 {
            -down
        } else {
            SIDE as i32 - down
        };
        Cell {
            along,
            up,
            cycles: (along as f32).hypot(up as f32),
            direction: (up as f32).atan2(along as f32),
            db: sum * scale,
        }
    });
    Some(Field(cells.collect()))
}

impl Field {
    fn mean_db(&self, band: (f32, f32), direction: f32, reach: f32) -> Option<f32> {
        let near = |cell: &Cell| {
            let apart = (cell.direction - direction).rem_euclid(PI);
            apart.min(PI - apart) <= reach
        };
        mean(self.0.iter().filter(|c| c.is_in(band) && near(c)))
    }

    /// Mean over all directions at this many cycles in a square.
    fn ring_db(&self, cycles: usize) -> Option<f32> {
        mean(self.0.iter().filter(|c| c.ring() == cycles))
    }

    /// Amplitude of the second harmonic of power over direction, dB, and the
    /// direction in which power is least, 0 to 180 degrees counter-clockwise; each
    /// ring has its mean taken away before.
    fn harmonic(&self, band: (f32, f32)) -> (f32, f32) {
        let inside = || {
            self.0
                .iter()
                .filter(|c| c.is_in(band) && c.along > AXIS_CYCLES && c.up.abs() > AXIS_CYCLES)
        };
        let mut rings = [(0.0_f32, 0.0_f32); SIDE];
        for cell in inside() {
            if let Some((sum, count)) = rings.get_mut(cell.ring()) {
                *sum += cell.db;
                *count += 1.0;
            }
        }
        let (mut cos, mut sin, mut count) = (0.0, 0.0, 0.0);
        for cell in inside() {
            let (sum, of_ring) = rings.get(cell.ring()).copied().unwrap_or((0.0, 1.0));
            let above = cell.db - sum / of_ring.max(1.0);
            let doubled = 2.0 * cell.direction;
            cos += above * doubled.cos();
            sin += above * doubled.sin();
            count += 1.0;
        }
        let angle_deg = ((-sin).atan2(-cos).to_degrees() / 2.0).rem_euclid(180.0);
        (2.0 * cos.hypot(sin) / f32::max(count, 1.0), angle_deg)
    }
}

fn mean<'a>(cells: impl Iterator<Item = &'a Cell>) -> Option<f32> {
    let (sum, count) = cells.fold((0.0, 0.0), |(sum, count), cell| {
        (sum + cell.db, count + 1.0)
    });
    (count > 0.0).then_some(sum / count)
}

/// Rounded to what is worth storing.
fn tenths(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::Gray;
    use crate::measure::recipe::{
        blur, defocus, gaussian, motion, picture, scatter, stones, strokes,
    };

    fn measured(gray: &Gray) -> Rolloff {
        measure(gray.view().unwrap()).unwrap()
    }

    #[test]
    fn every_blur_takes_detail_and_more_of_it_takes_more() {
        for scene in [stones(640, 512), strokes(640, 512)] {
            let sharp = measured(&scene).sharpness_db();
            for kernels in [
                [gaussian(1.5), gaussian(3.0)],
                [defocus(3.0), defocus(6.0)],
                [motion(8.0, 0.0), motion(14.0, 0.0)],
                [motion(8.0, 45.0), motion(14.0, 45.0)],
                [motion(8.0, 90.0), motion(14.0, 90.0)],
            ] {
                let [little, much] =
                    kernels.map(|kernel| measured(&blur(&scene, &kernel)).sharpness_db());
                assert!(little < sharp - 3.0, "{little} of {sharp}");
                assert!(much < sharp - 6.0, "{much} of {sharp}");
            }
        }
    }

    #[test]
    fn a_movement_has_its_direction_and_no_other_blur_has_one() {
        let scene = stones(640, 512);
        for angle_deg in [0.0, 20.0, 45.0, 70.0, 90.0, 135.0, 160.0] {
            let found = measured(&blur(&scene, &motion(12.0, angle_deg)));
            let apart = (found.angle_deg - angle_deg).rem_euclid(180.0);
            assert!(found.direction_db > 3.0, "{angle_deg}: {found:?}");
            assert!(
                apart.min(180.0 - apart) <= found.angle_error_deg + 4.0,
                "{angle_deg}: {found:?}"
            );
        }
        for kernel in [gaussian(2.0), gaussian(5.0), defocus(4.0)] {
            let found = measured(&blur(&scene, &kernel));
            assert!(found.direction_db < 2.0, "{found:?}");
        }
    }

    #[test]
    fn more_light_or_contrast_is_no_more_detail() {
        let scene = stones(512, 384);
        let faint = picture(512, 384, |x, y| {
            90.0 + f32::from(scene.data[y as usize * 512 + x as usize]) / 3.0
        });
        let (own, less) = (measured(&scene), measured(&faint));
        assert!((own.sharpness_db() - less.sharpness_db()).abs() < 2.0);
    }

    #[test]
    fn without_contrast_or_room_there_is_nothing_to_measure() {
        for (w, h) in [(1, 1), (127, 500), (500, 127), (128, 128), (640, 480)] {
            assert_eq!(measure(picture(w, h, |_, _| 120.0).view().unwrap()), None);
            let noise = picture(w, h, |x, y| 255.0 * scatter(x as i32, y as i32, 3));
            let found = measure(noise.view().unwrap());
            assert_eq!(found.is_some(), w >= 128 && h >= 128);
            assert!(found.is_none_or(|f| f.sharpness_db().is_finite()));
        }
    }
}
