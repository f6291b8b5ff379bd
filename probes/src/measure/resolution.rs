//! How much of a picture's own resolution holds detail, and whether it was made
//! larger from a smaller one.
//!
//! Power falls evenly with frequency up to where the lens, the smoothing of the
//! camera or an enlargement ends it; beyond that it falls off a cliff to what
//! rounding leaves. Where a picture was enlarged, every new pixel is a fixed mean of
//! its neighbours by its place between them, so that the size of second differences
//! comes back with a period, the factor of enlargement (Gallagher, CRV 2005). The
//! period of the blocks of JPEG and what divides it are left out, for they are in
//! every JPEG; an enlargement by two or four is therefore not seen by its period.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pixels::{Layout, Pixels};
use super::spectrum::{SIDE, power_of_line};

/// Added to the power of each frequency, so that none is nothing.
const POWER_MIN: f32 = 1e-3;
/// Power of rounding to whole grey levels, dB: a variance of 1/12 over a square under
/// Hann's window in both axes.
const ROUNDING_DB: f32 = 22.8;
/// So far above rounding the even fall must lie for its end to be seen, dB.
const ABOVE_ROUNDING_DB: f32 = 9.0;
/// Frequencies, in cycles in a square, that show how high the even fall begins.
const START_CYCLES: (usize, usize) = (3, 6);
/// Frequencies that show how steep it is.
const SLOPE_CYCLES: (usize, usize) = (4, 14);
/// How steep the even fall of a scene can be, dB a decade: 25 in the middle of 49
/// camera photos at their own resolution.
const SLOPES_DB: (f32, f32) = (-32.0, -18.0);
/// Power ends where it lies so far below the even fall, dB, at this and the next two
/// frequencies. Measured on 49 camera photos of the tuning half of `accuracy photo`,
/// reduced and enlarged again by 1.5, 2 and 3: in the middle 0.59, 0.53 and 0.41 of
/// the resolution came out, and 0.83 of what was not enlarged.
const BELOW_DB: f32 = 8.0;
/// Frequencies in a row that lie below.
const BELOW_COUNT: usize = 3;
/// First frequency at which power may end.
const FIRST_CYCLES: usize = 7;

/// About so many rows are looked at for a period.
const ROWS: usize = 256;
/// A second difference counts for so much at most, so that edges do not drown the
/// period, grey levels.
const DIFFERENCE_MAX: i16 = 40;
/// Lowest frequency of a period, cycles a pixel: an enlargement by ten.
const PERIOD_MIN_CYCLES: f32 = 0.1;
/// Frequencies nearer than this to a multiple of an eighth are those of JPEG, in
/// steps of the spectrum.
const JPEG_STEPS: f32 = 2.5;
/// Half the surroundings of a peak, in steps of the spectrum.
const AROUND: usize = 24;
/// Shortest line that is transformed.
const LINE_MIN_PX: usize = 256;

/// How much of the picture's resolution holds detail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Resolution {
    /// Frequency up to which there is detail, in shares of the highest that the
    /// pixels can hold, 0.0 to 1.0: of an even scene at its own resolution 0.7 and
    /// more. `None` if there is too little contrast to see where it ends.
    pub effective_ratio: Option<f32>,
    /// The period of second differences along rows that stands out most, in pixels.
    pub period_px: Option<f32>,
    /// How far it stands above its surroundings, dB.
    pub period_db: Option<f32>,
}

impl Resolution {
    /// What the detail would fill, in millions of pixels, of a picture of this size.
    pub fn effective_megapixels(&self, width_px: u32, height_px: u32) -> Option<f64> {
        let ratio = f64::from(self.effective_ratio?);
        Some(f64::from(width_px) * f64::from(height_px) * ratio * ratio / 1e6)
    }
}

/// Measures a picture as coded; `squares` are the spectra of squares of it.
pub fn measure(pixels: &Pixels, squares: &[Vec<f32>]) -> Resolution {
    let period = period(pixels);
    Resolution {
        effective_ratio: effective_ratio(squares),
        period_px: period.map(|(px, _)| (px * 100.0).round() / 100.0),
        period_db: period.map(|(_, db)| (db * 10.0).round() / 10.0),
    }
}

