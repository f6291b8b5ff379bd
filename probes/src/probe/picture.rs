//! One still picture: read once, decoded once, given to every instrument.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use exif::{Context, Exif, In, Tag};

use super::{Depth, ONLY_STRUCTURE, Still, Wants};
use crate::measure::decision_scale::LONG_SIDE_PX;
use crate::measure::photo::{MeasuredIn, Photo};
use crate::measure::picture_decoding::{Decoded, decode, decode_jpeg};
use crate::measure::{jpeg_tables, thumbnail};
use crate::measurements::{Measurements, NotRun};

/// Longest photo file that is read: raws and motion photos stay below it.
const FILE_MAX_BYTES: u64 = 256 << 20;
/// Version of these instruments, in [`Measurements::instruments`].
const VERSION: u32 = 1;
/// Instruments that look at pixels.
const PIXEL_INSTRUMENTS: [&str; 3] = ["sharpness", "exposure", "thumbnail"];

/// Measures the photo in `file`, whose format [`crate::container`] named.
/// Never fails: what could not be measured is named in `m`.
pub(super) fn measure(
    file: &mut File,
    format: &str,
    wants: &Wants,
    m: &mut Measurements,
) -> Vec<Still> {
    let bytes = match read(file) {
        Ok(bytes) => bytes,
        Err(why) => {
            not_run(m, &why);
            return Vec::new();
        }
    };
    let mut photo = Photo::default();
    let exif = thumbnail::read_exif(&bytes);
    photo.orientation = exif.as_ref().map_or(1, thumbnail::orientation);
    photo.jpeg = (format == "jpeg")
        .then(|| jpeg_tables::read(&bytes))
        .flatten();
    let embedded = exif.as_ref().and_then(thumbnail::embedded);

    let picture = match wants.depth {
        Depth::Full => decode(&bytes, format),
        Depth::Structure => Err(ONLY_STRUCTURE.to_owned()),
    };
    let decoded = match picture {
        Ok(decoded) if is_preview(format, exif.as_ref()) => {
            not_run(m, "only a preview could be decoded, the picture is raw");
            photo.measured_in = MeasuredIn::Preview;
            Some(decoded)
        }
        Ok(decoded) => {
            photo.measured_in = MeasuredIn::Picture;
            photo.width_px = Some(decoded.pixels.width_px());
            photo.height_px = Some(decoded.stated_height_px);
            photo.bits_per_sample = decoded.bits_per_sample;
            note_decoding(&decoded, &mut photo, m);
            Some(decoded)
        }
        Err(why) => {
            not_run(m, &why);
            let preview = embedded
                .filter(|_| wants.depth == Depth::Full)
                .and_then(|jpeg| decode_jpeg(jpeg).ok());
            if preview.is_some() {
                photo.measured_in = MeasuredIn::Preview;
            }
            preview
        }
    };
    drop_duplicates(m);
    let stills = decoded
        .map(|decoded| look(&decoded, embedded, wants, &mut photo, m))
        .unwrap_or_default();
    m.photo = Some(photo);
    stills
}

fn read(file: &mut File) -> Result<Vec<u8>, String> {
    let length = file.seek(SeekFrom::End(0)).map_err(|e| e.to_string())?;
    if length > FILE_MAX_BYTES {
        return Err(format!("{length} bytes is more than a photo has"));
    }
    file.rewind().map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    Ok(bytes)
}

fn not_run(m: &mut Measurements, why: &str) {
    m.not_run.extend(PIXEL_INSTRUMENTS.map(|name| NotRun {
        instrument: name.to_owned(),
        why: why.to_owned(),
    }));
}

/// One reason an instrument is enough.
fn drop_duplicates(m: &mut Measurements) {
    let mut seen = std::collections::BTreeSet::new();
    m.not_run
        .retain(|n| seen.insert((n.instrument.clone(), n.why.clone())));
}

