//! One still picture: read once, decoded once, given to every instrument.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};

use super::{Depth, ERROR_LEVEL_STILL, ONLY_STRUCTURE, Still, Wants};
use crate::container::raw;
use crate::measure::decision_scale::{LONG_SIDE_PX, fitted};
use crate::measure::photo::{MeasuredIn, Photo};
use crate::measure::picture_decoding::{Decoded, decode, decode_jpeg};
use crate::measure::pixels::Pixels;
use crate::measure::{error_level, jpeg_tables, legibility, likeness, metadata, thumbnail};
use crate::measurements::{Measurements, NotRun};

/// Longest photo file that is read: raws and motion photos stay below it.
const FILE_MAX_BYTES: u64 = 256 << 20;
/// Version of these instruments but for those that have their own, in
/// [`Measurements::instruments`].
const VERSION: u32 = 1;
/// Longest sentence of a decoder that is kept.
const SAID_MAX_CHARS: usize = 200;
/// Instruments that look at the pixels of any picture, damaged or not.
const PIXEL_INSTRUMENTS: [&str; 7] = [
    "sharpness",
    "rolloff",
    "exposure",
    "legibility",
    "copy_move",
    "moire",
    "resolution",
];
/// Instruments that look at whole pictures only.
const WHOLE_INSTRUMENTS: [&str; 2] = ["likeness", "thumbnail"];
/// Formats that have the grid of JPEG or no blocks of their own, so that an
/// older one can be seen.
const KEEPING_THE_GRID: [&str; 4] = ["jpeg", "png", "bmp", "tiff"];

/// Why the pixels of a raw picture are not measured.
const RAW: &str = "the picture is raw: a sensor's data, which are not developed here";

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
            let all = PIXEL_INSTRUMENTS.into_iter();
            not_run(m, all.chain(whole_instruments(format)), &why);
            return Vec::new();
        }
    };
    let mut photo = Photo::default();
    let exif = metadata::fields(&bytes);
    photo.orientation = exif.as_ref().map_or(1, thumbnail::orientation);
    photo.jpeg = (format == "jpeg")
        .then(|| jpeg_tables::read(&bytes))
        .flatten();
    let embedded = exif.as_ref().and_then(thumbnail::embedded);
    let raw = raw::read(&mut Cursor::new(&bytes), bytes.len() as u64, format);
    photo.raw = raw.is_some();

    let picture = match (wants.depth, raw) {
        (Depth::Structure, _) => Err(ONLY_STRUCTURE.to_owned()),
        (Depth::Full, Some(_)) => Err(RAW.to_owned()),
        (Depth::Full, None) => decode(&bytes, format),
    };
    let decoded = match picture {
        Ok(decoded) => {
            photo.measured_in = MeasuredIn::Picture;
            photo.width_px = Some(decoded.pixels.width_px());
            photo.height_px = Some(decoded.stated_height_px);
            photo.bits_per_sample = decoded.bits_per_sample;
            if matches!(format, "heif" | "avif") {
                m.ffmpeg = Some(crate::ffmpeg::version());
            }
            note_decoding(&decoded, &mut photo, m);
            Some(decoded)
        }
        Err(why) => {
            let all = PIXEL_INSTRUMENTS.into_iter();
            not_run(m, all.chain(whole_instruments(format)), &why);
            photo.width_px = raw.and_then(|raw| raw.width_px);
            photo.height_px = raw.and_then(|raw| raw.height_px);
            let preview = match (wants.depth, raw) {
                (Depth::Structure, _) => None,
                (Depth::Full, Some(_)) => preview(&bytes, format),
                (Depth::Full, None) => embedded.and_then(|jpeg| decode_jpeg(jpeg).ok()),
            };
            if let Some(preview) = &preview {
                photo.measured_in = MeasuredIn::Preview;
                photo.preview_width_px = Some(preview.pixels.width_px());
                photo.preview_height_px = Some(preview.pixels.height_px());
            }
            preview
        }
    };
    drop_duplicates(m);
    let stills = decoded
        .map(|decoded| look(decoded, format, embedded, wants, &mut photo, m))
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

/// Instruments that look at whole pictures of this format.
fn whole_instruments(format: &str) -> impl Iterator<Item = &'static str> {
    let grid = KEEPING_THE_GRID.contains(&format).then_some("jpeg_grid");
    let first_save = (format == "jpeg").then_some("first_save");
    WHOLE_INSTRUMENTS.into_iter().chain(grid).chain(first_save)
}