fn effective_ratio(squares: &[Vec<f32>]) -> Option<f32> {
    let rings = rings_db(squares)?;
    let within = |(first, last): (usize, usize)| {
        let rings = rings.iter().enumerate();
        rings
            .filter(move |(cycles, _)| (first..=last).contains(cycles))
            .map(|(cycles, db)| ((cycles as f32).log10(), *db))
    };
    let slope_db = slope(within(SLOPE_CYCLES)).clamp(SLOPES_DB.0, SLOPES_DB.1);
    let starts: Vec<f32> = within(START_CYCLES)
        .map(|(log, db)| db - slope_db * log)
        .collect();
    let start_db = starts.iter().sum::<f32>() / starts.len().max(1) as f32;
    let mut below = 0;
    for (cycles, db) in rings.iter().enumerate().skip(FIRST_CYCLES) {
        let even_db = start_db + slope_db * (cycles as f32).log10();
        if even_db < ROUNDING_DB + ABOVE_ROUNDING_DB {
            return None;
        }
        below = if *db < even_db - BELOW_DB {
            below + 1
        } else {
            0
        };
        if below == BELOW_COUNT {
            let end = (cycles + 1 - BELOW_COUNT) as f32 / (SIDE / 2) as f32;
            return Some((end * 100.0).round() / 100.0);
        }
    }
    Some(1.0)
}

/// Mean power at 0 to SIDE/2 cycles in a square over all directions and squares, dB,
/// without what lies next to the axes, where the edges of buildings and the blocks of
/// JPEG are; that far out the few coarse frequencies are all taken.
fn rings_db(squares: &[Vec<f32>]) -> Option<Vec<f32>> {
    const AXES_COUNT_UP_TO: usize = 3;
    let mut rings = vec![(0.0_f64, 0_u32); SIDE / 2 + 1];
    for square in squares {
        for (y, row) in square.chunks_exact(SIDE).enumerate() {
            let down = y.min(SIDE - y);
            for (along, power) in row.iter().take(SIDE / 2 + 1).enumerate() {
                let cycles = (along as f32).hypot(down as f32).round() as usize;
                let is_beside_axis = along.min(down) <= 1 && cycles > AXES_COUNT_UP_TO;
                if let Some((sum, count)) = rings.get_mut(cycles).filter(|_| !is_beside_axis) {
                    *sum += f64::from((power + POWER_MIN).log10());
                    *count += 1;
                }
            }
        }
    }
    let means = rings
        .into_iter()
        .map(|(sum, count)| (count > 0).then(|| (10.0 * sum / f64::from(count)) as f32));
    means.collect()
}

/// Slope of the line of least squares.
fn slope(points: impl Iterator<Item = (f32, f32)> + Clone) -> f32 {
    let count = points.clone().count().max(1) as f32;
    let (x, y) = points
        .clone()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
    let (above, below) = points.fold((0.0, 0.0), |(above, below), p| {
        (above + (p.0 - x) * (p.1 - y), below + (p.0 - x) * (p.0 - x))
    });
    above / f32::max(below, f32::MIN_POSITIVE)
}

/// The period of second differences that stands out most, in pixels, and how far, dB.
fn period(pixels: &Pixels) -> Option<(f32, f32)> {
    let width = pixels.width_px() as usize;
    if width < LINE_MIN_PX {
        return None;
    }
    let channels = pixels.channels();
    // Green stands for luma: near enough for a period.
    let first = usize::from(pixels.layout() == Layout::Rgb);
    let height = pixels.height_px() as usize;
    let mut sums = vec![0_u32; width - 2];
    let mut line: Vec<i16> = Vec::with_capacity(width);
    for y in (0..height).step_by((height / ROWS).max(1)) {
        line.clear();
        let samples = pixels.row(y).iter().skip(first).step_by(channels);
        line.extend(samples.map(|v| i16::from(*v)));
        for (sum, [a, b, c]) in sums.iter_mut().zip(line.array_windows::<3>()) {
            // At most 2 × 255: no overflow.
            let second = (b.wrapping_mul(2).wrapping_sub(*a).wrapping_sub(*c)).abs();
            *sum = sum.wrapping_add(u32::from(second.min(DIFFERENCE_MAX).unsigned_abs()));
        }
    }
    let means: Vec<f32> = sums.iter().map(|sum| *sum as f32).collect();
    highest(&power_of_line(&means))
}