/// Raw files are TIFF files whose first picture is a small preview.
fn is_preview(format: &str, exif: Option<&Exif>) -> bool {
    /// DNG 1.6, DNGVersion.
    const DNG_VERSION: Tag = Tag(Context::Tiff, 0xC612);
    /// TIFF 6.0, NewSubfileType, bit 0: a reduced copy of another picture.
    const NEW_SUBFILE_TYPE: Tag = Tag(Context::Tiff, 0x00FE);
    let field = |tag| exif.and_then(|exif| exif.get_field(tag, In::PRIMARY));
    format == "tiff"
        && (field(DNG_VERSION).is_some()
            || field(NEW_SUBFILE_TYPE)
                .and_then(|field| field.value.get_uint(0))
                .is_some_and(|bits| bits & 1 == 1))
}

fn note_decoding(decoded: &Decoded, photo: &mut Photo, m: &mut Measurements) {
    let ratio = decoded.pixels.height_px() as f32 / decoded.stated_height_px.max(1) as f32;
    photo.decoded_ratio = Some(ratio);
    m.decoding.frames = 1;
    m.decoding.reached_end = ratio >= 1.0;
    if let Some(damage) = &decoded.damage {
        m.decoding.errors = 1;
        m.decoding.messages.push(damage.clone());
    }
}

