//! How a JPEG was coded, from its headers: what the coder chose, not what the
//! picture shows (ITU-T T.81).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Segments read before the first scan; real files have well under a hundred.
const SEGMENTS_MAX: usize = 2_000;
/// Comments kept, and characters of each.
const COMMENTS_MAX: usize = 8;
const COMMENT_CHARS_MAX: usize = 120;

/// How a JPEG was coded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JpegTables {
    /// Number of the frame header: 0 baseline, 1 extended, 2 progressive;
    /// T.81 table B.1.
    pub frame_type: Option<u8>,
    /// Width by the frame header.
    pub width_px: Option<u16>,
    /// Height by the frame header; none if the scan is to tell it.
    pub height_px: Option<u16>,
    /// Bits a sample.
    pub bits_per_sample: Option<u8>,
    /// Sampling factors of each component, horizontal × vertical: `2x2`, `1x1`.
    pub sampling: Vec<String>,
    /// Quantisation tables in the order of their numbers, 64 values each, row
    /// by row (not zigzag).
    pub quantisation: Vec<Vec<u16>>,
    /// How many segments the quantisation tables came in.
    pub quantisation_segments: u32,
    /// Quality 1 to 100 at which the Independent JPEG Group's formula yields
    /// exactly these tables; `null` if none does. Many cameras use it too.
    pub ijg_quality: Option<u8>,
    /// Quality of that formula whose luma table comes nearest.
    pub nearest_ijg_quality: Option<u8>,
    /// Mean difference to that table, in steps.
    pub nearest_ijg_difference: Option<f32>,
    /// True if all Huffman tables have the code lengths of T.81 annex K,
    /// false if the coder made its own; `null` without tables.
    pub standard_huffman: Option<bool>,
    /// Restart interval in blocks, if there is one.
    pub restart_interval: Option<u16>,
    /// Comment segments, cut at 120 characters.
    pub comments: Vec<String>,
}

/// Where the i-th value of a table stands, row by row; T.81 figure A.6.
pub(crate) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// T.81 table K.1, row by row.
const LUMA: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/// T.81 table K.2, row by row.
const CHROMA: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Codes of each length 1 to 16 in T.81 tables K.3 to K.6: DC luma, DC
/// chroma, AC luma, AC chroma.
const CODE_LENGTHS: [[u8; 16]; 4] = [
    [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7D],
    [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
];

/// Reads the headers of the JPEG that `bytes` starts with; `None` if it does
/// not start with one.
pub fn read(bytes: &[u8]) -> Option<JpegTables> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    let mut found = JpegTables::default();
    let mut tables: [Option<Vec<u16>>; 4] = [None, None, None, None];
    for _ in 0..SEGMENTS_MAX {
        let Some((marker, payload, after)) = segment(rest) else {
            break;
        };
        rest = after;
        match marker {
            0xDA | 0xD9 => break,
            0xDB => {
                found.quantisation_segments += 1;
                quantisation(payload, &mut tables);
            }
            0xC4 => huffman(payload, &mut found.standard_huffman),
            0xDD => found.restart_interval = be16(payload),
            0xFE if found.comments.len() < COMMENTS_MAX => {
                let text = String::from_utf8_lossy(payload);
                let text = text.trim_matches(['\0', ' ', '\r', '\n']);
                found
                    .comments
                    .push(text.chars().take(COMMENT_CHARS_MAX).collect());
            }
            0xC0..=0xCF if marker != 0xC8 && marker != 0xCC => frame(marker, payload, &mut found),
            _ => {}
        }
    }
    found.quantisation = tables.into_iter().flatten().collect();
    compare_with_ijg(&mut found);
    Some(found)
}

