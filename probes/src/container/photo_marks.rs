//! Writers' marks in JPEG segments, PNG chunks and other picture files.

use super::bytes::{Source, find, fourcc, quote};
use super::jpeg::Segment;
use super::structure::Structure;
use super::{c2pa, iptc, jpeg_parts, marks, photoshop, riff, sef, xmp};

/// Bytes read of one segment: all that a segment can hold.
const SEGMENT_BYTES: u64 = 65_535;
/// Bytes searched for an XMP packet in files whose directory is not followed.
const SEARCHED_BYTES: u64 = 1024 * 1024;
/// Most bytes of compressed text that are looked at.
const INFLATED_BYTES: usize = 4 * 1024;
/// Markers named in the segment order.
const ORDER_MAX: usize = 60;
/// Photoshop's resources quoted.
const QUOTED_RESOURCES: usize = 64;

/// Captions in which programs sign (IPTC-IIM 4.2).
const SIGNING_CAPTIONS: &[(&str, &str)] = &[
    ("2:65", "iptc.OriginatingProgram"),
    ("2:40", "iptc.SpecialInstructions"),
];

/// The marks of a JPEG's first picture.
pub(super) fn jpeg(src: &mut Source<'_>, segments: &[Segment], out: &mut Structure) {
    let order: Vec<String> = out
        .container
        .elements
        .iter()
        .take_while(|e| e.id != "SOS")
        .take(ORDER_MAX)
        .map(|e| e.id.clone())
        .collect();
    out.trace("jpeg.order", order.join(" "), 0);
    let parts = jpeg_parts::read(src, segments);
    for caption in &parts.captions {
        if let Some((_, name)) = SIGNING_CAPTIONS.iter().find(|(f, _)| *f == caption.field) {
            out.trace(*name, caption.written.clone(), None);
        }
    }
    if let Some(time) = iptc::created(&parts.captions) {
        out.time(time);
    }
    out.container.jpeg = Some(parts);
    if let Some((written, at)) = sef::clock(src) {
        out.trace("sef.Image_UTC_Data", written, at);
    }
    if let Some(store) = c2pa::in_jpeg(src, segments) {
        credentials(src, &store, out);
    }
    for s in segments.iter().take(500) {
        if !matches!(s.marker, 0xE0..=0xEF | 0xFE) {
            continue;
        }
        let body = src.owned(s.body(), s.body_len().min(SEGMENT_BYTES));
        match s.marker {
            0xE1 if body.starts_with(b"http://ns.adobe.com/xap/1.0/\0") => {
                xmp::read(body.get(29..).unwrap_or_default(), s.body() + 29, out);
            }
            0xEC if body.starts_with(b"Ducky") => {
                out.trace("app12", "Ducky (Photoshop, save for web)", s.offset);
            }
            0xEB if find(&body, b"c2pa").is_some() => {
                out.trace("c2pa", "C2PA manifest store (APP11)", s.offset);
            }
            0xED if body.starts_with(b"Photoshop 3.0\0") => {
                let resources = photoshop_resources(&body);
                out.trace("app13", resources, s.offset);
            }
            0xEE if body.starts_with(b"Adobe") => {
                let transform = body.get(11).copied().unwrap_or(0);
                out.trace("app14", format!("Adobe transform {transform}"), s.offset);
            }
            0xFE => out.trace("com", quote(&body), s.body()),
            _ => marks::known(&body, s.body(), "jpeg", out),
        }
    }
}

/// What content credentials say, and the kinds of source among it.
fn credentials(src: &mut Source<'_>, store: &[u8], out: &mut Structure) {
    let Some(manifest) = c2pa::read(src, store) else {
        return;
    };
    for kind in &manifest.source_types {
        out.trace("c2pa.digitalSourceType", kind.clone(), None);
    }
    out.container.c2pa = Some(manifest);
}

/// `Photoshop 3.0` and the numbers of its resources: 0404 alone is a caption
/// (IPTC), 040F, 0425 and the like come from a picture editor's save.
fn photoshop_resources(body: &[u8]) -> String {
    let (resources, _) = photoshop::read(body);
    let ids = resources
        .iter()
        .map(|r| r.id.as_str())
        .take(QUOTED_RESOURCES);
    let all: Vec<&str> = std::iter::once("Photoshop 3.0").chain(ids).collect();
    all.join(" ")
}