fn look(
    decoded: &Decoded,
    embedded: Option<&[u8]>,
    wants: &Wants,
    photo: &mut Photo,
    m: &mut Measurements,
) -> Vec<Still> {
    let reduced = decoded.pixels.reduced(LONG_SIDE_PX);
    let upright = reduced.upright(photo.orientation);
    photo.look(&decoded.pixels, &upright);
    let mut measured = vec!["sharpness", "exposure"];
    if photo.measured_in == MeasuredIn::Picture && m.decoding.reached_end {
        let luma = reduced.luma();
        photo.thumbnail = embedded
            .zip(luma.view())
            .and_then(|(jpeg, view)| thumbnail::measure(jpeg, view));
        measured.push("thumbnail");
    }
    if photo.jpeg.is_some() {
        measured.push("jpeg_tables");
    }
    for name in measured {
        m.instruments.insert(name.to_owned(), VERSION);
    }
    let still = if wants.still_long_side_px <= LONG_SIDE_PX {
        upright.reduced(wants.still_long_side_px)
    } else {
        let larger = decoded.pixels.reduced(wants.still_long_side_px);
        larger.upright(photo.orientation)
    };
    still
        .to_jpeg()
        .filter(|_| wants.stills_count > 0)
        .map(|jpeg| Still {
            label: "photo".to_owned(),
            at_ms: 0,
            jpeg,
        })
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use exif::experimental::Writer;
    use exif::{Field, Value};
    use image::ExtendedColorType;
    use image::codecs::jpeg::JpegEncoder;

    use super::*;
    use crate::measure::decision_scale::{Gray, shrink};
    use crate::measure::recipe;

    fn encoded(gray: &Gray) -> Vec<u8> {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 92)
            .encode(
                &gray.data,
                gray.width_px,
                gray.height_px,
                ExtendedColorType::L8,
            )
            .unwrap();
        jpeg
    }

    /// A JPEG with orientation and thumbnail in its EXIF.
    fn photo_file(gray: &Gray, thumbnail: &Gray, orientation: u16) -> Vec<u8> {
        let field = Field {
            tag: Tag::Orientation,
            ifd_num: In::PRIMARY,
            value: Value::Short(vec![orientation]),
        };
        let small = encoded(thumbnail);
        let mut writer = Writer::new();
        writer.push_field(&field);
        writer.set_jpeg(&small, In::THUMBNAIL);
        let mut exif = Cursor::new(b"Exif\0\0".to_vec());
        let mut tiff = Cursor::new(Vec::new());
        writer.write(&mut tiff, false).unwrap();
        exif.seek(SeekFrom::End(0)).unwrap();
        exif.write_all(tiff.get_ref()).unwrap();
        let exif = exif.into_inner();
        let mut file = vec![0xFF, 0xD8, 0xFF, 0xE1];
        file.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        file.extend(exif);
        file.extend(&encoded(gray)[2..]);
        file
    }

    fn measured(bytes: &[u8], format: &str) -> (Measurements, Vec<Still>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let wants = Wants {
            name: "IMG_0001.JPG".to_owned(),
            still_long_side_px: 160,
            stills_count: 4,
            depth: Depth::Full,
        };
        let mut m = Measurements::default();
        let stills = measure(&mut file, format, &wants, &mut m);
        (m, stills)
    }

    #[test]
    fn a_photo_is_measured_upright_and_shown_so() {
        let scene = recipe::stones(640, 480);
        let soft = recipe::blur(&scene, &recipe::defocus(7.0));
        // The left of the coded picture is sharp; turned by 90° it is the top.
        let half = recipe::beside(&scene, &soft, 0.5);
        let small = shrink(half.view().unwrap(), 160, 120);
        let (m, stills) = measured(&photo_file(&half, &small, 6), "jpeg");
        let photo = m.photo.unwrap();
        assert_eq!((photo.width_px, photo.height_px), (Some(640), Some(480)));
        assert_eq!(
            (photo.orientation, photo.measured_in),
            (6, MeasuredIn::Picture)
        );
        let sharpness = photo.sharpness.unwrap();
        assert_eq!((sharpness.width_px, sharpness.height_px), (480, 640));
        assert_eq!((sharpness.columns, sharpness.rows), (6, 8));
        let width = |tile: usize| sharpness.edge_width_px[tile].unwrap_or(f32::INFINITY);
        assert!((0..18).all(|tile| width(tile) < 3.0));
        assert!((30..48).all(|tile| width(tile) > 4.0));
        assert!(photo.thumbnail.unwrap().correlation > Some(0.97));
        assert_eq!(photo.jpeg.unwrap().ijg_quality, Some(92));
        assert_eq!(stills.len(), 1);
        let still = image::load_from_memory(&stills[0].jpeg).unwrap();
        assert_eq!((still.width(), still.height()), (120, 160));
        assert!(m.not_run.is_empty() && m.decoding.reached_end);
        assert_eq!(m.instruments.len(), 4);
    }

    #[test]
    fn a_cut_photo_says_how_far_it_goes() {
        let scene = recipe::stones(640, 480);
        let file = photo_file(&scene, &shrink(scene.view().unwrap(), 160, 120), 1);
        let (m, stills) = measured(&file[..file.len() * 6 / 10], "jpeg");
        let photo = m.photo.unwrap();
        assert!((0.3..0.8).contains(&photo.decoded_ratio.unwrap()));
        assert_eq!((m.decoding.errors, m.decoding.reached_end), (1, false));
        assert!(photo.sharpness.is_some() && photo.thumbnail.is_none());
        assert_eq!(stills.len(), 1);
    }

    #[test]
    fn what_cannot_be_decoded_is_named_and_a_preview_is_called_one() {
        let (m, stills) = measured(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "heif");
        let photo = m.photo.unwrap();
        assert_eq!(photo.measured_in, MeasuredIn::Nothing);
        assert_eq!((photo.width_px, photo.sharpness), (None, None));
        assert_eq!(m.not_run.len(), 3);
        assert!(m.not_run.iter().all(|n| n.why.contains("heif")));
        assert!(stills.is_empty());
        // A picture whose headers survive and whose frame does not.
        let scene = recipe::stones(640, 480);
        let mut file = photo_file(&scene, &shrink(scene.view().unwrap(), 160, 120), 1);
        let frame = file.windows(2).rposition(|w| w == [0xFF, 0xC0]).unwrap();
        file[frame + 4] = 12;
        let (m, stills) = measured(&file, "jpeg");
        let photo = m.photo.unwrap();
        assert_eq!(photo.measured_in, MeasuredIn::Preview);
        assert_eq!((photo.width_px, photo.thumbnail), (None, None));
        assert_eq!(stills.len(), 1);
        assert!(!m.not_run.is_empty());
    }

    #[test]
    fn no_cut_and_no_flipped_byte_stops_the_measuring() {
        let scene = recipe::stones(96, 64);
        let file = photo_file(&scene, &shrink(scene.view().unwrap(), 32, 24), 3);
        for end in (0..file.len()).step_by(53) {
            measured(&file[..end], "jpeg");
        }
        for at in 0..file.len().min(400) {
            let mut broken = file.clone();
            broken[at] ^= 0xFF;
            measured(&broken, "jpeg");
        }
    }
}
