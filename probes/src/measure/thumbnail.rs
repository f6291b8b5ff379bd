//! The small picture inside a photo's EXIF against the photo itself.
//!
//! A program that changes a photo and leaves the old thumbnail behind keeps a
//! picture of what was there before. But cameras themselves make thumbnails of
//! another shape, before lens correction or from another crop, so innocent
//! explanations are tried first and the best agreement is what counts
//! (research/forensics.md 2e, 5).

use exif::{Exif, In, Tag};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision_scale::{Gray, fitted, shrink};
use super::picture_decoding::decode_jpeg;
use super::pixels::upright_region;
use crate::measurements::Region;
use crate::media::LumaView;

mod difference;
mod part;

/// Size at which the two are compared (research/forensics.md 2e, 5).
const COMPARED_PX: (u32, u32) = (64, 48);
/// Long side to which the picture is brought before.
const LONG_SIDE_PX: u32 = 320;
/// Rows and columns darker than this on the average are bars. Named guess.
const BAR_LEVELS: u32 = 18;
/// Least spread of a picture that can be compared, in grey levels; below it,
/// agreement is chance. Named guess.
const SPREAD_MIN: f64 = 4.0;
/// Below this correlation the two show different things, and parts that differ
/// mean nothing.
const ALIKE_MIN: f32 = 0.8;
/// Shares of a side that a crop may leave: lens correction, digital
/// stabilisation. Named guess.
const CROPS: [f32; 3] = [1.0, 0.94, 0.88];

/// The thumbnail and how well it agrees with the picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Thumbnail {
    /// Width of the thumbnail.
    pub width_px: u32,
    /// Height of the thumbnail.
    pub height_px: u32,
    /// Correlation with the picture as it is, -1.0 to 1.0; `null` if one of
    /// the two is too plain to compare.
    pub correlation_as_is: Option<f32>,
    /// The best correlation over all innocent explanations.
    pub correlation: Option<f32>,
    /// The explanation of the best one.
    pub explanation: Explanation,
    /// Parts of the upright picture that differ while the rest agrees, at most
    /// 8; tones are brought together first.
    pub differences: Vec<ThumbnailDifference>,
}

/// A part that the thumbnail shows otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ThumbnailDifference {
    /// Where it lies in the upright picture.
    pub region: Region,
    /// Root mean square difference there, in grey levels of the picture.
    pub levels: f32,
    /// How often that is what most of the picture differs by.
    pub times_usual: f32,
}

/// What makes thumbnail and picture agree best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Explanation {
    /// Nothing needs to be explained.
    #[default]
    AsIs,
    /// The thumbnail has bars above and below, or left and right.
    Bars,
    /// One of the two shows a part of the other.
    Crop,
    /// The picture was turned and the thumbnail was not.
    Turned,
}

/// EXIF's orientation, 1 to 8; 1 if it says nothing sensible.
pub fn orientation(exif: &Exif) -> u16 {
    exif.get_field(Tag::Orientation, In::PRIMARY)
        .and_then(|field| field.value.get_uint(0))
        .and_then(|value| u16::try_from(value).ok())
        .filter(|value| (1..=8).contains(value))
        .unwrap_or(1)
}

/// The thumbnail's bytes, a JPEG of its own.
pub fn embedded(exif: &Exif) -> Option<&[u8]> {
    let number = |tag| {
        let field = exif.get_field(tag, In::THUMBNAIL)?;
        field.value.get_uint(0).map(|value| value as usize)
    };
    let start = number(Tag::JPEGInterchangeFormat)?;
    let length = number(Tag::JPEGInterchangeFormatLength)?;
    exif.buf().get(start..start.checked_add(length)?)
}

/// Compares the thumbnail with the picture, both as coded; `orientation` is
/// EXIF's. `None` if the thumbnail cannot be decoded.
pub fn measure(
    thumbnail_jpeg: &[u8],
    picture: LumaView<'_>,
    orientation: u16,
) -> Option<Thumbnail> {
    let small = decode_jpeg(thumbnail_jpeg).ok()?.pixels.luma();
    compare(&small, picture, orientation)
}

