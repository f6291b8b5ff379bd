//! What each segment of a JPEG is, in file order: JFIF, EXIF, XMP, colour
//! profile, index of pictures, Photoshop's resources. Names as in the standards
//! that define them (JFIF 1.02, Exif 3.0, CIPA DC-007, ICC.1, Adobe TN 5116)
//! and in ExifTool's list of JPEG tags.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bytes::{Source, be16, be32, le16, le32, quote};
use super::jpeg::Segment;
use super::photoshop::{self, Caption, PhotoshopResource};

/// Segments named; real files have well under a hundred before the scan.
const ORDER_MAX: usize = 120;
/// Pictures followed in an index.
const INDEXED_MAX: u32 = 64;

/// The parts of a JPEG's first picture before its scan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JpegParts {
    /// Segments in file order, neighbours alike counted: `APP0 JFIF`,
    /// `APP1 Exif`, `DQT`, `DHT ×4`. Unknown ones with their first letters.
    pub order: Vec<String>,
    /// EXIF blocks; a second one is left by programs that add their own.
    pub exif_blocks: u32,
    /// XMP packets, without the parts that continue one.
    pub xmp_packets: u32,
    /// Segments of Huffman tables.
    pub huffman_segments: u32,
    /// The JFIF header, if there is one.
    pub jfif: Option<Jfif>,
    /// Colour transform of the Adobe segment, if there is one.
    pub adobe_transform: Option<u8>,
    /// The colour profile.
    pub profile: Option<ColourProfile>,
    /// The index of several pictures in one file (CIPA DC-007).
    pub index: Option<PictureIndex>,
    /// Photoshop's resources.
    pub resources: Vec<PhotoshopResource>,
    /// IPTC captions among them.
    pub captions: Vec<Caption>,
}

impl JpegParts {
    /// The segments that code the picture, without those of applications.
    pub fn coding(&self) -> impl Iterator<Item = &str> {
        let order = self.order.iter().map(String::as_str);
        order.filter(|name| !name.starts_with("APP") && !name.starts_with("COM"))
    }

    /// True if tables come one a segment, frame between quantisation and
    /// Huffman tables: the order of libjpeg (jcmarker.c) and of the libraries
    /// that descend from it. Cameras put all tables of a kind into one.
    pub fn is_coded_as_by_libjpeg(&self) -> bool {
        let order: Vec<&str> = self.coding().collect();
        matches!(
            order.as_slice(),
            ["DQT", "SOF0", "DHT ×2"]
                | ["DQT ×2" | "DQT ×3", "SOF0", "DHT ×4"]
                | [
                    "DQT" | "DQT ×2" | "DQT ×3",
                    "SOF2",
                    "DHT" | "DHT ×2" | "DHT ×3" | "DHT ×4"
                ]
        )
    }

    /// True if JFIF stands in front, both quantisation tables share one segment
    /// and the Huffman tables have one each: so are the copies that Google's
    /// photo service hands out (measured on 46 copies of 14 models of 9 makers,
    /// some of them signed `Picasa`), and no original looked at.
    pub fn is_coded_as_by_photo_service(&self) -> bool {
        let order: Vec<&str> = self.coding().collect();
        let is_first = self.jfif.as_ref().is_some_and(|jfif| jfif.is_before_exif);
        is_first && order == ["DQT", "SOF0", "DHT ×4"]
    }

    /// True if there is a segment that no standard names, from APP4 to APP10,
    /// where phones put data of their own.
    pub fn has_makers_segment(&self) -> bool {
        const OWN: [&str; 7] = ["APP4", "APP5", "APP6", "APP7", "APP8", "APP9", "APP10"];
        self.order.iter().any(|name| {
            let marker = name.split(' ').next().unwrap_or_default();
            OWN.contains(&marker)
        })
    }
}

/// The JFIF header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Jfif {
    /// `1.01`, `1.02`.
    pub version: String,
    /// Density as written, and its unit: `72x72 dpi`, `1x1 aspect`.
    pub density: String,
    /// True if it stands before the EXIF block, as libraries put it that
    /// write both themselves.
    pub is_before_exif: bool,
}

/// An ICC colour profile (ICC.1, 7.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ColourProfile {
    /// Length that the profile says it has.
    pub size_bytes: u64,
    /// Signature of the colour engine: `appl`, `lcms`, `ADBE` …
    pub engine: String,
    /// Signature of the creator.
    pub creator: String,
    /// When the profile, not the photo, was made, as written.
    pub made: String,
    /// Its description, if it can be read: `sRGB IEC61966-2.1`, `Display P3`.
    pub description: Option<String>,
}

/// An index of several pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PictureIndex {
    /// Pictures that it lists.
    pub listed: u32,
    /// Of the ones behind the first, those that are where it says.
    pub found: u32,
    /// Length that it gives for the first picture.
    pub first_size_bytes: Option<u64>,
    /// Length that the first picture has, up to its end mark.
    pub first_true_size_bytes: Option<u64>,
}

