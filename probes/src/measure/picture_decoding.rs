//! Picture files to pixels, within bounds.
//!
//! JPEG goes to [`super::baseline_jpeg`], and what that leaves to its decoder
//! directly: luma and colour differences come out as they are coded, and a damaged
//! picture as far as it goes. HEIF and AVIF go
//! through FFmpeg item by item ([`super::heif_decoding`]), the other formats
//! through the `image` crate.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::baseline_jpeg::{self, Planes};
use super::decision_scale::Gray;
use super::heif_decoding;
use super::pixels::{Layout, Pixels};

/// Longest side that is decoded: what a JPEG header can say. The area is
/// bounded besides.
const SIDE_MAX_PX: usize = 65_535;
/// Most pixels that are decoded: the largest phone sensors have this many.
pub(super) const PIXELS_MAX: u64 = 200_000_000;
/// Most pixels that are decoded with their colours, or in several passes;
/// larger ones only in luma and only in one pass, for memory's sake.
pub(super) const COLOUR_PIXELS_MAX: u64 = 64_000_000;
/// Most memory that a decoder may ask for.
const ALLOC_MAX_BYTES: u64 = 700 << 20;
/// Most passes of a progressive JPEG; T.81 has up to about 900, real coders
/// use ten.
const SCANS_MAX: usize = 100;

/// A decoded picture, as coded: not turned upright.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The pixels, as far as they go.
    pub pixels: Pixels,
    /// Height that the file states; more than the pixels have if it is damaged.
    pub stated_height_px: u32,
    /// Bits a sample as coded, where known.
    pub bits_per_sample: Option<u8>,
    /// The first damage that the decoder spoke of.
    pub damage: Option<String>,
    /// Parts that are damaged or missing: the picture in one piece, or tiles.
    pub errors: u64,
    /// Share of the picture that could be decoded, 0.0 to 1.0.
    pub whole_ratio: f32,
    /// How the picture is turned upright, as EXIF numbers it, where the
    /// format's own structure says so; EXIF does not count then.
    pub orientation: Option<u16>,
    /// The small picture that the format itself keeps beside it, as coded.
    pub small: Option<Gray>,
    /// The colour differences of a picture of which only the luma was kept, a pixel
    /// for each block of them; their luma is not filled in.
    pub tints: Option<Pixels>,
}

impl Decoded {
    /// How the picture is coded.
    pub fn coded_layout(&self) -> Layout {
        let tints = self.tints.as_ref();
        tints.map_or(self.pixels.layout(), Pixels::layout)
    }
}

/// Decodes a picture of the format that [`crate::container`] named. The error
/// says why it was not done, for a person.
pub fn decode(bytes: &[u8], format: &str) -> Result<Decoded, String> {
    let format = match format {
        "jpeg" => return baseline(bytes).map_or_else(|| decode_jpeg(bytes), Ok),
        "heif" | "avif" => return heif_decoding::decode(bytes),
        "png" => ImageFormat::Png,
        "gif" => ImageFormat::Gif,
        "bmp" => ImageFormat::Bmp,
        "webp" => ImageFormat::WebP,
        "tiff" => ImageFormat::Tiff,
        other => return Err(format!("no decoder for {other} here")),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX_PX as u32);
    limits.max_image_height = Some(SIDE_MAX_PX as u32);
    limits.max_alloc = Some(ALLOC_MAX_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|e| e.to_string())?;
    let (width_px, height_px) = decoder.dimensions();
    allow(width_px, height_px, PIXELS_MAX)?;
    if decoder.total_bytes() > ALLOC_MAX_BYTES {
        let wanted = decoder.total_bytes();
        return Err(format!(
            "would need {wanted} bytes, more than {ALLOC_MAX_BYTES}"
        ));
    }
    let color = decoder.color_type();
    let picture = DynamicImage::from_decoder(decoder).map_err(|e| e.to_string())?;
    let (data, layout) = if color.has_color() {
        (picture.into_rgb8().into_raw(), Layout::Rgb)
    } else {
        (picture.into_luma8().into_raw(), Layout::Gray)
    };
    let bits = color.bits_per_pixel() / u16::from(color.channel_count()).max(1);
    Ok(Decoded {
        pixels: Pixels::new(data, width_px, height_px, layout).ok_or("an empty picture")?,
        stated_height_px: height_px,
        bits_per_sample: u8::try_from(bits).ok(),
        damage: None,
        errors: 0,
        whole_ratio: 1.0,
        orientation: None,
        small: None,
        tints: None,
    })
}

