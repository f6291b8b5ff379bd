//! HEIF and AVIF to pixels: each coded item through FFmpeg's decoder, the
//! tiles of a grid put together as they come.

use std::io::Cursor;

use super::picture_decoding::{COLOUR_PIXELS_MAX, Decoded, PIXELS_MAX, allow, decode_jpeg};
use super::pixels::{Layout, Pixels};
use crate::container::heif::{self, CodedItem, Shown};
use crate::ffmpeg::StillDecoder;
use crate::media::{SampledPicture, Samples};

/// How far a coded picture may be larger than its item says: coding blocks
/// are up to 128 pixels wide (AV1 superblocks).
const CODED_BEYOND_PX: u32 = 128;
/// Longest coded item: what a raw picture of the largest size would have.
const CODED_MAX_BYTES: u64 = 256 << 20;
/// Where tiles are missing: no darker and no lighter than the rest on average.
const MISSING_SAMPLE: u8 = 128;
/// So many broken tiles in a row and the rest is left alone.
const BROKEN_IN_A_ROW_MAX: u32 = 64;

/// Decodes what the file shows, and the small picture that stands for it.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, String> {
    let shown = heif::shown(&mut Cursor::new(bytes), bytes.len() as u64)?;
    let (width_px, height_px) = (shown.width_px, shown.height_px);
    allow(width_px, height_px, PIXELS_MAX)?;
    let mut tiles = Tiles {
        bytes,
        full_range: shown.full_range,
        with_colours: allow(width_px, height_px, COLOUR_PIXELS_MAX).is_ok(),
        decoder: None,
        complaint: None,
        bits_per_sample: None,
    };
    let (mut pixels, whole_ratio, errors) = match shown.tiles.as_slice() {
        [only] => tiles.single(only)?,
        _ => tiles.grid(&shown)?,
    };
    let (damage, bits_per_sample) = (tiles.complaint.take(), tiles.bits_per_sample);
    if let Some((left, top, width, height)) = shown.cut_px {
        let cut = pixels.cropped(left, top, width, height);
        pixels = cut.ok_or("the part that is shown lies outside")?;
    }
    let small = shown.thumbnail.as_ref().and_then(|item| {
        let (small, ..) = tiles.single(item).ok()?;
        Some(small.luma())
    });
    Ok(Decoded {
        stated_height_px: pixels.height_px(),
        pixels,
        bits_per_sample,
        damage,
        errors,
        whole_ratio,
        orientation: Some(shown.orientation),
        small,
        tints: None,
    })
}

/// The coded items of one file.
struct Tiles<'a> {
    bytes: &'a [u8],
    full_range: Option<bool>,
    with_colours: bool,
    /// With the item whose configuration it was opened with.
    decoder: Option<(CodedItem, StillDecoder)>,
    /// The first damage.
    complaint: Option<String>,
    bits_per_sample: Option<u8>,
}

