//! Fine patterns with one period all over the picture, as the pixels of a screen
//! leave them.
//!
//! In the spectrum of a natural scene power falls smoothly with frequency; a grid
//! of screen pixels, or the beat between it and the sensor's, stands out as a narrow
//! peak, at nearly the same frequency in every part of the picture. Squares at the
//! picture's own resolution are transformed, and a peak is what stands far above the
//! median of its surroundings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spectrum::{SIDE, power_of_wave};

/// Lowest frequency that is looked at, cycles in a square: below it the scene has
/// its own patterns.
const CYCLES_MIN: usize = 10;
/// Highest frequency that is looked at, cycles in a square: beyond it the colour filter
/// of the sensor leaves patterns.
const CYCLES_MAX: usize = 57;
/// Nearer to an axis than this, edges of the scene and the grid of JPEG lie.
const AXIS_CYCLES: usize = 2;
/// Half the side of the surroundings of a peak, cycles.
const AROUND: usize = 4;
/// A peak stands so far above its surroundings, dB. In noise the highest of all
/// frequencies stands 11 dB above, for its power is exponentially distributed.
const PEAK_MIN_DB: f32 = 20.0;
/// Least amplitude of the wave that makes a peak, grey levels: less is rounding.
const AMPLITUDE_MIN: f32 = 0.7;
/// Peaks of two squares are one pattern if they lie no farther apart, as a share of
/// their frequency: a screen is seen at a slant.
const SAME_SHARE: f32 = 0.2;

/// What the spectra of the squares show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Moire {
    /// Squares that are not flat.
    pub squares_count: u32,
    /// Squares of these with a peak.
    pub peaked_count: u32,
    /// Squares whose peak is that of most others.
    pub agreeing_count: u32,
    /// Its period in pixels of the picture, median of those.
    pub period_px: Option<f32>,
    /// How far it stands above its surroundings, median of those.
    pub peak_db: Option<f32>,
}

/// The highest peak of a square.
#[derive(Clone, Copy)]
struct Peak {
    /// Cycles in a square, along and down; along is never negative.
    x: f32,
    y: f32,
    db: f32,
}

/// Looks at the spectra of squares from all over the picture, as coded.
pub fn measure(squares: &[Vec<f32>]) -> Moire {
    let peaks: Vec<Peak> = squares.iter().filter_map(|power| highest(power)).collect();
    let mut found = Moire {
        squares_count: squares.len() as u32,
        ..Moire::default()
    };
    found.peaked_count = peaks.len() as u32;
    let near = |a: &Peak, b: &Peak| {
        // A frequency and its negative are one.
        let apart = (a.x - b.x)
            .hypot(a.y - b.y)
            .min((a.x + b.x).hypot(a.y + b.y));
        apart <= SAME_SHARE * a.x.hypot(a.y)
    };
    let friends =
        |peak: &Peak| -> Vec<Peak> { peaks.iter().filter(|p| near(peak, p)).copied().collect() };
    let Some(agreeing) = peaks.iter().map(friends).max_by_key(Vec::len) else {
        return found;
    };
    found.agreeing_count = agreeing.len() as u32;
    found.period_px = median(agreeing.iter().map(|p| SIDE as f32 / p.x.hypot(p.y)));
    found.peak_db = median(agreeing.iter().map(|p| p.db));
    found
}

