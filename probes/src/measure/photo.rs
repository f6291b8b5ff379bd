//! A still picture.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::copy_move::{self, CopyMove};
use super::decision_scale::Gray;
use super::exposure::{self, Exposure, Range};
use super::first_save::{self, FirstSave};
use super::jpeg_grid::{self, JpegGrid};
use super::jpeg_tables::JpegTables;
use super::legibility::{self, Legibility};
use super::likeness::{self, Likeness};
use super::moire::{self, Moire};
use super::pixels::Pixels;
use super::resolution::{self, Resolution};
use super::rolloff::{self, Rolloff};
use super::sharpness::{self, Sharpness};
use super::spectrum;
use super::thumbnail::Thumbnail;

/// Every so many rows are looked at for fine detail.
const DETAIL_ROW_STEP: usize = 24;

/// A still picture. Tiles lie over the upright picture; of a damaged one,
/// over the part that could be decoded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Photo {
    /// Width as coded, of the picture itself and not of a preview.
    pub width_px: Option<u32>,
    /// Height as coded.
    pub height_px: Option<u32>,
    /// How the coded picture is turned upright, 1 to 8 as EXIF numbers it:
    /// from EXIF, of HEIF and AVIF from their own properties (`irot`, `imir`).
    pub orientation: u16,
    /// Which pixels everything below was measured in.
    pub measured_in: MeasuredIn,
    /// True if the picture is a sensor's raw data, which are not developed here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// Width of the preview, if that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_width_px: Option<u32>,
    /// Height of the preview, if that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_height_px: Option<u32>,
    /// Share of the rows, or of the tiles of a grid, that could be decoded, 0.0
    /// to 1.0.
    pub decoded_ratio: Option<f32>,
    /// Bits a sample as coded.
    pub bits_per_sample: Option<u8>,
    /// Sharpness by tile.
    pub sharpness: Option<Sharpness>,
    /// How its spectrum falls off; `None` without contrast or room, and in
    /// measurements of before it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolloff: Option<Rolloff>,
    /// Exposure by tile.
    pub exposure: Option<Exposure>,
    /// Lines of text in it; `None` in measurements of before they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legibility: Option<Legibility>,
    /// Share of the picture's variance that lies above half the highest
    /// frequency of its own resolution, 0.0 to 1.0, along the axis in which it
    /// is larger. An enlarged picture has next to none.
    pub fine_detail_ratio: Option<f64>,
    /// How much of its resolution holds detail; `None` in measurements of before it
    /// was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// How it was coded, if it is a JPEG.
    pub jpeg: Option<JpegTables>,
    /// Where the grid of JPEG lies in a picture that has one or came out of
    /// one.
    pub jpeg_grid: Option<JpegGrid>,
    /// Fine patterns with one period all over the picture.
    pub moire: Option<Moire>,
    /// Parts that stand in the picture twice.
    pub copy_move: Option<CopyMove>,
    /// Whether it was compressed once before, if it is a JPEG.
    pub first_save: Option<FirstSave>,
    /// The thumbnail in its EXIF, or the one that HEIF keeps beside the picture.
    pub thumbnail: Option<Thumbnail>,
    /// What it looks like; of whole pictures and whole previews only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likeness: Option<Likeness>,
    /// BLAKE3 of the decoded picture, in hex, of one coded in luma and colour
    /// differences over its luma; of whole pictures only. Equal ones are the same
    /// picture, whatever stands around it in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixels_blake3: Option<String>,
}

/// Which pixels were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MeasuredIn {
    /// None could be decoded.
    #[default]
    Nothing,
    /// The picture.
    Picture,
    /// Only a smaller preview inside the file: says nothing of the clarity
    /// of the picture.
    Preview,
}

/// How many dB of fine detail an edge is worth that is as steep as can be. Measured on
/// the tuning half of `accuracy photo`: with 10 to 80 the two told sharp from blurred
/// better than either alone, and from 40 on it hardly matters.
const STEEPNESS_DB: f64 = 60.0;
/// Share of the tiles with detail whose steepness counts. A larger one tells sharp from
/// blurred as well, but less well where only a subject is in focus.
const STEEPEST_SHARE: f32 = 0.15;

impl Photo {
    /// How sharp the picture is in one number, dB, more for sharper: fine detail
    /// against coarse shapes, and the steepness of the steepest edges. `None` if
    /// there is too little to see.
    pub fn clarity_db(&self) -> Option<f64> {
        let detail_db = self.rolloff.as_ref()?.sharpness_db();
        let steepness = self
            .sharpness
            .as_ref()?
            .steepness_of_sharpest(STEEPEST_SHARE)?;
        Some(f64::from(detail_db) + STEEPNESS_DB * f64::from(steepness))
    }

    /// Adds what the pixels show; `luma` is the luma of the same picture at the decision
    /// scale, turned upright.
    pub fn look(&mut self, native: &Pixels, luma: &Gray) {
        if let Some(view) = luma.view() {
            self.sharpness = Some(sharpness::measure(view));
            self.rolloff = rolloff::measure(view);
            self.exposure = Some(exposure::measure(view, Range::Full));
            self.likeness = likeness::measure(view);
            self.copy_move = Some(copy_move::measure(view));
        }
        let squares = spectrum::squares(native);
        self.moire = Some(moire::measure(&squares));
        self.resolution = Some(resolution::measure(native, &squares));
        self.fine_detail_ratio = fine_detail_ratio(native);
        let reduced = native.luma_reduced(legibility::LONG_SIDE_PX);
        let reduced_ratio = native.width_px() as f32 / reduced.width_px().max(1) as f32;
        let turned = reduced.upright(self.orientation).into_luma();
        self.legibility = turned
            .view()
            .map(|view| legibility::measure(view, reduced_ratio));
    }