/// Reads the segments up to the first scan.
pub(super) fn read(src: &mut Source<'_>, segments: &[Segment]) -> JpegParts {
    let mut found = JpegParts::default();
    let before_scan = segments.iter().take_while(|s| s.marker != 0xDA);
    let mut run: Option<(String, u32)> = None;
    for segment in before_scan.skip(1).take(ORDER_MAX) {
        let head = src.owned(segment.body(), segment.body_len().min(64));
        let name = part_name(segment.marker, &head);
        match &mut run {
            Some((last, times)) if *last == name => *times += 1,
            _ => {
                found.order.extend(run.take().map(counted));
                run = Some((name, 1));
            }
        }
        look(src, *segment, &head, &mut found);
    }
    found.order.extend(run.map(counted));
    if let Some(index) = &mut found.index {
        let end = segments.iter().rfind(|s| s.marker == 0xD9);
        index.first_true_size_bytes = end.map(|e| e.offset.saturating_add(e.size));
    }
    found
}

fn counted((name, times): (String, u32)) -> String {
    if times == 1 {
        name
    } else {
        format!("{name} ×{times}")
    }
}

/// Starts of application segments and what they are.
const NAMES: &[(u8, &[u8], &str)] = &[
    (0xE0, b"JFIF\0", "JFIF"),
    (0xE0, b"JFXX\0", "JFXX"),
    (0xE0, b"AVI1", "AVI1"),
    (0xE1, b"Exif\0", "Exif"),
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0", "XMP"),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "ExtendedXMP"),
    (0xE2, b"ICC_PROFILE\0", "ICC"),
    (0xE2, b"MPF\0", "MPF"),
    (0xE2, b"FPXR\0", "FlashPix"),
    (0xE2, b"urn:iso:std:iso:ts:21496", "GainMap"),
    (0xEB, b"JP", "JUMBF"),
    (0xEC, b"Ducky", "Ducky"),
    (0xED, b"Photoshop 3.0\0", "Photoshop"),
    (0xED, b"Adobe_CM", "AdobeCM"),
    (0xEE, b"Adobe", "Adobe"),
];

fn part_name(marker: u8, head: &[u8]) -> String {
    let plain = super::jpeg::marker_name(marker);
    if !matches!(marker, 0xE0..=0xEF) {
        return plain;
    }
    let known = NAMES
        .iter()
        .find(|(of, start, _)| *of == marker && head.starts_with(start));
    if let Some((_, _, name)) = known {
        return format!("{plain} {name}");
    }
    let letters = head.iter().take(12).take_while(|b| b.is_ascii_graphic());
    let letters: String = letters.map(|&b| char::from(b)).collect();
    if letters.len() < 3 {
        plain
    } else {
        format!("{plain} {letters}")
    }
}

fn look(src: &mut Source<'_>, segment: Segment, head: &[u8], found: &mut JpegParts) {
    let body = |src: &mut Source<'_>| src.owned(segment.body(), segment.body_len().min(65_535));
    match segment.marker {
        0xC4 => found.huffman_segments += 1,
        0xE0 if head.starts_with(b"JFIF\0") && found.jfif.is_none() => {
            found.jfif = jfif(head, found.exif_blocks == 0);
        }
        0xE1 if head.starts_with(b"Exif\0") => found.exif_blocks += 1,
        0xE1 if head.starts_with(b"http://ns.adobe.com/xap/1.0/\0") => found.xmp_packets += 1,
        0xE2 if head.starts_with(b"ICC_PROFILE\0") && found.profile.is_none() => {
            // Behind the name stand this part's number and how many there are.
            found.profile = profile(body(src).get(14..).unwrap_or_default());
        }
        0xE2 if head.starts_with(b"MPF\0") && found.index.is_none() => {
            found.index = index(src, segment.body().saturating_add(4));
        }
        0xED if head.starts_with(b"Photoshop 3.0\0") => {
            let (resources, captions) = photoshop::read(&body(src));
            found.resources.extend(resources);
            found.captions.extend(captions);
        }
        0xEE if head.starts_with(b"Adobe") => found.adobe_transform = head.get(11).copied(),
        _ => {}
    }
}

/// Version, unit and density (JFIF 1.02).
fn jfif(head: &[u8], is_before_exif: bool) -> Option<Jfif> {
    let (&major, &minor) = (head.get(5)?, head.get(6)?);
    let unit = match head.get(7)? {
        0 => "aspect",
        1 => "dpi",
        2 => "dpcm",
        _ => "unknown",
    };
    let (x, y) = (be16(head, 8)?, be16(head, 10)?);
    Some(Jfif {
        version: format!("{major}.{minor:02}"),
        density: format!("{x}x{y} {unit}"),
        is_before_exif,
    })
}

