//! The index of an ISO base media file: times, tracks, writers' names
//! (ISO/IEC 14496-12; QuickTime File Format).

use super::bmff::{self, BoxHead};
use super::bytes::{Source, be16, be32, be64, fourcc, quote};
use super::structure::Structure;
use super::tags;
use super::written_time::since_1904;
use crate::measurements::{Edit, Kind, Moment, SampleTable, Track};

/// Tracks read; real files have under ten.
const TRACKS_MAX: usize = 64;
/// Edit list entries kept of one track.
const EDITS_MAX: u64 = 100;

/// Reads every index in `top`.
pub(super) fn read(src: &mut Source<'_>, top: &[BoxHead], out: &mut Structure) {
    for b in top {
        match &b.kind {
            b"ftyp" => file_type(src, *b, out),
            b"moov" => movie(src, *b, out),
            b"meta" => tags::meta(src, *b, out),
            b"uuid" => tags::uuid(src, *b, out),
            b"free" | b"skip" => tags::free(src, *b, out),
            _ => {}
        }
    }
    let has = |medium: &str| out.tracks.iter().any(|t| t.medium == medium);
    if out.kind == Kind::Video && has("audio") && !has("video") {
        out.kind = Kind::Audio;
    }
}

fn file_type(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) {
    let body = src.owned(b.body(), b.body_len().min(256));
    let brands: Vec<String> = body
        .chunks_exact(4)
        .filter_map(|c| c.try_into().ok().map(fourcc))
        .collect();
    let (Some(major), Some(minor)) = (brands.first(), be32(&body, 4)) else {
        return;
    };
    out.container.brand = Some(major.clone());
    let compatible = brands.get(2..).unwrap_or_default().join(" ");
    out.trace("ftyp", format!("{major} {minor} [{compatible}]"), b.offset);
}

fn movie(src: &mut Source<'_>, moov: BoxHead, out: &mut Structure) {
    let inside = bmff::children(src, moov.body(), moov.end());
    let scale = inside
        .iter()
        .find(|b| &b.kind == b"mvhd")
        .and_then(|b| movie_header(src, *b, out));
    for b in inside {
        match &b.kind {
            b"trak" if out.tracks.len() < TRACKS_MAX => track(src, b, scale, out),
            b"meta" => tags::meta(src, b, out),
            b"udta" => tags::user_data(src, b, out),
            b"uuid" => tags::uuid(src, b, out),
            _ => {}
        }
    }
}

/// Times, timescale and duration, which lie alike in `mvhd` and `mdhd`.
struct Header {
    creation: u64,
    modification: u64,
    timescale: u32,
    duration: Option<u64>,
    /// Where the fields behind the duration start.
    rest: usize,
}

fn header(body: &[u8]) -> Option<Header> {
    let long = *body.first()? == 1;
    let word = |at| be32(body, at).map(u64::from);
    Some(if long {
        Header {
            creation: be64(body, 4)?,
            modification: be64(body, 12)?,
            timescale: be32(body, 20)?,
            duration: be64(body, 24).filter(|&d| d != u64::MAX && d != 0),
            rest: 32,
        }
    } else {
        Header {
            creation: word(4)?,
            modification: word(8)?,
            timescale: be32(body, 12)?,
            duration: word(16).filter(|&d| d != u64::from(u32::MAX) && d != 0),
            rest: 20,
        }
    })
}

/// Ticks as seconds; `None` for a timescale of 0.
fn seconds(ticks: u64, scale: u32) -> Option<f64> {
    (scale != 0).then(|| ticks as f64 / f64::from(scale))
}

fn movie_header(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) -> Option<u32> {
    let body = src.owned(b.body(), b.body_len().min(120));
    let h = header(&body)?;
    out.container.duration_s = h.duration.and_then(|d| seconds(d, h.timescale));
    note_times(out, "mvhd", &h);
    let facts = format!(
        "timescale {}, creation {}, modification {}",
        h.timescale, h.creation, h.modification
    );
    out.trace("mvhd", facts, b.offset);
    Some(h.timescale)
}

fn note_times(out: &mut Structure, place: &str, h: &Header) {
    for (which, count, moment) in [
        ("creation", h.creation, Moment::StartOrEnd),
        ("modification", h.modification, Moment::Written),
    ] {
        // Track and media headers nearly always repeat the movie's.
        let written = count.to_string();
        let told = out
            .times
            .iter()
            .any(|t| t.field.ends_with(which) && t.written == written);
        if !told && let Some(reading) = since_1904(format!("{place}.{which}"), count, moment) {
            out.time(reading);
        }
    }
}

fn track(src: &mut Source<'_>, trak: BoxHead, scale: Option<u32>, out: &mut Structure) {
    let mut track = Track {
        index: u32::try_from(out.tracks.len()).unwrap_or(u32::MAX),
        medium: "unknown".to_owned(),
        ..Track::default()
    };
    let inside = bmff::children(src, trak.body(), trak.end());
    let mut table = SampleTable::default();
    for b in &inside {
        match &b.kind {
            b"tkhd" => track_header(src, *b, out),
            b"mdia" => media(src, *b, &mut track, &mut table, out),
            b"udta" => tags::user_data(src, *b, out),
            b"meta" => tags::meta(src, *b, out),
            _ => {}
        }
    }
    // Edit lists count in ticks of both movie and media, known only now.
    for edts in inside.iter().filter(|b| &b.kind == b"edts") {
        for elst in bmff::children(src, edts.body(), edts.end()) {
            if &elst.kind == b"elst" {
                table.edits_left_out = edit_list(src, elst, scale, &mut track);
            }
        }
    }
    track.sample_table = Some(table);
    out.tracks.push(track);
}

