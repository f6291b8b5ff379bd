//! Raw pictures: what they are, how large, and the largest finished picture
//! that the camera put beside the sensor's data. The sensor's data themselves
//! are not developed: a developer's choices would be measured, not the photo.

use std::io::{Read, Seek};
use std::ops::Range;

use super::bytes::{Source, be16};
use super::tiff::{self, tag};

/// TIFF/EP and DNG: sensor data in a colour filter array, or made linear.
const SENSOR_PHOTOMETRIC: [u64; 2] = [32_803, 34_892];
/// Compressions that only raw formats use: Sony, Samsung, Panasonic, Nikon,
/// Pentax (libtiff's registry of private codes).
const SENSOR_COMPRESSION: [u64; 6] = [32_767, 32_769, 32_770, 34_316, 34_713, 65_535];
/// Places at which a finished picture may start that are looked at; compressed
/// sensor data look like one about every 16 MB.
const STARTS_MAX: usize = 4_096;
/// Segments followed to find out how large one is.
const SEGMENTS_MAX: usize = 64;
/// Smallest finished picture that is one: below it, a maker's icon or chance.
const SIDE_MIN_PX: u16 = 64;

/// A raw picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// Width of the sensor's picture, where it is said.
    pub width_px: Option<u32>,
    /// Height of the sensor's picture.
    pub height_px: Option<u32>,
}

/// What a file of the format `format` is, if it is a raw picture; `None` for
/// every other picture.
pub fn read(r: &mut (impl Read + Seek), len_bytes: u64, format: &str) -> Option<Raw> {
    match format {
        "raf" | "cr3" => Some(Raw::default()),
        "tiff" => in_tiff(&mut Source::new(r, len_bytes)),
        _ => None,
    }
}

fn in_tiff(src: &mut Source<'_>) -> Option<Raw> {
    let head = src.owned(0, 10);
    // Olympus and Panasonic have magic numbers of their own, Canon a mark.
    let is_named = !matches!(head.get(2..4)?, b"*\0" | b"\0*" | b"+\0" | b"\0+")
        || head.get(8..10) == Some(b"CR");
    let directories = tiff::directories(src).unwrap_or_default();
    let is_sensor = |d: &&tiff::Directory| {
        d.value(tag::PHOTOMETRIC)
            .is_some_and(|p| SENSOR_PHOTOMETRIC.contains(&p))
            || d.value(tag::COMPRESSION)
                .is_some_and(|c| SENSOR_COMPRESSION.contains(&c))
    };
    let is_dng = directories
        .iter()
        .any(|d| d.values(tag::DNG_VERSION).is_some());
    // The first picture of a plain TIFF is the picture itself.
    let is_reduced = directories
        .first()
        .and_then(|d| d.value(tag::NEW_SUBFILE_TYPE))
        .is_some_and(|bits| bits & 1 == 1);
    let has_sensor = directories.iter().any(|d| is_sensor(&d));
    if !(is_named || has_sensor || is_dng || is_reduced) {
        return None;
    }
    let size = |d: &tiff::Directory| {
        let side = |tag| u32::try_from(d.value(tag)?).ok();
        Some((side(tag::WIDTH)?, side(tag::HEIGHT)?))
    };
    // Where no directory names the sensor's data, none tells their size but by
    // being the full one beside a reduced one.
    let largest = directories
        .iter()
        .filter(|d| is_sensor(d) || (is_reduced && !has_sensor))
        .filter_map(size)
        .max_by_key(|(w, h)| u64::from(*w) * u64::from(*h));
    Some(Raw {
        width_px: largest.map(|(w, _)| w),
        height_px: largest.map(|(_, h)| h),
    })
}

/// Where the largest finished JPEG in the file starts and how far it may go:
/// raw formats keep it in a strip, a directory, a box or a maker's note, and
/// it begins alike everywhere.
pub fn largest_preview(bytes: &[u8]) -> Option<Range<usize>> {
    let mut best: Option<(u32, usize)> = None;
    let mut from = 0;
    for _ in 0..STARTS_MAX {
        let Some(at) = next_start(bytes, from) else {
            break;
        };
        from = at + 2;
        let area = area_px(bytes, at).unwrap_or(0);
        if area > best.map_or(0, |(largest, _)| largest) {
            best = Some((area, at));
        }
    }
    let (_, start) = best?;
    Some(start..bytes.len())
}

