//! Times and writers' marks in AVI, WAV and Matroska.

use super::bytes::{Source, fourcc, quote};
use super::ebml::{self, Head};
use super::riff::{self, Chunk};
use super::sniff::Format;
use super::structure::Structure;
use super::{avi_index, clusters, marks, written_time};
use crate::measurements::{Kind, Moment};

/// Most bytes of one value.
const VALUE_BYTES: u64 = 4096;
/// Length of a tick in Matroska that states none.
const SCALE_NS: u64 = 1_000_000;
/// Bytes of a UUID.
const UUID_BYTES: usize = 16;
/// Tags read of one Matroska file.
const TAGS_MAX: usize = 200;

/// AVI and WAV: the `INFO` list, and `IDIT` in the header list.
pub(super) fn riff(src: &mut Source<'_>, out: &mut Structure) {
    let Some(form) = riff::chunk(src, 0) else {
        return;
    };
    let end = form.end.min(src.len());
    if out.format == Format::Avi {
        out.container.index = avi_index::read(src);
    }
    for list in riff::chunks(src, form.body, end) {
        match list.form.as_ref() {
            Some(b"INFO") => {
                for c in inside(src, list) {
                    info(src, c, out);
                }
            }
            Some(b"hdrl") => {
                for c in inside(src, list) {
                    if &c.id == b"IDIT" {
                        info(src, c, out);
                    }
                }
            }
            Some(b"movi") => marks::encoders(src, list.body, u64::MAX, out),
            _ if &list.id == b"IDIT" => info(src, list, out),
            _ => {}
        }
    }
}

fn inside(src: &mut Source<'_>, list: Chunk) -> Vec<Chunk> {
    let end = list.end.min(src.len());
    let mut found = riff::chunks(src, list.body, end);
    found.truncate(TAGS_MAX);
    found
}

fn info(src: &mut Source<'_>, c: Chunk, out: &mut Structure) {
    let len = c.end.saturating_sub(c.body).min(VALUE_BYTES);
    let value = quote(&src.owned(c.body, len));
    let field = format!("avi.{}", fourcc(c.id));
    if matches!(&c.id, b"IDIT" | b"ICRD")
        && let Some(reading) = written_time::text(&field, &value, Moment::Start)
    {
        out.time(reading);
    }
    if matches!(&c.id, b"ISFT" | b"IDIT" | b"ICRD" | b"ITCH" | b"ISRC") {
        out.trace(field, value, c.body);
    }
}

/// Matroska: `Info`, `Tags`, and whether there is a picture track.
pub(super) fn matroska(src: &mut Source<'_>, out: &mut Structure) {
    let start = ebml::head(src, 0).and_then(|h| h.end).unwrap_or(0);
    let Some(segment) = ebml::segment_at(src, start) else {
        return;
    };
    let end = segment.end.unwrap_or(src.len()).min(src.len());
    let mut searched = false;
    let mut scale_ns = SCALE_NS;
    let elements = ebml::children(src, segment.body, end);
    for &h in &elements {
        match h.id {
            0x1549_A966 => scale_ns = segment_info(src, h, out),
            0x1654_AE6B => track_kinds(src, h, out),
            0x1254_C367 => tags(src, h, out),
            ebml::ID_CLUSTER if !searched => {
                searched = true;
                marks::encoders(src, h.body, u64::MAX, out);
            }
            _ => {}
        }
    }
    clusters::read(src, &elements, scale_ns, &mut out.container);
}

fn within(src: &mut Source<'_>, parent: Head) -> Vec<Head> {
    let end = parent.end.unwrap_or(parent.body).min(src.len());
    let mut found = ebml::children(src, parent.body, end);
    found.truncate(TAGS_MAX);
    found
}

fn value(src: &mut Source<'_>, h: Head) -> Vec<u8> {
    let len = h.end.unwrap_or(h.body).saturating_sub(h.body);
    src.owned(h.body, len.min(VALUE_BYTES))
}

/// A big-endian number of 1 to 8 bytes.
fn number(bytes: &[u8]) -> Option<u64> {
    (1..=8)
        .contains(&bytes.len())
        .then(|| bytes.iter().fold(0, |n, &b| (n << 8) | u64::from(b)))
}

/// Reads the notes on the whole segment; gives the length of a tick.
fn segment_info(src: &mut Source<'_>, info: Head, out: &mut Structure) -> u64 {
    let mut scale_ns = SCALE_NS;
    let mut duration = None;
    for h in within(src, info) {
        let bytes = value(src, h);
        match h.id {
            0x4D80 => out.trace("mkv.MuxingApp", quote(&bytes), h.body),
            0x5741 => out.trace("mkv.WritingApp", quote(&bytes), h.body),
            0x4461 if bytes.len() == 8 => {
                let reading = number(&bytes)
                    .and_then(|n| written_time::since_2001("mkv.DateUTC", n.cast_signed()));
                if let Some(reading) = reading {
                    out.time(reading);
                }
            }
            // This file, and those before and after it, by which a recorder links
            // the files of one recording.
            0x73A4 => out.trace("segment.uuid", hex(&bytes), h.body),
            0x003C_B923 => out.trace("segment.previous_uuid", hex(&bytes), h.body),
            0x003E_B923 => out.trace("segment.next_uuid", hex(&bytes), h.body),
            0x002A_D7B1 => scale_ns = number(&bytes).unwrap_or(scale_ns),
            0x4489 => duration = float(&bytes),
            _ => {}
        }
    }
    out.container.duration_s = duration
        .map(|d| d * scale_ns as f64 / 1e9)
        .filter(|d| d.is_finite() && *d >= 0.0);
    scale_ns
}

fn hex(bytes: &[u8]) -> String {
    let kept = bytes.iter().take(UUID_BYTES);
    kept.map(|b| format!("{b:02x}")).collect()
}

fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

fn track_kinds(src: &mut Source<'_>, tracks: Head, out: &mut Structure) {
    let mut kinds = Vec::new();
    for entry in within(src, tracks).into_iter().filter(|h| h.id == 0xAE) {
        for h in within(src, entry).into_iter().filter(|h| h.id == 0x83) {
            kinds.extend(number(&value(src, h)));
        }
    }
    // TrackType 1 is video, 2 is audio (RFC 9559 section 5.1.4.1.3).
    if kinds.contains(&2) && !kinds.contains(&1) {
        out.kind = Kind::Audio;
    }
}

fn tags(src: &mut Source<'_>, tags: Head, out: &mut Structure) {
    for tag in within(src, tags).into_iter().filter(|h| h.id == 0x7373) {
        for simple in within(src, tag).into_iter().filter(|h| h.id == 0x67C8) {
            let mut name = String::new();
            let mut text = (String::new(), 0);
            for h in within(src, simple) {
                match h.id {
                    0x45A3 => name = quote(&value(src, h)),
                    0x4487 => text = (quote(&value(src, h)), h.body),
                    _ => {}
                }
            }
            let is_writer = ["ENCODER", "ENCODED_BY", "ENCODER_SETTINGS", "HANDLER_NAME"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(&name));
            let is_key = name.to_ascii_lowercase().starts_with("com.")
                && !name.to_ascii_lowercase().contains("location");
            if is_writer || is_key || name.contains("AIGC") {
                out.trace(format!("mkv.tag.{name}"), text.0, text.1);
            }
        }
    }
}