fn track_header(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) {
    let body = src.owned(b.body(), b.body_len().min(32));
    let (creation, modification) = if body.first() == Some(&1) {
        (be64(&body, 4), be64(&body, 12))
    } else {
        (be32(&body, 4).map(u64::from), be32(&body, 8).map(u64::from))
    };
    if let (Some(creation), Some(modification)) = (creation, modification) {
        let h = Header {
            creation,
            modification,
            timescale: 0,
            duration: None,
            rest: 0,
        };
        note_times(out, "tkhd", &h);
    }
}

/// Fills `track.edits`; how many entries were left out.
fn edit_list(src: &mut Source<'_>, b: BoxHead, scale: Option<u32>, track: &mut Track) -> u64 {
    let width: usize = match src.at(b.body(), 1) {
        Some([1]) => 20,
        _ => 12,
    };
    let Some(count) = src
        .at(b.body().saturating_add(4), 4)
        .and_then(|c| be32(c, 0))
    else {
        return 0;
    };
    let held = b.body_len().saturating_sub(8) / width as u64;
    let count = u64::from(count).min(held);
    let body = src.owned(
        b.body().saturating_add(8),
        count.min(EDITS_MAX) * width as u64,
    );
    for entry in body.chunks_exact(width) {
        let (duration, media, rate_at) = if width == 20 {
            let media = be64(entry, 8).map(u64::cast_signed);
            (be64(entry, 0), media, 16)
        } else {
            let media = be32(entry, 4).map(|m| i64::from(m.cast_signed()));
            (be32(entry, 0).map(u64::from), media, 8)
        };
        let (Some(duration), Some(media)) = (duration, media) else {
            continue;
        };
        track.edits.push(Edit {
            duration_s: seconds(duration, scale.unwrap_or(0)).unwrap_or(0.0),
            media_time_s: u64::try_from(media)
                .ok()
                .and_then(|m| seconds(m, track.timescale_hz?)),
            rate: be32(entry, rate_at).map_or(1.0, |r| f64::from(r.cast_signed()) / 65536.0),
        });
    }
    count.saturating_sub(EDITS_MAX)
}

fn media(
    src: &mut Source<'_>,
    mdia: BoxHead,
    track: &mut Track,
    table: &mut SampleTable,
    out: &mut Structure,
) {
    let inside = bmff::children(src, mdia.body(), mdia.end());
    for b in &inside {
        match &b.kind {
            b"mdhd" => media_header(src, *b, track, out),
            b"hdlr" => {
                let (kind, name) = handler(src, *b);
                track.medium = medium(kind).to_owned();
                out.trace("hdlr", name.clone(), b.offset);
                track.handler = Some(name).filter(|n| !n.is_empty());
            }
            _ => {}
        }
    }
    for minf in inside.iter().filter(|b| &b.kind == b"minf") {
        for b in bmff::children(src, minf.body(), minf.end()) {
            match &b.kind {
                b"hdlr" => {
                    let (_, name) = handler(src, b);
                    out.trace("minf.hdlr", name, b.offset);
                }
                b"stbl" => super::sample_table::read(src, b, track, table, out),
                _ => {}
            }
        }
    }
}

fn media_header(src: &mut Source<'_>, b: BoxHead, track: &mut Track, out: &mut Structure) {
    let body = src.owned(b.body(), b.body_len().min(48));
    let Some(h) = header(&body) else {
        return;
    };
    track.timescale_hz = Some(h.timescale);
    track.duration_s = h.duration.and_then(|d| seconds(d, h.timescale));
    track.language = be16(&body, h.rest).and_then(language);
    note_times(out, "mdhd", &h);
}

/// ISO 639-2 in three times five bits; QuickTime's own numbers are left out.
fn language(packed: u16) -> Option<String> {
    if packed < 0x400 || packed == 0x7FFF {
        return None;
    }
    let letter = |shift: u16| u8::try_from((packed >> shift) & 31).ok().map(|n| n + 0x60);
    let letters = [letter(10)?, letter(5)?, letter(0)?];
    letters
        .iter()
        .all(u8::is_ascii_lowercase)
        .then(|| letters.iter().map(|&b| char::from(b)).collect())
}

/// Handler type and name; QuickTime counts the name, ISO ends it with 0.
fn handler(src: &mut Source<'_>, b: BoxHead) -> ([u8; 4], String) {
    let body = src.owned(b.body(), b.body_len().min(512));
    let kind = body
        .get(8..12)
        .and_then(|k| k.try_into().ok())
        .unwrap_or_default();
    let name = body.get(24..).unwrap_or_default();
    let name = match name.split_first() {
        // A leading byte that equals the length of the rest is a count.
        Some((&n, rest)) if usize::from(n) == rest.len() && n < 0x80 => rest,
        Some((&n, rest)) if n < 0x20 && usize::from(n) <= rest.len() => {
            rest.get(..usize::from(n)).unwrap_or(rest)
        }
        _ => name.split(|&c| c == 0).next().unwrap_or_default(),
    };
    (kind, quote(name))
}

fn medium(handler: [u8; 4]) -> &'static str {
    match &handler {
        b"vide" => "video",
        b"soun" => "audio",
        b"text" | b"sbtl" | b"subt" | b"clcp" => "subtitle",
        b"meta" | b"tmcd" | b"hint" | b"mdta" | b"camm" => "data",
        _ => "unknown",
    }
}