/// Text chunks of a PNG.
pub(super) fn png(src: &mut Source<'_>, out: &mut Structure) {
    let chunks = out.container.elements.clone();
    for c in chunks {
        let body_at = c.offset_bytes.saturating_add(8);
        let len = c.size_bytes.saturating_sub(12);
        match c.id.as_str() {
            "tEXt" | "iTXt" | "zTXt" => {
                let body = src.owned(body_at, len.min(SEARCHED_BYTES));
                png_text(&c.id, &body, body_at, out);
            }
            "caBX" => {
                out.trace("c2pa", "C2PA manifest store (caBX)", c.offset_bytes);
                let store = src.owned(body_at, len);
                credentials(src, &store, out);
            }
            _ => {}
        }
    }
}

fn png_text(kind: &str, body: &[u8], offset: u64, out: &mut Structure) {
    let Some(end) = body.iter().position(|&b| b == 0) else {
        return;
    };
    let (keyword, rest) = body.split_at(end);
    let keyword = quote(keyword);
    if keyword == "XML:com.adobe.xmp" {
        if let Some(at) = find(rest, b"<") {
            let start = offset.saturating_add((end + at) as u64);
            xmp::read(rest.get(at..).unwrap_or_default(), start, out);
        }
        return;
    }
    let value = match kind {
        "tEXt" => quote(rest.get(1..).unwrap_or_default()),
        // Flag, method, language, translated keyword; then the text if plain.
        "iTXt" if rest.get(1) == Some(&0) => {
            let mut parts = rest.get(3..).unwrap_or_default().splitn(3, |&b| b == 0);
            quote(parts.nth(2).unwrap_or_default())
        }
        // Flag, method, language, translated keyword; then zlib.
        "iTXt" => {
            let mut parts = rest.get(3..).unwrap_or_default().splitn(3, |&b| b == 0);
            inflated(parts.nth(2).unwrap_or_default())
        }
        // Method; then zlib.
        _ => inflated(rest.get(2..).unwrap_or_default()),
    };
    let field = if keyword == "AIGC" {
        "aigc".to_owned()
    } else {
        format!("png.{keyword}")
    };
    out.trace(field, value, offset);
}

/// Compressed text, as much of it as is quoted; what cannot be read says so.
fn inflated(zlib: &[u8]) -> String {
    let whole = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(zlib, INFLATED_BYTES);
    let bytes = match whole {
        Ok(bytes) => bytes,
        // Longer than wanted, or damaged: its start tells enough.
        Err(stopped) => stopped.output,
    };
    if bytes.is_empty() {
        "(compressed)".to_owned()
    } else {
        quote(&bytes)
    }
}

/// The XMP chunk of a WebP.
pub(super) fn webp(src: &mut Source<'_>, out: &mut Structure) {
    let Some(form) = riff::chunk(src, 0) else {
        return;
    };
    let end = form.end.min(src.len());
    for c in riff::chunks(src, form.body, end) {
        if &c.id == b"XMP " {
            let packet = src.owned(c.body, c.end.saturating_sub(c.body).min(SEARCHED_BYTES));
            xmp::read(&packet, c.body, out);
        } else if &c.id == b"C2PA" {
            out.trace(
                "c2pa",
                format!("C2PA manifest store ({})", fourcc(c.id)),
                c.body,
            );
        }
    }
}

/// An XMP packet anywhere in the first MiB: HEIF, TIFF and GIF keep it behind
/// directories of their own.
pub(super) fn search_xmp(src: &mut Source<'_>, out: &mut Structure) {
    let bytes = src.owned(0, SEARCHED_BYTES);
    let Some(start) = find(&bytes, b"<x:xmpmeta") else {
        return;
    };
    let rest = bytes.get(start..).unwrap_or_default();
    let end = find(rest, b"</x:xmpmeta>").map_or(rest.len(), |at| at + 12);
    xmp::read(rest.get(..end).unwrap_or_default(), start as u64, out);
}