/// The highest of the upper half of the spectrum, if it is a peak.
fn highest(power: &[f32]) -> Option<Peak> {
    let half = SIDE / 2;
    let at = |x: usize, y: usize| {
        power
            .get(y % SIDE * SIDE + x % SIDE)
            .copied()
            .unwrap_or(0.0)
    };
    let mut best: Option<Peak> = None;
    for y in 0..SIDE {
        let down = y.min(SIDE - y);
        for x in AXIS_CYCLES + 1..half {
            let squared = x * x + down * down;
            let is_looked_at =
                (CYCLES_MIN * CYCLES_MIN..=CYCLES_MAX * CYCLES_MAX).contains(&squared);
            if !is_looked_at || down <= AXIS_CYCLES {
                continue;
            }
            let own = at(x, y);
            if own < power_of_wave(AMPLITUDE_MIN) {
                continue;
            }
            let neighbours = [(1, 0), (SIDE - 1, 0), (0, 1), (0, SIDE - 1)];
            if neighbours.iter().any(|(dx, dy)| at(x + dx, y + dy) > own) {
                continue;
            }
            let mut around: Vec<f32> = (0..=2 * AROUND)
                .flat_map(|dy| (0..=2 * AROUND).map(move |dx| (dx, dy)))
                .filter(|(dx, dy)| dx.abs_diff(AROUND).max(dy.abs_diff(AROUND)) > 1)
                .map(|(dx, dy)| at(x + SIDE + dx - AROUND, y + SIDE + dy - AROUND))
                .collect();
            let middle = around.len() / 2;
            let (_, median, _) = around.select_nth_unstable_by(middle, f32::total_cmp);
            let db = 10.0 * (own / median.max(1e-6)).log10();
            if db >= PEAK_MIN_DB && best.is_none_or(|best| db > best.db) {
                let signed = if y > half {
                    y as f32 - SIDE as f32
                } else {
                    y as f32
                };
                best = Some(Peak {
                    x: x as f32,
                    y: signed,
                    db,
                });
            }
        }
    }
    best
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    let value = values.get(values.len() / 2)?;
    Some((value * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::decision_scale::Gray;
    use crate::measure::pixels::{Layout, Pixels};
    use crate::measure::recipe::{blur, gaussian, picture, scatter, stones, strokes};
    use crate::measure::spectrum::squares;

    fn measured(gray: &Gray) -> Moire {
        let pixels = Pixels::new(
            gray.data.clone(),
            gray.width_px,
            gray.height_px,
            Layout::Gray,
        )
        .unwrap();
        measure(&squares(&pixels))
    }

    /// A scene on a screen whose pixels are `pitch` pixels of ours wide, held a
    /// little askew, with noise.
    fn on_screen(pitch: f32) -> Gray {
        let scene = stones(640, 480);
        let (sin, cos) = 0.12_f32.sin_cos();
        let lit = picture(640, 480, |x, y| {
            let (u, v) = ((x * cos + y * sin) / pitch, (y * cos - x * sin) / pitch);
            let gap = |t: f32| 0.75 + 0.25 * (t * std::f32::consts::TAU).cos();
            let light = f32::from(scene.data[y as usize * 640 + x as usize]);
            let noise = 6.0 * (scatter(x as i32, y as i32, 2) - 0.5);
            light * gap(u) * gap(v) + noise
        });
        blur(&lit, &gaussian(0.7))
    }

    #[test]
    fn the_pixels_of_a_screen_are_one_pattern_all_over() {
        for pitch in [3.2, 5.0] {
            let found = measured(&on_screen(pitch));
            assert!(found.agreeing_count * 2 > found.squares_count, "{found:?}");
            let period = found.period_px.unwrap();
            assert!((period - pitch).abs() < 0.3 * pitch, "{pitch}: {found:?}");
        }
    }

    #[test]
    fn scenes_print_and_noise_have_none() {
        // Knuth's generator: what looks random by place has patterns of its own.
        let mut state = 1_u64;
        let noise = Gray {
            data: std::iter::repeat_with(|| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .take(640 * 480)
            .collect(),
            width_px: 640,
            height_px: 480,
        };
        for (name, scene) in [
            ("stones", stones(640, 480)),
            ("strokes", strokes(640, 480)),
            ("noise", noise),
        ] {
            let found = measured(&scene);
            let agreeing = found.agreeing_count;
            assert!(agreeing * 2 < found.squares_count, "{name}: {found:?}");
        }
    }

    #[test]
    fn no_size_stops_the_looking() {
        for (w, h) in [(1, 1), (128, 128), (127, 900), (129, 130)] {
            let found = measured(&picture(w, h, |x, y| {
                255.0 * scatter(x as i32, y as i32, 1)
            }));
            assert_eq!(found.squares_count > 0, w >= 128 && h >= 128);
        }
        assert_eq!(measured(&picture(200, 200, |_, _| 9.0)).squares_count, 0);
    }
}