/// The same for a thumbnail that is decoded already.
pub fn compare(thumbnail: &Gray, picture: LumaView<'_>, orientation: u16) -> Option<Thumbnail> {
    let small = thumbnail.view()?;
    // Every explanation looks at the whole picture again.
    let (width_px, height_px) = fitted(picture.width_px, picture.height_px, LONG_SIDE_PX);
    let reduced = shrink(picture, width_px, height_px);
    let picture = reduced.view()?;
    let as_is = Pair::of(small, picture);
    let mut found = Thumbnail {
        width_px: small.width_px,
        height_px: small.height_px,
        correlation_as_is: as_is.correlation(),
        ..Thumbnail::default()
    };
    found.correlation = found.correlation_as_is;
    let mut best = (as_is, place_of(picture, picture));
    let mut consider = |explanation, a: LumaView<'_>, b| {
        let pair = Pair::of(a, b);
        let value = pair.correlation();
        // Another explanation must be clearly better to be given.
        if value > found.correlation.map(|best| best + 0.005) {
            found.correlation = value;
            found.explanation = explanation;
            best = (pair, place_of(b, picture));
        }
    };
    let trimmed = without_bars(small);
    if (trimmed.width_px, trimmed.height_px) != (small.width_px, small.height_px) {
        consider(Explanation::Bars, trimmed, picture);
    }
    for crop in CROPS {
        for (a, b) in [(small, picture), (trimmed, picture)] {
            consider(Explanation::Crop, cut_like(a, b, crop), b);
            consider(Explanation::Crop, a, cut_like(b, a, crop));
        }
    }
    for quarters in 1..4 {
        if let Some(turned) = turned(trimmed, quarters).view() {
            consider(Explanation::Turned, turned, picture);
            let cut = cut_like(picture, turned, 1.0);
            consider(Explanation::Turned, turned, cut);
        }
    }
    if found.correlation < Some(ALIKE_MIN)
        && let Some(shown) = part::find(small, picture)
    {
        let pair = Pair::of(small, cut(picture, shown));
        if pair.correlation() >= Some(part::ALIKE_MIN) {
            found.correlation = pair.correlation();
            found.explanation = Explanation::Crop;
            best = (pair, shown);
        }
    }
    if found.correlation >= Some(ALIKE_MIN) {
        let (pair, place) = best;
        found.differences = difference::find(&pair)
            .into_iter()
            .map(|difference| ThumbnailDifference {
                region: upright_region(within(difference.region, place), orientation),
                ..difference
            })
            .collect();
    }
    Some(found)
}

/// Where a part cut out by [`part`] lies in the whole, in shares of it.
fn place_of(shown: LumaView<'_>, whole: LumaView<'_>) -> Region {
    let (w, h) = (f64::from(whole.width_px), f64::from(whole.height_px));
    let (part_w, part_h) = (
        f64::from(shown.width_px) / w,
        f64::from(shown.height_px) / h,
    );
    // These parts are cut from the middle.
    Region {
        x: (1.0 - part_w) / 2.0,
        y: (1.0 - part_h) / 2.0,
        w: part_w,
        h: part_h,
    }
}

/// A region of a part, as one of the whole.
fn within(region: Region, part: Region) -> Region {
    Region {
        x: part.x + region.x * part.w,
        y: part.y + region.y * part.h,
        w: region.w * part.w,
        h: region.h * part.h,
    }
}

/// Thumbnail and picture brought to one small size.
#[derive(Clone, Debug)]
struct Pair {
    thumbnail: Gray,
    picture: Gray,
}

impl Pair {
    fn of(thumbnail: LumaView<'_>, picture: LumaView<'_>) -> Self {
        let (width, height) = COMPARED_PX;
        let width = width.min(thumbnail.width_px).min(picture.width_px);
        let height = height.min(thumbnail.height_px).min(picture.height_px);
        Self {
            thumbnail: shrink(thumbnail, width, height),
            picture: shrink(picture, width, height),
        }
    }