/// Most JPEGs by far, in half the time.
fn baseline(bytes: &[u8]) -> Option<Decoded> {
    let Planes { luma, tints } = baseline_jpeg::decode(bytes)?;
    Some(Decoded {
        stated_height_px: luma.height_px(),
        pixels: luma,
        bits_per_sample: Some(8),
        damage: None,
        errors: 0,
        whole_ratio: 1.0,
        orientation: None,
        small: None,
        tints: Some(tints),
    })
}

pub(super) fn allow(width_px: u32, height_px: u32, most: u64) -> Result<(), String> {
    if u64::from(width_px) * u64::from(height_px) > most {
        Err(format!("{width_px}×{height_px} is more than {most} pixels"))
    } else {
        Ok(())
    }
}

/// Decodes the JPEG that `bytes` starts with.
pub fn decode_jpeg(bytes: &[u8]) -> Result<Decoded, String> {
    let mut strict = Opened::new(bytes, true);
    let complaint = match strict.as_mut().map(Opened::decode) {
        Ok(Ok(data)) => {
            let opened = strict?;
            return opened.finish(data, None);
        }
        Ok(Err((why, _))) => why,
        Err(why) => why.clone(),
    };
    // Again, taking what is there.
    let mut lenient = Opened::new(bytes, false)?;
    let (data, trouble) = match lenient.decode() {
        Ok(data) => (data, None),
        Err((why, data)) => (data, Some(why)),
    };
    lenient.finish(data, Some(trouble.unwrap_or(complaint)))
}

/// A JPEG whose headers are read.
struct Opened<'a> {
    decoder: JpegDecoder<ZCursor<&'a [u8]>>,
    layout: Layout,
    width_px: u32,
    height_px: u32,
}

impl<'a> Opened<'a> {
    fn new(bytes: &'a [u8], is_strict: bool) -> Result<Self, String> {
        let options = DecoderOptions::new_fast()
            .set_max_width(SIDE_MAX_PX)
            .set_max_height(SIDE_MAX_PX)
            .jpeg_set_max_scans(SCANS_MAX)
            .set_strict_mode(is_strict);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(|e| e.to_string())?;
        let (width, height) = decoder.dimensions().ok_or("no frame header")?;
        let side = |px: usize| u32::try_from(px).map_err(|e| e.to_string());
        let (width_px, height_px) = (side(width)?, side(height)?);
        let is_progressive = super::jpeg_tables::read(bytes)
            .and_then(|tables| tables.frame_type)
            .is_some_and(|frame| frame == 2);
        let most = if is_progressive {
            COLOUR_PIXELS_MAX
        } else {
            PIXELS_MAX
        };
        allow(width_px, height_px, most)?;
        let is_large = allow(width_px, height_px, COLOUR_PIXELS_MAX).is_err();
        let (layout, space) = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => (Layout::Gray, ColorSpace::Luma),
            Some(ColorSpace::YCbCr) if is_large => (Layout::Gray, ColorSpace::Luma),
            Some(ColorSpace::YCbCr) => (Layout::YCbCr, ColorSpace::YCbCr),
            _ if is_large => return Err(format!("{width_px}×{height_px} in unusual colours")),
            _ => (Layout::Rgb, ColorSpace::RGB),
        };
        let options = decoder.options().jpeg_set_out_colorspace(space);
        decoder.set_options(options);
        Ok(Self {
            decoder,
            layout,
            width_px,
            height_px,
        })
    }

    /// All samples, or why not, with what there is.
    fn decode(&mut self) -> Result<Vec<u8>, (String, Vec<u8>)> {
        let needed = self.width_px as usize * self.height_px as usize * self.layout.channels();
        let mut data = vec![0; needed];
        match self.decoder.decode_into(&mut data) {
            Ok(()) => Ok(data),
            Err(why) => Err((why.to_string(), data)),
        }
    }

    fn finish(self, data: Vec<u8>, complaint: Option<String>) -> Result<Decoded, String> {
        let stated_height_px = self.height_px;
        let mut pixels = Pixels::new(data, self.width_px, self.height_px, self.layout)
            .ok_or("an empty picture")?;
        // Bytes between headers that mean nothing harm nobody.
        let damage = complaint.filter(|text| !text.contains("Extra bytes"));
        if let Some(damage) = &damage {
            let rows = rows_with_content(&pixels);
            pixels = pixels.cropped_to_rows(rows).ok_or_else(|| damage.clone())?;
        }
        Ok(Decoded {
            whole_ratio: pixels.height_px() as f32 / stated_height_px.max(1) as f32,
            pixels,
            stated_height_px,
            bits_per_sample: Some(8),
            errors: u64::from(damage.is_some()),
            damage,
            orientation: None,
            small: None,
            tints: None,
        })
    }
}

