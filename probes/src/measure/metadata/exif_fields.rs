//! EXIF fields → measurements.

use exif::{Context, In, Tag, Value};

use super::maker_note::{self, MakerNote};
use super::{Exif, Thumbnail, find, layout, position, trace, written_time};
use crate::measurements::{Measurements, Moment, TimeReading, Zone};

/// Tags that name who wrote or changed the picture, or say what it is.
const TRACES: &[(Tag, &str)] = &[
    (Tag::Software, "exif.Software"),
    (Tag(Context::Tiff, 0x000b), "exif.ProcessingSoftware"),
    (Tag(Context::Tiff, 0x013c), "exif.HostComputer"),
    (Tag(Context::Tiff, 0x9213), "exif.ImageHistory"),
    (Tag(Context::Exif, 0x9213), "exif.ImageHistory"),
    (Tag::ImageDescription, "exif.ImageDescription"),
    (Tag::UserComment, "exif.UserComment"),
    // Exif 3.0: what developed, edited and wrote the picture.
    (Tag(Context::Exif, 0xa43b), "exif.CameraFirmware"),
    (Tag(Context::Exif, 0xa43c), "exif.RAWDevelopingSoftware"),
    (Tag(Context::Exif, 0xa43d), "exif.ImageEditingSoftware"),
    (Tag(Context::Exif, 0xa43e), "exif.MetadataEditingSoftware"),
];

/// A time's own tag, its fraction, its zone, its name, what it names.
const TIMES: &[(Tag, Tag, Tag, &str, Moment)] = &[
    (
        Tag::DateTimeOriginal,
        Tag::SubSecTimeOriginal,
        Tag::OffsetTimeOriginal,
        "exif.DateTimeOriginal",
        Moment::Capture,
    ),
    (
        Tag::DateTimeDigitized,
        Tag::SubSecTimeDigitized,
        Tag::OffsetTimeDigitized,
        "exif.DateTimeDigitized",
        Moment::Capture,
    ),
    (
        Tag::DateTime,
        Tag::SubSecTime,
        Tag::OffsetTime,
        "exif.DateTime",
        Moment::Written,
    ),
];

/// How much of the block is looked for in the file to learn where it stands:
/// the TIFF header and the first directory, which no two blocks share.
const FINGERPRINT_BYTES: usize = 256;

/// Where the parsed block stands in `head`, the front of the file.
pub(super) fn find_block(exif: &exif::Exif, head: &[u8]) -> Option<usize> {
    let block = exif.buf();
    find(head, block.get(..block.len().min(FINGERPRINT_BYTES))?)
}

/// Reads the parsed block, which stands at `offset_bytes` of the file if that
/// is known, into `m`.
pub(super) fn read(
    exif: &exif::Exif,
    damage: Vec<String>,
    offset_bytes: Option<u64>,
    m: &mut Measurements,
) {
    times(exif, m);
    satellite_time(exif, m);
    m.position = position::read(exif);
    device(exif, m);
    for (tag, field) in TRACES {
        if let Some(text) = text(exif, *tag) {
            trace(m, field, &text, offset_bytes);
        }
    }
    let number = |tag| {
        exif.get_field(tag, In::PRIMARY)
            .and_then(|f| f.value.get_uint(0))
    };
    m.exif = Some(Exif {
        offset_bytes,
        size_bytes: exif.buf().len() as u64,
        little_endian: exif.little_endian(),
        version: text(exif, Tag::ExifVersion),
        orientation: number(Tag::Orientation),
        width_px: number(Tag::PixelXDimension),
        height_px: number(Tag::PixelYDimension),
        thumbnail_time: thumbnail_time(exif),
        thumbnail: thumbnail(exif, offset_bytes),
        maker_note_bytes: maker_note_bytes(exif),
        maker_note: maker_note(exif),
        layout: layout::read(exif.buf()),
        gps: [Tag::GPSLatitude, Tag::GPSTimeStamp]
            .into_iter()
            .any(|tag| exif.get_field(tag, In::PRIMARY).is_some()),
        damage,
    });
}

fn times(exif: &exif::Exif, m: &mut Measurements) {
    for (tag, fraction, zone, field, moment) in TIMES {
        let Some(written) = text(exif, *tag) else {
            continue;
        };
        let Some(whole) = written_time::exif_time(&written) else {
            // A blank field is no damage and no trace; anything else is shown.
            if written.bytes().any(|b| b.is_ascii_digit() && b != b'0') {
                trace(m, field, &written, None);
            }
            continue;
        };
        let fraction = text(exif, *fraction)
            .as_deref()
            .and_then(written_time::sub_seconds);
        let offset = text(exif, *zone);
        let local = fraction
            .and_then(|f| whole.checked_add_signed(f))
            .unwrap_or(whole);
        m.times.push(TimeReading {
            field: (*field).to_owned(),
            written: match &offset {
                Some(offset) => format!("{} {}", written.trim(), offset.trim()),
                None => written.trim().to_owned(),
            },
            local,
            zone: offset
                .as_deref()
                .and_then(written_time::zone)
                .unwrap_or(Zone::Local),
            moment: *moment,
        });
    }
}