/// Marker, payload and what follows of the next segment. Fill bytes and bytes
/// of no segment are passed over, as every decoder does.
fn segment(rest: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let start = rest
        .windows(2)
        .position(|pair| matches!(pair, [0xFF, marker] if !matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8 | 0xFF)))?;
    let marker = *rest.get(start + 1)?;
    if marker == 0xD9 {
        return Some((marker, &[], &[]));
    }
    let body = rest.get(start + 2..)?;
    let length = usize::from(be16(body)?);
    let payload = body.get(2..length)?;
    Some((marker, payload, body.get(length..)?))
}

fn be16(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

fn frame(marker: u8, payload: &[u8], found: &mut JpegTables) {
    found.frame_type = Some(marker & 0x0F);
    found.bits_per_sample = payload.first().copied();
    let side = |at| payload.get(at..).and_then(be16).filter(|&px| px > 0);
    (found.height_px, found.width_px) = (side(1), side(3));
    let count = usize::from(payload.get(5).copied().unwrap_or(0));
    let components = payload.get(6..).unwrap_or(&[]).as_chunks::<3>().0;
    found.sampling = components
        .iter()
        .take(count)
        .map(|[_, factors, _]| format!("{}x{}", factors >> 4, factors & 0x0F))
        .collect();
}

fn quantisation(mut payload: &[u8], tables: &mut [Option<Vec<u16>>; 4]) {
    while let Some((head, body)) = payload.split_first() {
        let bytes_each = if head >> 4 == 0 { 1 } else { 2 };
        let Some((values, rest)) = body.split_at_checked(64 * bytes_each) else {
            return;
        };
        let mut table = vec![0_u16; 64];
        for (value, at) in values.chunks_exact(bytes_each).zip(ZIGZAG) {
            let value = value.iter().fold(0, |sum, b| (sum << 8) | u16::from(*b));
            if let Some(slot) = table.get_mut(usize::from(at)) {
                *slot = value;
            }
        }
        if let Some(slot) = tables.get_mut(usize::from(head & 0x0F)) {
            *slot = Some(table);
        }
        payload = rest;
    }
}

fn huffman(mut payload: &[u8], standard: &mut Option<bool>) {
    while let Some((head, body)) = payload.split_first() {
        let Some((lengths, rest)) = body.split_first_chunk::<16>() else {
            return;
        };
        let codes: usize = lengths.iter().map(|n| usize::from(*n)).sum();
        let first = if head >> 4 == 0 { 0 } else { 2 };
        let is_standard = CODE_LENGTHS
            .get(first..first + 2)
            .unwrap_or(&[])
            .contains(lengths);
        *standard = Some(standard.unwrap_or(true) && is_standard);
        payload = rest.get(codes..).unwrap_or(&[]);
    }
}

/// The Independent JPEG Group's table for a quality (libjpeg, jcparam.c), as
/// used by nearly every library; cut to 255 as baseline asks.
fn ijg_table(base: &[u8; 64], quality: u8) -> impl Iterator<Item = u16> + '_ {
    base.iter().map(move |step| ijg_step(*step, quality))
}

fn ijg_step(base: u8, quality: u8) -> u16 {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 {
        5000 / quality
    } else {
        200 - 2 * quality
    };
    let scaled = (u32::from(base) * percent + 50) / 100;
    scaled.clamp(1, 255) as u16
}

/// Where the i-th coefficient in zigzag order stands, row by row.
pub(crate) fn zigzag(index: usize) -> usize {
    ZIGZAG.get(index).copied().map_or(0, usize::from)
}

/// The step of the Independent JPEG Group's luma table at a place, row by row,
/// for a quality from 1 to 100.
pub(crate) fn ijg_luma_step(at: usize, quality: u8) -> u16 {
    LUMA.get(at).map_or(1, |base| ijg_step(*base, quality))
}