/// The header of a profile, and its description.
fn profile(icc: &[u8]) -> Option<ColourProfile> {
    let part = |at: usize| icc.get(at..at + 4).map(quote).unwrap_or_default();
    let clock: Vec<u16> = (0..6).filter_map(|i| be16(icc, 24 + 2 * i)).collect();
    let &[year, month, day, hour, minute, second] = clock.as_slice() else {
        return None;
    };
    Some(ColourProfile {
        size_bytes: u64::from(be32(icc, 0)?),
        engine: part(4),
        creator: part(80),
        made: format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
        description: description(icc),
    })
}

/// The text of the `desc` tag: ASCII in version 2, UTF-16 in version 4.
fn description(icc: &[u8]) -> Option<String> {
    let tags = be32(icc, 128)?.min(100) as usize;
    let entry = (0..tags)
        .map(|i| 132 + 12 * i)
        .find(|&at| icc.get(at..at + 4) == Some(b"desc"))?;
    let start = be32(icc, entry + 4)? as usize;
    let tag = icc.get(start..)?;
    let text = if tag.starts_with(b"desc") {
        let len = (be32(tag, 8)? as usize).min(200);
        quote(tag.get(12..12 + len)?)
    } else if tag.starts_with(b"mluc") {
        let (len, at) = (be32(tag, 20)? as usize, be32(tag, 24)? as usize);
        let bytes = tag.get(at..at.checked_add(len.min(200))?)?;
        let units = bytes.as_chunks::<2>().0.iter();
        let units: Vec<u16> = units.map(|&pair| u16::from_be_bytes(pair)).collect();
        quote(String::from_utf16_lossy(&units).as_bytes())
    } else {
        return None;
    };
    (!text.is_empty()).then_some(text)
}