/// GPSDateStamp and GPSTimeStamp; a void fix is none.
fn satellite_time(exif: &exif::Exif, m: &mut Measurements) {
    let Some(date) = text(exif, Tag::GPSDateStamp) else {
        return;
    };
    if text(exif, Tag::GPSStatus).is_some_and(|s| s.starts_with('V')) {
        return;
    }
    let Some(clock) = exif.get_field(Tag::GPSTimeStamp, In::PRIMARY) else {
        // Some phones write the day alone.
        return trace(m, "gps.DateStamp", &date, None);
    };
    let Value::Rational(clock) = &clock.value else {
        return;
    };
    let &[hour, minute, second] = clock.as_slice() else {
        return;
    };
    let [hour, minute, second] = [hour, minute, second].map(|r| r.to_f64());
    let in_range = (0.0..24.0).contains(&hour)
        && (0.0..60.0).contains(&minute)
        && hour.fract() + minute.fract() == 0.0
        && (0.0..60.0).contains(&second);
    if !in_range {
        return;
    }
    let clock = format!("{hour:02.0}:{minute:02.0}:{:02.0}", second.floor());
    let written = format!("{} {clock}", date.trim());
    if let Some(local) = written_time::exif_time(&written) {
        m.times.push(TimeReading {
            field: "gps".to_owned(),
            written,
            local,
            zone: Zone::Utc,
            moment: Moment::Capture,
        });
    }
}

fn device(exif: &exif::Exif, m: &mut Measurements) {
    let clean = |tag| {
        text(exif, tag)
            .map(|t| t.trim().to_owned())
            .filter(|t| !t.is_empty())
    };
    let device = &mut m.device;
    device.make = device.make.take().or_else(|| clean(Tag::Make));
    device.model = device.model.take().or_else(|| clean(Tag::Model));
    device.serial = device
        .serial
        .take()
        .or_else(|| clean(Tag::BodySerialNumber));
    device.software = device.software.take().or_else(|| clean(Tag::Software));
}

/// DateTime of the second directory.
fn thumbnail_time(exif: &exif::Exif) -> Option<String> {
    let Value::Ascii(lines) = &exif.get_field(Tag::DateTime, In::THUMBNAIL)?.value else {
        return None;
    };
    let text = String::from_utf8_lossy(lines.first()?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The embedded JPEG of the second directory.
fn thumbnail(exif: &exif::Exif, exif_offset_bytes: Option<u64>) -> Option<Thumbnail> {
    let number = |tag| {
        exif.get_field(tag, In::THUMBNAIL)
            .and_then(|f| f.value.get_uint(0))
            .map(u64::from)
    };
    let offset = number(Tag::JPEGInterchangeFormat)?;
    let size_bytes = number(Tag::JPEGInterchangeFormatLength)?;
    Some(Thumbnail {
        offset_in_exif_bytes: offset,
        offset_bytes: exif_offset_bytes.and_then(|at| at.checked_add(offset)),
        size_bytes,
        whole: offset
            .checked_add(size_bytes)
            .is_some_and(|end| end <= exif.buf().len() as u64),
    })
}

fn maker_note(exif: &exif::Exif) -> Option<MakerNote> {
    let Value::Undefined(bytes, offset) = &exif.get_field(Tag::MakerNote, In::PRIMARY)?.value
    else {
        return None;
    };
    let make = text(exif, Tag::Make).unwrap_or_default();
    maker_note::read(exif.buf(), &make, u64::from(*offset), bytes.len() as u64)
}

fn maker_note_bytes(exif: &exif::Exif) -> Option<u64> {
    match &exif.get_field(Tag::MakerNote, In::PRIMARY)?.value {
        Value::Undefined(bytes, _) | Value::Byte(bytes) => Some(bytes.len() as u64),
        Value::Ascii(lines) => Some(lines.iter().map(|l| l.len() as u64).sum()),
        _ => None,
    }
}

/// The text of a field, whatever type its writer chose.
pub(super) fn text(exif: &exif::Exif, tag: Tag) -> Option<String> {
    let bytes = match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(lines) => lines.first()?.as_slice(),
        Value::Undefined(bytes, _) | Value::Byte(bytes) => bytes.as_slice(),
        _ => return None,
    };
    // UserComment names its character code in eight bytes first.
    let bytes = match bytes.split_at_checked(8) {
        Some((b"ASCII\0\0\0" | b"UNICODE\0" | b"\0\0\0\0\0\0\0\0", rest)) => rest,
        _ => bytes,
    };
    let end = bytes.iter().rposition(|b| *b != 0 && *b != b' ')?;
    let bytes = bytes.get(..=end)?;
    Some(String::from_utf8_lossy(bytes).replace('\0', ""))
}