fn compare_with_ijg(found: &mut JpegTables) {
    let [luma, others @ ..] = found.quantisation.as_slice() else {
        return;
    };
    let difference = |quality: u8| -> u32 {
        let pairs = luma.iter().zip(ijg_table(&LUMA, quality));
        pairs.map(|(a, b)| u32::from(a.abs_diff(b))).sum()
    };
    let nearest = (1..=100_u8).map(|q| (difference(q), q)).min();
    let is_exact = |quality: u8| {
        luma.iter().copied().eq(ijg_table(&LUMA, quality))
            && others
                .iter()
                .all(|table| table.iter().copied().eq(ijg_table(&CHROMA, quality)))
    };
    found.ijg_quality = (1..=100).rev().find(|q| is_exact(*q));
    found.nearest_ijg_quality = nearest.map(|(_, quality)| quality);
    found.nearest_ijg_difference = nearest.map(|(sum, _)| sum as f32 / 64.0);
}

#[cfg(test)]
mod tests {
    use image::ExtendedColorType;
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    fn encoded(quality: u8) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let pixels: Vec<u8> = (0..48 * 32 * 3).map(|i| (i * 7 % 251) as u8).collect();
        JpegEncoder::new_with_quality(&mut jpeg, quality)
            .encode(&pixels, 48, 32, ExtendedColorType::Rgb8)
            .unwrap();
        jpeg
    }

    #[test]
    fn quality_of_a_common_encoder_is_read_back() {
        for quality in [1, 10, 49, 50, 75, 90, 95, 100] {
            let found = read(&encoded(quality)).unwrap();
            assert_eq!(found.ijg_quality, Some(quality));
            assert_eq!(found.nearest_ijg_quality, Some(quality));
            assert_eq!(found.nearest_ijg_difference, Some(0.0));
            assert_eq!(
                (found.frame_type, found.bits_per_sample),
                (Some(0), Some(8))
            );
            assert_eq!(found.standard_huffman, Some(true));
            assert_eq!(found.sampling.len(), 3);
            assert_eq!((found.width_px, found.height_px), (Some(48), Some(32)));
        }
    }

    #[test]
    fn one_changed_step_is_no_exact_table_and_stays_near() {
        let mut jpeg = encoded(80);
        let dqt = jpeg.windows(2).position(|w| w == [0xFF, 0xDB]).unwrap();
        jpeg[dqt + 5] += 1;
        let found = read(&jpeg).unwrap();
        assert_eq!(found.ijg_quality, None);
        assert_eq!(found.nearest_ijg_quality, Some(80));
        assert_eq!(found.nearest_ijg_difference, Some(1.0 / 64.0));
    }

    #[test]
    fn tables_are_stored_row_by_row() {
        let found = read(&encoded(50)).unwrap();
        assert_eq!(found.quantisation[0], LUMA.map(u16::from));
        assert_eq!(found.quantisation[1], CHROMA.map(u16::from));
    }

    #[test]
    fn comments_and_restarts_are_read() {
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xFE, 0, 8];
        jpeg.extend_from_slice(b"CREATE");
        jpeg.extend_from_slice(&[0xFF, 0xDD, 0, 4, 0, 9]);
        let found = read(&jpeg).unwrap();
        assert_eq!(found.comments, ["CREATE"]);
        assert_eq!(found.restart_interval, Some(9));
        assert_eq!((found.ijg_quality, found.standard_huffman), (None, None));
    }

    #[test]
    fn broken_headers_end_the_reading_and_nothing_else() {
        assert_eq!(read(b"GIF89a"), None);
        let whole = encoded(75);
        for end in 0..whole.len().min(700) {
            let found = read(&whole[..end]);
            assert_eq!(found.is_some(), end >= 2);
        }
        let mut jpeg = vec![0xFF, 0xD8];
        jpeg.extend([0xFF, 0xDB, 0, 2].repeat(5_000));
        assert_eq!(
            read(&jpeg).unwrap().quantisation_segments,
            SEGMENTS_MAX as u32
        );
        assert_eq!(
            read(&[0xFF, 0xD8, 0xFF, 0xDB, 0, 0]),
            Some(JpegTables::default())
        );
    }
}
