//! Whether anything fine is left between the edges.
//!
//! Second differences of a natural picture are distributed with a sharp peak and
//! long tails (Simoncelli and Adelson, ICIP 1996): many small ones of texture and
//! grain, few large ones of edges. Noise reduction and beautifying take the small
//! ones away and leave the edges, so that the median falls far below the mean; blur
//! takes the large ones and does the opposite.

use crate::media::LumaView;

/// Side of a part.
const SIDE_PX: usize = 64;
/// Parts with a smaller spread of luma are flat, grey levels.
const SPREAD_MIN: f64 = 3.0;
/// Parts with a smaller spread have no edges between which anything was smoothed.
const SPREAD_OF_EDGES_MIN: f64 = 8.0;
/// Parts that say something together. Named guess.
const PARTS_MIN: usize = 4;
/// Largest second difference in both axes, 4 × 255, and none.
const CLASSES: usize = 4 * 255 + 1;

/// Median over mean of the second differences, the lower quartile of two sets of parts:
/// a few smoothed ones beside others suffice to show it.
pub(super) struct Grain {
    /// Of the parts with edges.
    pub(super) edged: Option<f32>,
    /// Of all that are not flat.
    pub(super) all: Option<f32>,
}

/// Looks at all parts of the picture.
pub(super) fn measure(luma: LumaView<'_>) -> Grain {
    let (columns, rows) = (
        luma.width_px as usize / SIDE_PX,
        luma.height_px as usize / SIDE_PX,
    );
    let parts: Vec<(f64, f32)> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column * SIDE_PX, row * SIDE_PX)))
        .filter_map(|(x, y)| of_part(luma, x, y))
        .collect();
    let lower_quartile = |spread_min: f64| {
        let wanted = parts.iter().filter(|(spread, _)| *spread >= spread_min);
        let mut ratios: Vec<f32> = wanted.map(|(_, ratio)| *ratio).collect();
        ratios.sort_by(f32::total_cmp);
        let quartile = ratios.get(ratios.len() / 4).copied();
        quartile.filter(|_| ratios.len() >= PARTS_MIN)
    };
    Grain {
        edged: lower_quartile(SPREAD_OF_EDGES_MIN),
        all: lower_quartile(SPREAD_MIN),
    }
}

/// Spread of luma and the ratio, of a part that is not flat.
fn of_part(luma: LumaView<'_>, x0: usize, y0: usize) -> Option<(f64, f32)> {
    let row = |y: usize| luma.row(y).get(x0..x0 + SIDE_PX).unwrap_or(&[]);
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for y in y0..y0 + SIDE_PX {
        for level in row(y) {
            sum += u64::from(*level);
            squares += u64::from(*level) * u64::from(*level);
        }
    }
    let count = (SIDE_PX * SIDE_PX) as f64;
    let variance = squares as f64 / count - (sum as f64 / count).powi(2);
    let spread = variance.max(0.0).sqrt();
    if spread < SPREAD_MIN {
        return None;
    }
    let mut classes = [0_u32; CLASSES];
    for y in y0 + 1..y0 + SIDE_PX - 1 {
        let beside = row(y).array_windows::<3>();
        let above = row(y - 1).iter().skip(1);
        let below = row(y + 1).iter().skip(1);
        for ((around, above), below) in beside.zip(above).zip(below) {
            let level = |v: u8| i32::from(v);
            let ends = level(around[0]) + level(around[2]) + level(*above) + level(*below);
            let second = (ends - 4 * level(around[1])).unsigned_abs() as usize;
            if let Some(class) = classes.get_mut(second) {
                *class += 1;
            }
        }
    }
    let of_class = || classes.iter().enumerate();
    let all: u32 = classes.iter().sum();
    let total: u64 = of_class().map(|(i, n)| i as u64 * u64::from(*n)).sum();
    let mut seen = 0;
    let (median, _) = of_class().find(|(_, n)| {
        seen += **n;
        2 * seen >= all
    })?;
    let ratio = || (median as f64 * f64::from(all) / total as f64) as f32;
    (total > 0).then(|| (spread, ratio()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::{blur, gaussian, picture, scatter, stones};

    #[test]
    fn smoothing_between_the_edges_is_told_from_blur_and_grain() {
        let scene = stones(512, 384);
        let grain = picture(512, 384, |x, y| {
            let own = f32::from(scene.data[y as usize * 512 + x as usize]);
            own.clamp(20.0, 235.0) + 16.0 * (scatter(x as i32, y as i32, 5) - 0.5)
        });
        // Two levels alone: edges as sharp as can be, and nothing beside them.
        let smooth = picture(512, 384, |x, y| {
            if scene.data[y as usize * 512 + x as usize] > 128 {
                200.0
            } else {
                60.0
            }
        });
        let of = |gray: &crate::measure::decision_scale::Gray| {
            measure(gray.view().unwrap()).edged.unwrap()
        };
        let blurred = blur(&grain, &gaussian(2.0));
        assert!(of(&smooth) < 0.1, "{}", of(&smooth));
        assert!(of(&grain) > 0.3, "{}", of(&grain));
        assert!(of(&blurred) > 0.3, "{}", of(&blurred));
    }

    #[test]
    fn noise_alone_has_the_ratio_of_noise() {
        // Of a normal distribution the median is 0.845 of the mean.
        let noise = picture(640, 480, |x, y| {
            let sum: f32 = (0..6).map(|seed| scatter(x as i32, y as i32, seed)).sum();
            128.0 + 8.0 * (sum - 3.0)
        });
        let found = measure(noise.view().unwrap());
        assert!(
            found.all.is_some_and(|ratio| ratio > 0.78),
            "{:?}",
            found.all
        );
        assert_eq!(found.edged, None);
    }

    #[test]
    fn flat_and_small_pictures_have_no_figure() {
        for (w, h) in [(1, 1), (64, 64), (300, 63), (640, 480)] {
            let found = measure(picture(w, h, |_, _| 99.0).view().unwrap());
            assert_eq!((found.edged, found.all), (None, None));
        }
    }
}