fn not_run(m: &mut Measurements, instruments: impl Iterator<Item = &'static str>, why: &str) {
    let why = in_short(why);
    m.not_run.extend(instruments.map(|name| NotRun {
        instrument: name.to_owned(),
        why: why.clone(),
    }));
}

/// Decoders quote the file, which may hold anything of any length.
fn in_short(said: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SAID_MAX_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// One reason an instrument is enough.
fn drop_duplicates(m: &mut Measurements) {
    let mut seen = std::collections::BTreeSet::new();
    m.not_run
        .retain(|n| seen.insert((n.instrument.clone(), n.why.clone())));
}

/// The largest finished picture in a raw file: a JPEG, or the small picture
/// that its first directory holds.
fn preview(bytes: &[u8], format: &str) -> Option<Decoded> {
    raw::largest_preview(bytes)
        .and_then(|place| decode_jpeg(bytes.get(place)?).ok())
        .or_else(|| decode(bytes, format).ok())
}

fn note_decoding(decoded: &Decoded, photo: &mut Photo, m: &mut Measurements) {
    photo.decoded_ratio = Some(decoded.whole_ratio);
    photo.orientation = decoded.orientation.unwrap_or(photo.orientation);
    m.decoding.frames = 1;
    m.decoding.errors = decoded.errors;
    m.decoding.reached_end = decoded.whole_ratio >= 1.0;
    m.decoding
        .messages
        .extend(decoded.damage.as_deref().map(in_short));
}

fn look(
    decoded: Decoded,
    format: &str,
    embedded: Option<&[u8]>,
    wants: &Wants,
    photo: &mut Photo,
    m: &mut Measurements,
) -> Vec<Still> {
    // A part of a picture looks like nothing but that part.
    let is_whole = decoded.pixels.height_px() == decoded.stated_height_px;
    let coded = decoded.coded_layout();
    let copying = (wants.stills_count > 0).then(|| Copying::of(&decoded, wants));
    // Colours are for the viewing copy; instruments look at luma.
    let native = decoded.pixels.into_luma_if_coded();
    let reduced = native.reduced(LONG_SIDE_PX);
    let luma = reduced.luma();
    let upright = Pixels::from(luma.clone()).upright(photo.orientation);
    photo.look(&native, &upright.into_luma());
    let mut measured = PIXEL_INSTRUMENTS.to_vec();
    let is_itself = photo.measured_in == MeasuredIn::Picture;
    let is_complete = is_itself && m.decoding.reached_end;
    let keeps_the_grid = is_complete && KEEPING_THE_GRID.contains(&format);
    if is_complete {
        photo.thumbnail = luma.view().and_then(|view| match &decoded.small {
            Some(small) => thumbnail::compare(small, view, photo.orientation),
            None => thumbnail::measure(embedded?, view, photo.orientation),
        });
        measured.push("thumbnail");
        photo.pixels_blake3 = Some(likeness::pixels_blake3(&native, coded));
        if keeps_the_grid {
            photo.look_for_coding(&native);
            measured.push("jpeg_grid");
            if photo.first_save.is_some() {
                measured.push("first_save");
            }
        }
    } else if is_itself {
        let percent = (100.0 * decoded.whole_ratio).floor();
        let why = format!("{percent} % of the picture could be decoded");
        let all = whole_instruments(format).filter(|name| *name != "likeness" || !is_whole);
        not_run(m, all, &why);
    }
    photo.likeness = photo.likeness.take().filter(|_| is_whole);
    if photo.likeness.is_some() {
        m.instruments
            .insert("likeness".to_owned(), likeness::VERSION);
    }
    if photo.jpeg.is_some() {
        measured.push("jpeg_tables");
    }
    for name in measured {
        let version = match name {
            "legibility" => legibility::VERSION,
            _ => VERSION,
        };
        m.instruments.insert(name.to_owned(), version);
    }
    let Some(copying) = copying else {
        return Vec::new();
    };
    let copy = copying.finish(&native, &reduced);
    let levels = (keeps_the_grid && wants.stills_count > 1)
        .then(|| error_level::picture(&native))
        .flatten();
    let shown = [("photo", copy), (ERROR_LEVEL_STILL, levels)];
    shown
        .into_iter()
        .filter_map(|(label, picture)| {
            Some(Still {
                label: label.to_owned(),
                at_ms: 0,
                jpeg: picture?.upright(photo.orientation).to_jpeg()?,
            })
        })
        .collect()
}

/// A viewing copy in the making.
struct Copying {
    long_side_px: u32,
    /// The colours of a picture that is coded in luma and colour differences, in the
    /// size of the copy.
    tints: Option<Pixels>,
}

impl Copying {
    fn of(decoded: &Decoded, wants: &Wants) -> Self {
        let pixels = &decoded.pixels;
        let long_side_px = wants.still_long_side_px.max(1);
        let (width, height) = fitted(pixels.width_px(), pixels.height_px(), long_side_px);
        Self {
            long_side_px,
            tints: decoded
                .tints
                .as_ref()
                .unwrap_or(pixels)
                .tints(width, height),
        }
    }

    /// From the picture as coded, in its own size and at the decision scale.
    fn finish(self, native: &Pixels, reduced: &Pixels) -> Option<Pixels> {
        let from = if self.long_side_px <= LONG_SIDE_PX {
            reduced
        } else {
            native
        };
        let small = from.reduced(self.long_side_px);
        match self.tints {
            Some(tints) => tints.with_luma(&small.into_luma()),
            None => Some(small),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::measure::decision_scale::{Gray, shrink};
    use crate::measure::recipe;
    use exif::experimental::Writer;
    use exif::{Field, In, Tag, Value};

    /// A JPEG with orientation and thumbnail in its EXIF.
    fn photo_file(gray: &Gray, thumbnail: &Gray, orientation: u16) -> Vec<u8> {
        let field = Field {
            tag: Tag::Orientation,
            ifd_num: In::PRIMARY,
            value: Value::Short(vec![orientation]),
        };
        let small = recipe::jpeg(thumbnail, 92);
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
        file.extend(&recipe::jpeg(gray, 92)[2..]);
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
        let labels: Vec<&str> = stills.iter().map(|still| still.label.as_str()).collect();
        assert_eq!(labels, ["photo", ERROR_LEVEL_STILL]);
        let levels = image::load_from_memory(&stills[1].jpeg).unwrap();
        assert_eq!((levels.width(), levels.height()), (60, 80));
        let still = image::load_from_memory(&stills[0].jpeg).unwrap();
        assert_eq!((still.width(), still.height()), (120, 160));
        assert!(m.not_run.is_empty() && m.decoding.reached_end);
        assert_eq!(m.instruments.len(), 12);
        assert_eq!(m.instruments["legibility"], legibility::VERSION);
        assert!(photo.likeness.unwrap().is_comparable() && photo.pixels_blake3.is_some());
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
        assert_eq!((photo.likeness, photo.pixels_blake3), (None, None));
        assert_eq!(stills.len(), 1);
        let left_out: Vec<&str> = m.not_run.iter().map(|n| n.instrument.as_str()).collect();
        assert_eq!(
            left_out,
            ["likeness", "thumbnail", "jpeg_grid", "first_save"]
        );
        assert!(m.not_run.iter().all(|n| n.why.contains("% of the picture")));
    }

    #[test]
    fn what_cannot_be_decoded_is_named_and_a_preview_is_called_one() {
        let (m, stills) = measured(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "heif");
        let photo = m.photo.unwrap();
        assert_eq!(photo.measured_in, MeasuredIn::Nothing);
        assert_eq!((photo.width_px, photo.sharpness), (None, None));
        assert_eq!(m.not_run.len(), 9);
        assert!(m.not_run.iter().all(|n| n.why.contains("meta")));
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
    fn what_a_decoder_says_is_kept_on_one_short_line() {
        assert_eq!(in_short("no\n frame \n"), "no frame");
        let long = in_short(&"画".repeat(999));
        assert_eq!(long.chars().count(), SAID_MAX_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_raw_is_shown_by_its_preview_and_never_taken_for_it() {
        let small = recipe::jpeg(&recipe::stones(320, 240), 92);
        let mut file = b"II*\0\x0a\0\0\0CR\x03\0".to_vec();
        for (tag, value) in [(256_u16, 5472_u16), (257, 3648), (262, 32_803)] {
            file.extend(tag.to_le_bytes());
            file.extend([3, 0, 1, 0, 0, 0]);
            file.extend(value.to_le_bytes());
            file.extend([0, 0]);
        }
        file.extend([0; 4]);
        file.extend(&small);
        let (m, stills) = measured(&file, "tiff");
        let photo = m.photo.unwrap();
        assert!(photo.raw && photo.sharpness.is_some() && photo.thumbnail.is_none());
        assert_eq!((photo.width_px, photo.height_px), (Some(5472), Some(3648)));
        assert_eq!(photo.measured_in, MeasuredIn::Preview);
        assert_eq!(
            (photo.preview_width_px, photo.preview_height_px),
            (Some(320), Some(240))
        );
        assert_eq!((stills.len(), m.not_run.len()), (1, 10));
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