    /// Adds what the pixels tell of how the picture was coded before; only for
    /// a whole picture whose last coding left the grid of JPEG in place.
    pub fn look_for_coding(&mut self, native: &Pixels) {
        let tables = self.jpeg.as_ref();
        let luma_steps = tables.and_then(|tables| tables.quantisation.first());
        let steps = luma_steps.map_or(&[][..], Vec::as_slice);
        self.jpeg_grid = jpeg_grid::measure(native, self.orientation, steps);
        self.first_save = luma_steps.and_then(|steps| first_save::measure(native, steps));
    }
}

/// Taps of the half-band filter (−1 0 9 16 9 0 −1)/32, turned over and without
/// its share.
const HALF_BAND: [i16; 7] = [1, 0, -9, 16, -9, 0, 1];

/// By the half-band filter along rows and columns: what it takes away lies above half
/// the Nyquist frequency. `None` for a picture that is too small or without any
/// contrast.
pub fn fine_detail_ratio(pixels: &Pixels) -> Option<f64> {
    let height = pixels.height_px() as usize;
    let (mut count, mut sum, mut squares) = (0_u64, 0_u64, 0_u64);
    let (mut across, mut down) = (0_u64, 0_u64);
    let mut lines: [Vec<i16>; 7] = std::array::from_fn(|_| Vec::new());
    let mut high = Vec::new();
    for y in (3..height.saturating_sub(3)).step_by(DETAIL_ROW_STEP) {
        for (line, row) in lines.iter_mut().zip(y - 3..) {
            line.clear();
            let row = pixels.row(row);
            if pixels.channels() == 1 {
                line.extend(row.iter().map(|v| i16::from(*v)));
            } else {
                let firsts = row.iter().step_by(pixels.channels());
                line.extend(firsts.map(|v| i16::from(*v)));
            }
        }
        let [a, _, c, middle, e, _, g] = &lines;
        let width = middle.len();
        high.clear();
        high.extend(middle.array_windows().map(|window| filtered(*window)));
        across += sum_of_squares(&high);
        high.clear();
        let outer = a.iter().zip(g).zip(c.iter().zip(e));
        high.extend(
            outer
                .zip(middle)
                .map(|(((a, g), (c, e)), middle)| filtered([*a, 0, *c, *middle, *e, 0, *g])),
        );
        down += sum_of_squares(&high);
        count += width as u64;
        sum += middle
            .iter()
            .map(|v| u64::from(v.unsigned_abs()))
            .sum::<u64>();
        squares += sum_of_squares(middle);
    }
    let sum = sum as f64;
    let mean = sum / (count.max(1)) as f64;
    let variance = squares as f64 - mean * sum;
    let highest = across.max(down) as f64;
    (variance > 1.0).then(|| (highest / (32.0 * 32.0) / variance).clamp(0.0, 1.0))
}

/// Seven levels through the half-band filter: at most 18 times white, so that nothing
/// runs over.
fn filtered(window: [i16; 7]) -> i16 {
    let [a, _, c, middle, e, _, g] = window;
    let [outer, _, inner, centre, ..] = HALF_BAND;
    let outer = a.wrapping_add(g).wrapping_mul(outer);
    let inner = c.wrapping_add(e).wrapping_mul(inner);
    middle
        .wrapping_mul(centre)
        .wrapping_add(inner)
        .wrapping_add(outer)
}

/// Filtered levels whose squares are summed in 32 bits: so many never run over.
const SQUARES_AT_ONCE: usize = 128;

fn sum_of_squares(values: &[i16]) -> u64 {
    let pieces = values.chunks(SQUARES_AT_ONCE);
    let sums = pieces.map(|piece| {
        piece.iter().fold(0_u32, |sum, v| {
            let v = i32::from(*v);
            sum.wrapping_add(v.wrapping_mul(v).cast_unsigned())
        })
    });
    sums.map(u64::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::pixels::Layout;
    use crate::measure::recipe::{enlarged, picture, scatter, stones};

    fn ratio(gray: Gray) -> Option<f64> {
        let pixels = Pixels::new(gray.data, gray.width_px, gray.height_px, Layout::Gray)?;
        fine_detail_ratio(&pixels)
    }

    #[test]
    fn fine_detail_is_what_an_enlarged_picture_lacks() {
        let own = ratio(stones(400, 300)).unwrap();
        let blown_up = ratio(enlarged(&stones(200, 150), 2)).unwrap();
        let more = ratio(enlarged(&stones(100, 75), 4)).unwrap();
        assert!(own > 4.0 * blown_up, "{own} {blown_up}");
        assert!(blown_up > 3.0 * more, "{blown_up} {more}");
        assert!(more < 1e-3, "{more}");
        // White noise has three quarters below and above: half along an axis.
        let noise = picture(300, 200, |x, y| 255.0 * scatter(x as i32, y as i32, 4));
        let flat = ratio(noise).unwrap();
        assert!((0.3..0.6).contains(&flat), "{flat}");
    }

    #[test]
    fn lines_in_either_axis_count_and_flat_or_tiny_pictures_have_no_figure() {
        let stripes = |f: fn(f32, f32) -> f32| picture(64, 64, move |x, y| 255.0 * (f(x, y) % 2.0));
        assert!(ratio(stripes(|x, _| x)).unwrap() > 0.9);
        assert_eq!(ratio(picture(64, 64, |_, _| 9.0)), None);
        for (w, h) in [(1, 1), (6, 6), (1, 900), (900, 1)] {
            let found = ratio(picture(w, h, |x, y| (x + y) % 256.0));
            assert!(found.is_none_or(f64::is_finite));
        }
    }
}
