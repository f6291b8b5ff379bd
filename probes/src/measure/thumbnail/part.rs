//! Where in the photo the thumbnail lies, if it shows a part of it. A few phones
//! write one that was cut off the middle (OnePlus 7: the upper part, at 1.6
//! times its scale). Cutting a photo leaves the opposite: a photo that is a part
//! of its old thumbnail.

use super::super::decision_scale::{Gray, shrink};
use crate::measurements::Region;
use crate::media::LumaView;

/// Width at which the thumbnail is looked for. Named guess: fine enough to place
/// it, coarse enough to try every place.
const LOOKED_FOR_PX: u32 = 32;
/// Shares of the photo that a part may show, of the largest in its shape.
const SHARES: [f64; 9] = [0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5];
/// A part agrees from this correlation on. High, because many places are tried
/// and one of them always agrees best.
pub(super) const ALIKE_MIN: f32 = 0.9;
/// Flatter than this, in grey levels, and agreement is chance.
const SPREAD_MIN: f64 = 4.0;

/// The part of `picture` that is most like `thumbnail`, in shares of it; `None`
/// if either is too plain to say.
pub(super) fn find(thumbnail: LumaView<'_>, picture: LumaView<'_>) -> Option<Region> {
    let shape = f64::from(thumbnail.width_px) / f64::from(thumbnail.height_px);
    let (w, h) = (f64::from(picture.width_px), f64::from(picture.height_px));
    let largest = (w.min(h * shape) / w, h.min(w / shape) / h);
    let width = LOOKED_FOR_PX.min(thumbnail.width_px);
    let height = ((f64::from(width) / shape).round() as u32).clamp(1, thumbnail.height_px);
    let small = Centred::of(&shrink(thumbnail, width, height))?;
    let mut best: Option<(f64, Region)> = None;
    for share in SHARES {
        let part = (largest.0 * share, largest.1 * share);
        let field_w = (f64::from(width) / part.0).round() as u32;
        let field_h = (f64::from(height) / part.1).round() as u32;
        if field_w > picture.width_px || field_h > picture.height_px {
            continue;
        }
        let field = shrink(picture, field_w, field_h);
        for y in 0..=field_h.saturating_sub(height) {
            for x in 0..=field_w.saturating_sub(width) {
                let Some(alike) = small.correlation(&field, x as usize, y as usize) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(most, _)| alike > *most) {
                    let place = Region {
                        x: f64::from(x) / f64::from(field_w),
                        y: f64::from(y) / f64::from(field_h),
                        w: part.0,
                        h: part.1,
                    };
                    best = Some((alike, place));
                }
            }
        }
    }
    best.map(|(_, place)| place)
}

/// A small picture without its mean.
struct Centred {
    rows: Vec<Vec<f64>>,
    /// Root of the sum of squares.
    norm: f64,
}

impl Centred {
    fn of(picture: &Gray) -> Option<Self> {
        let width = picture.width_px as usize;
        let count = picture.data.len() as f64;
        let mean = picture.data.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
        let centred = picture.data.iter().map(|v| f64::from(*v) - mean);
        let centred: Vec<f64> = centred.collect();
        let norm = centred.iter().map(|v| v * v).sum::<f64>().sqrt();
        (norm >= SPREAD_MIN * count.sqrt()).then(|| Self {
            rows: centred.chunks(width.max(1)).map(<[f64]>::to_vec).collect(),
            norm,
        })
    }

    /// Normalised cross-correlation with the window of `field` at a place.
    fn correlation(&self, field: &Gray, x: usize, y: usize) -> Option<f64> {
        let width = field.width_px as usize;
        let (mut sum, mut squares, mut product, mut count) = (0.0, 0.0, 0.0, 0.0);
        for (i, row) in self.rows.iter().enumerate() {
            let start = (y + i).checked_mul(width)?.checked_add(x)?;
            let window = field.data.get(start..start.checked_add(row.len())?)?;
            for (small, value) in row.iter().zip(window) {
                let value = f64::from(*value);
                sum += value;
                squares += value * value;
                product += small * value;
                count += 1.0;
            }
        }
        // The thumbnail has no mean, so the window's drops out of the product.
        let spread = (squares - sum * sum / count).max(0.0).sqrt();
        (spread >= SPREAD_MIN * f64::sqrt(count)).then(|| product / (self.norm * spread))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Explanation, compare, cut};
    use super::*;
    use crate::measure::recipe::{blur, gaussian, picture, scatter};

    fn scene(seed: u32) -> Gray {
        let blocks = picture(640, 290, |x, y| {
            255.0 * scatter((x / 53.0) as i32, (y / 41.0) as i32, seed)
        });
        blur(&blocks, &gaussian(1.5))
    }

    fn of_part(scene: &Gray, x: f64, y: f64, share: f64) -> Gray {
        let place = Region {
            x,
            y,
            w: share,
            h: share,
        };
        shrink(cut(scene.view().unwrap(), place), 160, 72)
    }

    #[test]
    fn a_thumbnail_of_the_upper_part_is_explained() {
        let photo = scene(3);
        for (x, y, share) in [(0.19, 0.0, 0.62), (0.4, 0.35, 0.6), (0.0, 0.1, 0.8)] {
            let small = of_part(&photo, x, y, share);
            let found = compare(&small, photo.view().unwrap(), 1).unwrap();
            assert!(found.correlation_as_is < Some(0.8), "{found:?}");
            assert!(found.correlation >= Some(0.9), "{found:?}");
            assert_eq!(found.explanation, Explanation::Crop);
        }
    }

    #[test]
    fn another_scene_is_a_part_of_none() {
        let photo = scene(3);
        for seed in 10..18 {
            let other = of_part(&scene(seed), 0.2, 0.0, 0.6);
            let found = compare(&other, photo.view().unwrap(), 1).unwrap();
            assert!(found.correlation < Some(0.6), "{found:?}");
        }
    }

    #[test]
    fn a_photo_that_is_a_part_of_its_thumbnail_stays_unexplained() {
        let whole = scene(3);
        let small = shrink(whole.view().unwrap(), 160, 72);
        let place = Region {
            x: 0.0,
            y: 0.5,
            w: 0.5,
            h: 0.5,
        };
        let photo = cut(whole.view().unwrap(), place);
        let found = compare(&small, photo, 1).unwrap();
        assert!(found.correlation < Some(0.6), "{found:?}");
    }

    #[test]
    fn plain_pictures_say_nothing() {
        let plain = picture(64, 30, |_, _| 90.0);
        assert!(find(plain.view().unwrap(), scene(3).view().unwrap()).is_none());
    }
}