/// The MP index: number of pictures (B001), sixteen bytes for each (B002).
/// Places count from the index's own TIFF header at `base`.
fn index(src: &mut Source<'_>, base: u64) -> Option<PictureIndex> {
    let bytes = src.owned(base, 8 * 1024);
    let is_little = bytes.starts_with(b"II");
    let u16_at = |at| {
        if is_little {
            le16(&bytes, at)
        } else {
            be16(&bytes, at)
        }
    };
    let u32_at = |at| {
        if is_little {
            le32(&bytes, at)
        } else {
            be32(&bytes, at)
        }
    };
    let directory = u32_at(4)? as usize;
    let count = usize::from(u16_at(directory)?).min(100);
    let mut found = PictureIndex::default();
    let mut entries = None;
    for i in 0..count {
        let at = directory.checked_add(2 + 12 * i)?;
        match u16_at(at)? {
            0xB001 => found.listed = u32_at(at + 8)?,
            0xB002 => entries = u32_at(at + 8).map(|place| place as usize),
            _ => {}
        }
    }
    let mut places = Vec::new();
    for i in 0..found.listed.min(INDEXED_MAX) as usize {
        let Some(entry) = entries.and_then(|at| at.checked_add(16 * i)) else {
            break;
        };
        let (Some(size), Some(place)) = (u32_at(entry + 4), u32_at(entry + 8)) else {
            break;
        };
        if i == 0 {
            found.first_size_bytes = Some(u64::from(size));
        } else {
            places.push(base.saturating_add(u64::from(place)));
        }
    }
    for place in places {
        let starts = src.at(place, 3).is_some_and(|b| b == b"\xff\xd8\xff");
        found.found += u32::from(starts);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::container::jpeg;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len() + 2).unwrap();
        [&[0xFF, marker], &len.to_be_bytes()[..], body].concat()
    }

    fn parts(segments: &[Vec<u8>], behind: &[u8]) -> JpegParts {
        let mut file = vec![0xFF, 0xD8];
        file.extend(segments.concat());
        file.extend(segment(0xDA, &[0; 4]));
        file.extend([1, 2, 3, 0xFF, 0xD9]);
        file.extend(behind);
        let len = file.len() as u64;
        let mut file = Cursor::new(file);
        let mut src = Source::new(&mut file, len);
        let (_, segments) = jpeg::walk(&mut src);
        read(&mut src, &segments)
    }

    #[test]
    fn every_segment_is_named_in_its_order() {
        let exif = segment(0xE1, b"Exif\0\0II*\0");
        let found = parts(
            &[
                segment(0xE0, b"JFIF\0\x01\x01\x01\0\x48\0\x48\0\0"),
                exif.clone(),
                segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
                segment(0xE7, b"vivo\0\x01"),
                segment(0xE9, b"\x01\x02"),
                segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
                segment(0xDB, &[0; 65]),
                segment(0xDB, &[1; 65]),
                segment(0xC4, &[0; 20]),
                exif,
            ],
            b"",
        );
        assert_eq!(
            found.order,
            [
                "APP0 JFIF",
                "APP1 Exif",
                "APP1 XMP",
                "APP7 vivo",
                "APP9",
                "APP14 Adobe",
                "DQT ×2",
                "DHT",
                "APP1 Exif"
            ]
        );
        assert_eq!((found.exif_blocks, found.xmp_packets), (2, 1));
        assert_eq!(
            (found.huffman_segments, found.adobe_transform),
            (1, Some(1))
        );
        assert!(found.has_makers_segment() && !found.is_coded_as_by_libjpeg());
        let jfif = found.jfif.unwrap();
        assert!(jfif.is_before_exif);
        assert_eq!(
            (jfif.version.as_str(), jfif.density.as_str()),
            ("1.01", "72x72 dpi")
        );
    }

    #[test]
    fn the_order_of_libjpeg_is_told_from_a_camera_s() {
        let (dqt, dht) = (segment(0xDB, &[0; 65]), segment(0xC4, &[0; 20]));
        let frame = |marker| segment(marker, &[0; 15]);
        let app = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
        let library = |marker, tables: usize| {
            parts(
                &[
                    app.clone(),
                    dqt.clone(),
                    dqt.clone(),
                    frame(marker),
                    dht.repeat(tables),
                ],
                b"",
            )
        };
        assert!(library(0xC0, 4).is_coded_as_by_libjpeg());
        assert!(library(0xC2, 2).is_coded_as_by_libjpeg());
        assert!(!library(0xC0, 4).has_makers_segment());
        let camera = parts(&[dqt.clone(), frame(0xC0), dht.clone()], b"");
        assert!(!camera.is_coded_as_by_libjpeg());
        let other = parts(&[dqt.clone(), dqt, dht.repeat(4), frame(0xC0)], b"");
        assert!(!other.is_coded_as_by_libjpeg());
    }

    /// An index of two pictures, the first of `size` bytes.
    fn mpf(size: u32, second_at: u32) -> Vec<u8> {
        let mut out = b"MPF\0II*\0\x08\0\0\0".to_vec();
        out.extend(2_u16.to_le_bytes());
        for (tag, kind, count, value) in [(0xB001_u16, 4_u16, 1_u32, 2_u32), (0xB002, 7, 32, 38)] {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(count.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        out.extend([0; 4]);
        for (size, at) in [(size, 0), (9, second_at)] {
            out.extend(0_u32.to_le_bytes());
            out.extend(size.to_le_bytes());
            out.extend(at.to_le_bytes());
            out.extend([0; 4]);
        }
        segment(0xE2, &out)
    }

    #[test]
    fn an_index_is_held_against_what_is_there() {
        // SOI, the index's segment, SOS with its data, EOI.
        let true_size = 2 + mpf(0, 0).len() as u32 + 8 + 5;
        let second_at = true_size - 10;
        let found = parts(
            &[mpf(true_size, second_at)],
            &[0xFF, 0xD8, 0xFF, 0xE0, 0, 2, 0xFF, 0xD9],
        );
        let index = found.index.unwrap();
        assert_eq!((index.listed, index.found), (2, 1));
        assert_eq!(index.first_size_bytes, index.first_true_size_bytes);
        let gone = parts(&[mpf(true_size, second_at)], b"").index.unwrap();
        assert_eq!((gone.listed, gone.found), (2, 0));
        let hostile = parts(&[mpf(u32::MAX, u32::MAX)], b"").index.unwrap();
        assert_eq!(hostile.found, 0);
    }

    #[test]
    fn a_profile_is_read_as_far_as_it_goes() {
        let mut icc = vec![0; 160];
        icc[..4].copy_from_slice(&160_u32.to_be_bytes());
        icc[4..8].copy_from_slice(b"lcms");
        icc[24..36].copy_from_slice(&[7, 0xE8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5]);
        icc[80..84].copy_from_slice(b"lcms");
        icc[128..132].copy_from_slice(&1_u32.to_be_bytes());
        icc[132..136].copy_from_slice(b"desc");
        icc[136..140].copy_from_slice(&144_u32.to_be_bytes());
        icc[144..148].copy_from_slice(b"desc");
        icc[152..156].copy_from_slice(&4_u32.to_be_bytes());
        icc[156..160].copy_from_slice(b"sRGB");
        let body = [b"ICC_PROFILE\0\x01\x01".as_slice(), &icc].concat();
        let found = parts(&[segment(0xE2, &body)], b"").profile.unwrap();
        assert_eq!(
            (found.engine.as_str(), found.description.as_deref()),
            ("lcms", Some("sRGB"))
        );
        assert_eq!(found.made, "2024-01-02 03:04:05");
        for end in 0..body.len() {
            let _ = parts(&[segment(0xE2, &body[..end])], b"");
        }
    }
}