    /// Normalised cross-correlation of the two.
    fn correlation(&self) -> Option<f32> {
        let (a, b) = (&self.thumbnail, &self.picture);
        let count = a.data.len() as f64;
        let mean = |g: &Gray| g.data.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
        let (mean_a, mean_b) = (mean(a), mean(b));
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (va, vb) in a.data.iter().zip(&b.data) {
            let (da, db) = (f64::from(*va) - mean_a, f64::from(*vb) - mean_b);
            ab += da * db;
            aa += da * da;
            bb += db * db;
        }
        let spread_min = SPREAD_MIN * SPREAD_MIN * count;
        if count < 16.0 || aa < spread_min || bb < spread_min {
            return None;
        }
        let value = (ab / (aa * bb).sqrt()) as f32;
        Some((value * 1000.0).round() / 1000.0)
    }
}

/// The part of `view` at `place`.
fn cut(view: LumaView<'_>, place: Region) -> LumaView<'_> {
    let (w, h) = (f64::from(view.width_px), f64::from(view.height_px));
    let at = |share: f64, side: f64, most: u32| ((share * side).round() as u32).min(most);
    let x = at(place.x, w, view.width_px - 1);
    let y = at(place.y, h, view.height_px - 1);
    let width = at(place.w, w, view.width_px - x).max(1);
    let height = at(place.h, h, view.height_px - y).max(1);
    part(view, x, y, width, height)
}

/// The part from a corner on, clipped to the picture.
fn part(view: LumaView<'_>, x: u32, y: u32, width: u32, height: u32) -> LumaView<'_> {
    let start = y as usize * view.stride_bytes + x as usize;
    view.data
        .get(start..)
        .and_then(|data| LumaView::new(data, width, height, view.stride_bytes))
        .unwrap_or(view)
}

/// The middle of `view` in the shape of `like`, `share` of the largest such.
fn cut_like<'a>(view: LumaView<'a>, like: LumaView<'_>, share: f32) -> LumaView<'a> {
    let (w, h) = (f64::from(view.width_px), f64::from(view.height_px));
    let shape = f64::from(like.width_px) / f64::from(like.height_px);
    let scale = f64::from(share);
    let width = ((w.min(h * shape) * scale) as u32).clamp(1, view.width_px);
    let height = ((h.min(w / shape) * scale) as u32).clamp(1, view.height_px);
    let (x, y) = ((view.width_px - width) / 2, (view.height_px - height) / 2);
    part(view, x, y, width, height)
}

/// The thumbnail without dark bars at its borders, at most a third a side.
fn without_bars(view: LumaView<'_>) -> LumaView<'_> {
    let (w, h) = (view.width_px as usize, view.height_px as usize);
    let is_dark = |sum: u32, count: usize| sum < BAR_LEVELS * count as u32;
    let row_is_dark = |y: usize| {
        let sum = view.row(y).iter().map(|v| u32::from(*v)).sum();
        is_dark(sum, w)
    };
    let column_is_dark = |x: usize| {
        let sum = view
            .rows()
            .filter_map(|row| row.get(x))
            .map(|v| u32::from(*v))
            .sum();
        is_dark(sum, h)
    };
    let run =
        |most: usize, is_bar: &dyn Fn(usize) -> bool| (0..most).take_while(|i| is_bar(*i)).count();
    let top = run(h / 3, &row_is_dark);
    let bottom = run(h / 3, &|i| row_is_dark(h - 1 - i));
    let left = run(w / 3, &column_is_dark);
    let right = run(w / 3, &|i| column_is_dark(w - 1 - i));
    part(
        view,
        left as u32,
        top as u32,
        (w - left - right) as u32,
        (h - top - bottom) as u32,
    )
}

/// The picture turned clockwise by quarters.
fn turned(view: LumaView<'_>, quarters: u32) -> Gray {
    let (w, h) = (view.width_px as usize, view.height_px as usize);
    let (to_w, to_h) = if quarters % 2 == 1 { (h, w) } else { (w, h) };
    let mut data = Vec::with_capacity(w * h);
    for y in 0..to_h {
        for x in 0..to_w {
            let (from_x, from_y) = match quarters {
                1 => (y, h - 1 - x),
                2 => (w - 1 - x, h - 1 - y),
                _ => (w - 1 - y, x),
            };
            data.push(view.row(from_y).get(from_x).copied().unwrap_or(0));
        }
    }
    Gray {
        data,
        width_px: to_w as u32,
        height_px: to_h as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::{blur, gaussian, jpeg, picture, scatter};

    fn scene(seed: u32) -> Gray {
        let blocks = picture(640, 480, |x, y| {
            255.0 * scatter((x / 53.0) as i32, (y / 41.0) as i32, seed)
        });
        blur(&blocks, &gaussian(1.5))
    }

    fn small(from: &Gray, width: u32, height: u32) -> Gray {
        shrink(from.view().unwrap(), width, height)
    }

    fn compared(thumbnail: &Gray, with: &Gray) -> Thumbnail {
        measure(&jpeg(thumbnail, 60), with.view().unwrap(), 1).unwrap()
    }

    #[test]
    fn its_own_thumbnail_agrees_and_another_does_not() {
        let picture = scene(1);
        let own = compared(&small(&picture, 160, 120), &picture);
        assert!(own.correlation > Some(0.98), "{own:?}");
        assert_eq!(own.explanation, Explanation::AsIs);
        let foreign = compared(&small(&scene(2), 160, 120), &picture);
        assert!(foreign.correlation < Some(0.6), "{foreign:?}");
    }

    #[test]
    fn innocent_explanations_are_found() {
        let picture = scene(1);
        let view = picture.view().unwrap();
        // A wide picture in a 4:3 thumbnail with bars.
        let wide = Gray {
            data: part(view, 0, 60, 640, 360)
                .rows()
                .flatten()
                .copied()
                .collect(),
            width_px: 640,
            height_px: 360,
        };
        let inner = small(&wide, 160, 90);
        let mut data = vec![0; 160 * 15];
        data.extend(&inner.data);
        data.extend(vec![0; 160 * 15]);
        let barred = Gray {
            data,
            width_px: 160,
            height_px: 120,
        };
        let found = compared(&barred, &wide);
        assert!(found.correlation > Some(0.95), "{found:?}");
        assert_eq!(found.explanation, Explanation::Bars);
        // A thumbnail of the whole sensor, the picture a wide crop of it.
        let found = compared(&small(&picture, 160, 120), &wide);
        assert!(found.correlation > Some(0.95), "{found:?}");
        assert_eq!(found.explanation, Explanation::Crop);
        // Turned after the thumbnail was made.
        for quarters in 1..4 {
            let found = compared(&small(&picture, 160, 120), &turned(view, quarters));
            assert!(found.correlation > Some(0.95), "{quarters}: {found:?}");
            assert_eq!(found.explanation, Explanation::Turned);
        }
    }

    #[test]
    fn what_was_painted_over_is_found_where_it_is_and_exposure_is_no_difference() {
        let picture = scene(1);
        let thumbnail = small(&picture, 160, 120);
        let mut edited = picture.clone();
        for y in 300..390 {
            for x in 120..240 {
                let px = &mut edited.data[y * 640 + x];
                *px = px.wrapping_add(90).clamp(30, 200);
            }
        }
        let found = compared(&thumbnail, &edited);
        let [difference] = found.differences.as_slice() else {
            panic!("{found:?}")
        };
        let Region { x, y, w, h } = difference.region;
        assert!((x * 640.0 - 120.0).abs() < 60.0 && (y * 480.0 - 300.0).abs() < 60.0);
        assert!((w * 640.0 - 120.0).abs() < 90.0 && (h * 480.0 - 90.0).abs() < 90.0);
        assert!(difference.levels > 20.0 && difference.times_usual > 4.0);
        // The same scene in other tones, and as it is.
        let mut brighter = picture.clone();
        for px in &mut brighter.data {
            *px = (255.0 * (f32::from(*px) / 255.0).powf(0.7)) as u8;
        }
        assert_eq!(compared(&thumbnail, &picture).differences, []);
        assert_eq!(compared(&thumbnail, &brighter).differences, []);
    }

    #[test]
    fn plain_pictures_cannot_be_compared_and_broken_ones_are_none() {
        let plain = picture(640, 480, |_, _| 128.0);
        let found = compared(&small(&plain, 160, 120), &plain);
        assert_eq!((found.correlation, found.correlation_as_is), (None, None));
        assert!(measure(b"no jpeg", plain.view().unwrap(), 1).is_none());
        let tiny = compared(&small(&scene(1), 1, 1), &scene(1));
        assert_eq!(tiny.correlation, None);
    }
}