/// The peak that stands highest above its surroundings, as a period and dB.
fn highest(power: &[f32]) -> Option<(f32, f32)> {
    let length = 2 * power.len().checked_sub(1)?;
    let mut best: Option<(f32, f32)> = None;
    for (i, own) in power.iter().enumerate() {
        let cycles = i as f32 / length as f32;
        let from_jpeg = (cycles * 8.0 - (cycles * 8.0).round()).abs() / 8.0 * length as f32;
        let nearest = power.get(i.saturating_sub(1)..(i + 2).min(power.len()))?;
        let is_peak = nearest.iter().all(|v| v <= own);
        if cycles <= PERIOD_MIN_CYCLES || from_jpeg < JPEG_STEPS || !is_peak {
            continue;
        }
        let from = i.saturating_sub(AROUND);
        let mut around = power.get(from..(i + AROUND + 1).min(power.len()))?.to_vec();
        let middle = around.len() / 2;
        let (_, median, _) = around.select_nth_unstable_by(middle, f32::total_cmp);
        if *median <= 0.0 {
            continue;
        }
        let db = 10.0 * (own / *median).log10();
        if db.is_finite() && best.is_none_or(|best| db > best.1) {
            best = Some((1.0 / cycles, db));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::Gray;
    use crate::measure::recipe::{blur, defocus, enlarged, picture, scatter, stones};
    use crate::measure::spectrum::squares;

    fn measured(gray: Gray) -> Resolution {
        let pixels = Pixels::new(gray.data, gray.width_px, gray.height_px, Layout::Gray).unwrap();
        measure(&pixels, &squares(&pixels))
    }

    #[test]
    fn an_enlarged_picture_holds_what_it_was_made_from_and_has_its_period() {
        let own = measured(stones(900, 720)).effective_ratio.unwrap();
        let mut last = own;
        for times in [3, 5] {
            let found = measured(enlarged(&stones(900 / times, 720 / times), times));
            let ratio = found.effective_ratio.unwrap();
            assert!(ratio < 0.75 * last, "{times}: {found:?}, {own} before");
            last = ratio;
            let (period_px, db) = (found.period_px.unwrap(), found.period_db.unwrap());
            // The period itself, or the half of it, which is as regular.
            let turns = times as f32 / period_px;
            assert!((turns - turns.round()).abs() < 0.03, "{times}: {found:?}");
            assert!(db > 16.0, "{times}: {found:?}");
        }
    }

    #[test]
    fn blur_takes_resolution_and_leaves_no_period() {
        let scene = stones(900, 720);
        let found = measured(blur(&scene, &defocus(5.0)));
        assert!(found.effective_ratio.unwrap() < 0.4, "{found:?}");
        assert!(found.period_db.is_none_or(|db| db < 16.0), "{found:?}");
    }

    #[test]
    fn what_has_no_contrast_or_room_has_no_figure() {
        for (w, h) in [(1, 1), (1, 900), (900, 1), (127, 127), (640, 480)] {
            assert_eq!(measured(picture(w, h, |_, _| 77.0)), Resolution::default());
            let noise = measured(picture(w, h, |x, y| 255.0 * scatter(x as i32, y as i32, 3)));
            assert!(noise.effective_ratio.is_none_or(f32::is_finite));
            assert!(noise.period_db.is_none_or(f32::is_finite));
        }
    }
}