/// Rows from the top without those at the end that the decoder only filled:
/// one value in all of them.
fn rows_with_content(pixels: &Pixels) -> u32 {
    let height = pixels.height_px() as usize;
    let fill = pixels
        .row(height.saturating_sub(1))
        .first()
        .copied()
        .unwrap_or(0);
    let filled = (0..height)
        .rev()
        .take_while(|y| pixels.row(*y).iter().all(|sample| *sample == fill))
        .count();
    (height - filled) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::recipe::{self, stones};

    fn jpeg() -> Vec<u8> {
        recipe::jpeg(&stones(320, 240), 90)
    }

    #[test]
    fn a_whole_picture_is_whole() {
        let found = decode(&jpeg(), "jpeg").unwrap();
        assert_eq!(
            (found.pixels.width_px(), found.pixels.height_px()),
            (320, 240)
        );
        assert_eq!(
            (found.stated_height_px, found.bits_per_sample),
            (240, Some(8))
        );
        assert_eq!(found.damage, None);
        let original = stones(320, 240);
        let luma = found.pixels.luma();
        let off: u64 = original
            .data
            .iter()
            .zip(&luma.data)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        assert!(off / 76_800 < 4);
    }

    #[test]
    fn a_cut_picture_is_decoded_as_far_as_it_goes() {
        let whole = jpeg();
        let found = decode(&whole[..whole.len() / 2], "jpeg").unwrap();
        assert!(found.damage.is_some());
        assert_eq!(found.stated_height_px, 240);
        let height = found.pixels.height_px();
        assert!((80..180).contains(&height), "{height}");
        assert!(decode(&whole[..200], "jpeg").is_err());
        assert!(decode(&[], "jpeg").is_err());
    }

    #[test]
    fn stated_sizes_beyond_the_limit_are_refused_before_decoding() {
        let mut bomb = jpeg();
        let frame = bomb.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
        bomb[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
        let why = decode(&bomb, "jpeg").unwrap_err();
        assert!(why.contains("65535×65535"), "{why}");
    }

    #[test]
    fn other_formats_keep_their_depth_and_colours() {
        let mut png = Cursor::new(Vec::new());
        let deep = image::ImageBuffer::from_fn(40, 30, |x, y| {
            image::Rgb([(x * 1600) as u16, (y * 2000) as u16, 9])
        });
        DynamicImage::ImageRgb16(deep)
            .write_to(&mut png, ImageFormat::Png)
            .unwrap();
        let found = decode(png.get_ref(), "png").unwrap();
        assert_eq!(found.bits_per_sample, Some(16));
        assert_eq!(found.pixels.layout(), Layout::Rgb);
        assert!(decode(png.get_ref(), "heif").unwrap_err().contains("meta"));
        assert!(decode(&png.get_ref()[..60], "png").is_err());
    }

    #[test]
    fn no_beginning_of_a_file_and_no_flipped_byte_does_harm() {
        let whole = jpeg();
        for end in (0..whole.len()).step_by(97) {
            let _ = decode(&whole[..end], "jpeg");
        }
        for at in (0..whole.len()).step_by(31) {
            let mut broken = whole.clone();
            broken[at] ^= 0x5A;
            if let Ok(found) = decode(&broken, "jpeg") {
                assert!(found.pixels.height_px() <= found.stated_height_px);
            }
        }
    }
}