fn next_start(bytes: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|b| *b == 0xFF)?;
        match bytes.get(at..at + 3)? {
            [0xFF, 0xD8, 0xFF] => return Some(at),
            _ => from = at + 1,
        }
    }
}

/// The area of the JPEG at `at`, if its headers are in order and it is one
/// that is shown: baseline, extended or progressive; sensor data are lossless
/// (T.81, table B.1).
fn area_px(bytes: &[u8], at: usize) -> Option<u32> {
    let mut at = at.checked_add(2)?;
    for _ in 0..SEGMENTS_MAX {
        let [0xFF, marker] = *bytes.get(at..at.checked_add(2)?)? else {
            return None;
        };
        let length = usize::from(be16(bytes, at + 2)?);
        match marker {
            0xC0..=0xC2 => {
                let (height, width) = (be16(bytes, at + 5)?, be16(bytes, at + 7)?);
                let is_picture = height >= SIDE_MIN_PX && width >= SIDE_MIN_PX;
                return is_picture.then(|| u32::from(height) * u32::from(width));
            }
            0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE if length >= 2 => at += 2 + length,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A TIFF of one directory with these short values.
    fn tiff(magic: &[u8; 4], entries: &[(u16, u16)]) -> Vec<u8> {
        let mut out = [magic.as_slice(), &[10, 0, 0, 0, 0, 0]].concat();
        out.extend((entries.len() as u16).to_le_bytes());
        for (tag, value) in entries {
            out.extend(tag.to_le_bytes());
            out.extend([3, 0, 1, 0, 0, 0]);
            out.extend(value.to_le_bytes());
            out.extend([0, 0]);
        }
        out.extend([0; 4]);
        out
    }

    fn found(bytes: &[u8]) -> Option<Raw> {
        read(&mut Cursor::new(bytes), bytes.len() as u64, "tiff")
    }

    #[test]
    fn a_raw_is_told_from_a_plain_picture_and_says_its_size() {
        let size = [(256, 4000), (257, 3000)];
        let with = |tag, value| [size.as_slice(), &[(tag, value)]].concat();
        let raw = Some(Raw {
            width_px: Some(4000),
            height_px: Some(3000),
        });
        assert_eq!(found(&tiff(b"II*\0", &size)), None);
        assert_eq!(found(&tiff(b"II*\0", &with(262, 2))), None);
        assert_eq!(found(&tiff(b"II*\0", &with(254, 0))), None);
        for (tag, value) in [
            (262, 32_803),
            (262, 34_892),
            (259, 34_713),
            (259, 32_767),
            (254, 1),
        ] {
            assert_eq!(
                found(&tiff(b"II*\0", &with(tag, value))),
                raw,
                "{tag} {value}"
            );
        }
        assert_eq!(found(&tiff(b"IIRO", &size)), Some(Raw::default()));
        assert_eq!(found(b"IIU\0\xFF"), Some(Raw::default()));
        let mut canon = tiff(b"II*\0", &size);
        canon[8..10].copy_from_slice(b"CR");
        assert_eq!(found(&canon), Some(Raw::default()));
        assert_eq!(read(&mut Cursor::new(b""), 0, "raf"), Some(Raw::default()));
        assert_eq!(read(&mut Cursor::new(b""), 0, "jpeg"), None);
    }

    fn jpeg(width: u8, frame: u8) -> Vec<u8> {
        vec![
            0xFF, 0xD8, 0xFF, 0xE0, 0, 3, 9, 0xFF, frame, 0, 11, 8, 1, 0, width, 0, 1, 0, 0x11, 0,
            0xFF, 0xDA,
        ]
    }

    #[test]
    fn the_largest_picture_that_can_be_shown_is_the_preview() {
        let noise = [0xFF, 0xD8, 0xFF, 0x13, 0xFF, 0xFF, 0xD8].as_slice();
        let file = [
            noise,
            &jpeg(1, 0xC0),
            noise,
            &jpeg(3, 0xC2),
            &jpeg(9, 0xC3),
            noise,
        ]
        .concat();
        let start = noise.len() * 2 + jpeg(1, 0).len();
        assert_eq!(largest_preview(&file), Some(start..file.len()));
        assert_eq!(largest_preview(&jpeg(9, 0xC3)), None);
        assert_eq!(largest_preview(noise), None);
        for end in 0..file.len() {
            let _ = largest_preview(&file[..end]);
        }
    }
}