impl Tiles<'_> {
    fn single(&mut self, item: &CodedItem) -> Result<(Pixels, f32, u64), String> {
        let (picture, damage) = self.picture(item)?;
        let errors = u64::from(damage.is_some());
        self.complaint = self.complaint.take().or(damage);
        let pixels = pixels(picture).ok_or("an empty picture")?;
        // Coded pictures may have an odd row or column too much.
        let (width, height) = (
            item.width_px.min(pixels.width_px()),
            item.height_px.min(pixels.height_px()),
        );
        let pixels = pixels
            .cropped(0, 0, width, height)
            .ok_or("an empty picture")?;
        let ratio = height as f32 / item.height_px.max(1) as f32;
        Ok((pixels, ratio, errors))
    }

    fn grid(&mut self, shown: &Shown) -> Result<(Pixels, f32, u64), String> {
        let mut canvas: Option<Canvas> = None;
        let (mut errors, mut placed, mut broken_in_a_row) = (0, 0_u32, 0);
        for (number, item) in (0_u32..).zip(&shown.tiles) {
            let (picture, damage) = match self.picture(item) {
                Ok(found) => found,
                Err(why) => {
                    self.complaint.get_or_insert(why);
                    errors += 1;
                    broken_in_a_row += 1;
                    if broken_in_a_row > BROKEN_IN_A_ROW_MAX {
                        break;
                    }
                    continue;
                }
            };
            broken_in_a_row = 0;
            let canvas = canvas.get_or_insert_with(|| {
                Canvas::new(shown.width_px, shown.height_px, picture.samples)
            });
            let (column, row) = (number % shown.columns, number / shown.columns);
            let is_whole = canvas.place(
                &picture,
                column.saturating_mul(item.width_px),
                row.saturating_mul(item.height_px),
                (item.width_px, item.height_px),
            );
            placed += u32::from(is_whole);
            let damage = damage.or((!is_whole).then(|| "a tile of another size".to_owned()));
            errors += u64::from(damage.is_some());
            self.complaint = self.complaint.take().or(damage);
        }
        let pixels = canvas.and_then(Canvas::finish);
        let pixels = pixels.ok_or_else(|| {
            let why = self.complaint.take();
            why.unwrap_or_else(|| "no tile could be decoded".to_owned())
        })?;
        let ratio = placed as f32 / shown.tiles.len().max(1) as f32;
        Ok((pixels, ratio, errors))
    }

    fn picture(&mut self, item: &CodedItem) -> Result<(SampledPicture, Option<String>), String> {
        allow(item.width_px, item.height_px, PIXELS_MAX)?;
        let coded = self.coded(item)?;
        let codec = match item.kind.as_str() {
            "hvc1" | "hev1" => "hevc",
            "av01" => "av1",
            "avc1" => "h264",
            _ => return self.jpeg(&coded),
        };
        let is_ready = self.decoder.as_ref().is_some_and(|(with, _)| {
            (&with.kind, &with.configuration) == (&item.kind, &item.configuration)
                && (with.width_px, with.height_px) == (item.width_px, item.height_px)
        });
        if !is_ready {
            let side = |px: u32| px.saturating_add(CODED_BEYOND_PX);
            let pixels_max = side(item.width_px).saturating_mul(side(item.height_px));
            let decoder = StillDecoder::open(codec, &item.configuration, pixels_max)?;
            self.decoder = Some((item.clone(), decoder));
        }
        let (_, decoder) = self.decoder.as_mut().ok_or("no decoder")?;
        let (picture, fault) = decoder.decode(&coded).map_err(|fault| fault.to_string())?;
        let (picture, depth) = picture
            .samples(self.full_range, self.with_colours)
            .ok_or("a pixel format that cannot be shown")?;
        self.bits_per_sample = self.bits_per_sample.or(Some(depth));
        Ok((picture, fault.map(|fault| fault.to_string())))
    }

    fn jpeg(&mut self, coded: &[u8]) -> Result<(SampledPicture, Option<String>), String> {
        let Decoded { pixels, damage, .. } = decode_jpeg(coded)?;
        self.bits_per_sample = self.bits_per_sample.or(Some(8));
        let samples = match pixels.layout() {
            _ if !self.with_colours => Samples::Luma,
            Layout::Gray => Samples::Luma,
            Layout::YCbCr => Samples::YCbCr,
            Layout::Rgb => Samples::Rgb,
        };
        let picture = SampledPicture {
            width_px: pixels.width_px(),
            height_px: pixels.height_px(),
            samples,
            data: match samples {
                Samples::Luma => pixels.luma().data,
                Samples::YCbCr | Samples::Rgb => pixels.into_data(),
            },
        };
        Ok((picture, damage))
    }

    fn coded(&self, item: &CodedItem) -> Result<Vec<u8>, String> {
        let mut coded = Vec::new();
        for (offset, length) in &item.extents {
            let start = usize::try_from(*offset).map_err(|e| e.to_string())?;
            let rest = self.bytes.get(start..).unwrap_or_default();
            // Length 0 is the rest of the file (ISO/IEC 14496-12, 8.11.3.3).
            let length = match usize::try_from(*length).map_err(|e| e.to_string())? {
                0 => rest.len(),
                length => length,
            };
            let piece = rest.get(..length).ok_or("its bytes lie beyond the file")?;
            if coded.len().saturating_add(piece.len()) as u64 > CODED_MAX_BYTES {
                return Err("more coded bytes than a picture has".to_owned());
            }
            coded.extend_from_slice(piece);
        }
        if coded.is_empty() {
            return Err("an item without bytes".to_owned());
        }
        Ok(coded)
    }
}

fn pixels(picture: SampledPicture) -> Option<Pixels> {
    let layout = layout(picture.samples);
    Pixels::new(picture.data, picture.width_px, picture.height_px, layout)
}

fn layout(samples: Samples) -> Layout {
    match samples {
        Samples::Luma => Layout::Gray,
        Samples::YCbCr => Layout::YCbCr,
        Samples::Rgb => Layout::Rgb,
    }
}

/// The whole picture while its tiles arrive.
struct Canvas {
    data: Vec<u8>,
    width_px: u32,
    height_px: u32,
    samples: Samples,
}

impl Canvas {
    /// The size is within the limits already.
    fn new(width_px: u32, height_px: u32, samples: Samples) -> Self {
        let length = width_px as usize * height_px as usize * samples.count();
        Self {
            data: vec![MISSING_SAMPLE; length],
            width_px,
            height_px,
            samples,
        }
    }

    /// Copies what of `tile` lies inside; true if it covers its place.
    fn place(&mut self, tile: &SampledPicture, left: u32, top: u32, size: (u32, u32)) -> bool {
        if tile.samples != self.samples || left >= self.width_px || top >= self.height_px {
            return false;
        }
        let wanted = (
            size.0.min(self.width_px - left),
            size.1.min(self.height_px - top),
        );
        let (width, height) = (wanted.0.min(tile.width_px), wanted.1.min(tile.height_px));
        let count = self.samples.count();
        let length = width as usize * count;
        let from = tile.data.chunks(tile.width_px as usize * count);
        let to = self.data.chunks_mut(self.width_px as usize * count);
        for (from, to) in from.zip(to.skip(top as usize)).take(height as usize) {
            let start = left as usize * count;
            if let (Some(from), Some(to)) = (from.get(..length), to.get_mut(start..start + length))
            {
                to.copy_from_slice(from);
            }
        }
        (width, height) == wanted
    }

    fn finish(self) -> Option<Pixels> {
        Pixels::new(
            self.data,
            self.width_px,
            self.height_px,
            layout(self.samples),
        )
    }
}

#[cfg(test)]
mod tests;
