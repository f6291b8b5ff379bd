//! Names and notes in ISO base media files: QuickTime Keys, iTunes items,
//! user data, XMP and C2PA boxes.

use super::bmff::{self, BoxHead};
use super::bytes::{Source, be16, be32, fourcc, quote};
use super::structure::Structure;
use super::{marks, written_time, xmp};
use crate::measurements::Moment;

/// Items read of one list.
const ITEMS_MAX: usize = 200;
/// Most bytes of one value.
const VALUE_BYTES: u64 = 4096;
/// Most bytes of an XMP packet.
const XMP_BYTES: u64 = 1024 * 1024;
/// Bytes of free space that are read, and the shortest text in them.
const FREE_BYTES: u64 = 200;
const FREE_TEXT_MIN: usize = 8;
/// User type of an XMP box (XMP specification part 3).
const XMP_UUID: [u8; 16] = [
    0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC,
];
/// User type of a C2PA box (C2PA specification, annex A).
const C2PA_UUID: [u8; 16] = [
    0xD8, 0xFE, 0xC3, 0xD6, 0x1B, 0x0E, 0x48, 0x3C, 0x92, 0x97, 0x58, 0x28, 0x87, 0x7E, 0xC4, 0x81,
];

/// A box with a user type.
pub(super) fn uuid(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) {
    let Some(user_type) = src.at(b.body(), 16).map(<[u8]>::to_vec) else {
        return;
    };
    let body = b.body().saturating_add(16);
    let len = b.body_len().saturating_sub(16);
    if user_type == XMP_UUID {
        let packet = src.owned(body, len.min(XMP_BYTES));
        xmp::read(&packet, body, out);
    } else if user_type == C2PA_UUID {
        out.trace("c2pa", "C2PA manifest store (uuid box)", b.offset);
    }
}

/// Free space, in which some writers sign (GPAC). Recorders leave zeros or what
/// was there before: only a text counts.
pub(super) fn free(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) {
    let head = src.owned(b.body(), b.body_len().min(FREE_BYTES));
    let text = head.split(|byte| *byte == 0).next().unwrap_or_default();
    let is_text = text.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    if is_text && text.len() >= FREE_TEXT_MIN {
        out.trace("free", quote(text), b.body());
    }
}

/// A `meta` box: Keys with numbered items, or iTunes items.
pub(super) fn meta(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) {
    // ISO gives `meta` a version, QuickTime does not.
    let is_plain = src.at(b.body().saturating_add(4), 4) == Some(b"hdlr");
    let start = b.body().saturating_add(if is_plain { 0 } else { 4 });
    let inside = bmff::children(src, start, b.end());
    let names = inside
        .iter()
        .find(|c| &c.kind == b"keys")
        .map(|c| key_names(src, *c))
        .unwrap_or_default();
    for list in inside.iter().filter(|c| &c.kind == b"ilst") {
        for item in bmff::children(src, list.body(), list.end())
            .into_iter()
            .take(ITEMS_MAX)
        {
            let number = u32::from_be_bytes(item.kind) as usize;
            let name = number.checked_sub(1).and_then(|n| names.get(n));
            let Some((value, offset)) = item_text(src, item) else {
                continue;
            };
            match name {
                Some(name) => key(name, &value, offset, out),
                None => named(&format!("ilst.{}", fourcc(item.kind)), &value, offset, out),
            }
        }
    }
}

fn key_names(src: &mut Source<'_>, keys: BoxHead) -> Vec<String> {
    let start = keys.body().saturating_add(8);
    bmff::children(src, start, keys.end())
        .into_iter()
        .take(ITEMS_MAX)
        .map(|k| quote(&src.owned(k.body(), k.body_len().min(VALUE_BYTES))))
        .collect()
}

/// The text of an item's `data` box, and where it stands.
fn item_text(src: &mut Source<'_>, item: BoxHead) -> Option<(String, u64)> {
    let data = bmff::children(src, item.body(), item.end())
        .into_iter()
        .find(|c| &c.kind == b"data")?;
    let kind = src.at(data.body(), 4).and_then(|k| be32(k, 0))?;
    let start = data.body().saturating_add(8);
    let value = src.owned(start, data.body_len().saturating_sub(8).min(VALUE_BYTES));
    match kind {
        1 => Some((quote(&value), start)),
        // Big-endian floating point: com.android.capture.fps.
        23 => {
            let bits = be32(&value, 0)?;
            Some((f32::from_bits(bits).to_string(), start))
        }
        _ => None,
    }
}

/// A QuickTime key. Places are nobody's writing and private; they stay out.
fn key(name: &str, value: &str, offset: u64, out: &mut Structure) {
    if name.contains("location") {
        return;
    }
    let slot = match name {
        "com.apple.quicktime.make" | "com.android.manufacturer" => Some(&mut out.device.make),
        "com.apple.quicktime.model" | "com.android.model" => Some(&mut out.device.model),
        "com.apple.quicktime.software" => Some(&mut out.device.software),
        _ => None,
    };
    if let Some(slot) = slot {
        let value = Some(value.to_owned()).filter(|v| !v.is_empty());
        *slot = slot.take().or(value);
    }
    if name == "com.apple.quicktime.creationdate"
        && let Some(reading) = written_time::text("keys.creationdate", value, Moment::Start)
    {
        out.time(reading);
    }
    named(&format!("keys.{name}"), value, offset, out);
}

fn named(field: &str, value: &str, offset: u64, out: &mut Structure) {
    if field == "ilst.©day"
        && let Some(reading) = written_time::text("udta.©day", value, Moment::StartOrEnd)
    {
        out.time(reading);
    }
    if !matches!(field, "ilst.©nam" | "ilst.©ART" | "ilst.©alb") {
        out.trace(field, value, offset);
    }
}

/// A `udta` box: QuickTime and 3GPP texts, makers' own boxes, XMP, `meta`.
pub(super) fn user_data(src: &mut Source<'_>, udta: BoxHead, out: &mut Structure) {
    for b in bmff::children(src, udta.body(), udta.end())
        .into_iter()
        .take(ITEMS_MAX)
    {
        match &b.kind {
            b"meta" => meta(src, b, out),
            b"XMP_" => {
                let packet = src.owned(b.body(), b.body_len().min(XMP_BYTES));
                xmp::read(&packet, b.body(), out);
            }
            [0xA9, ..] => quicktime_text(src, b, out),
            b"auth" | b"manu" | b"modl" | b"vndr" | b"FIRM" | b"CNFV" | b"CNMN" | b"SNum" => {
                maker_text(src, b, out);
            }
            // Makers' and editors' private boxes: only known marks are quoted.
            _ => {
                let body = src.owned(b.body(), b.body_len().min(VALUE_BYTES));
                marks::known(&body, b.body(), &format!("udta.{}", fourcc(b.kind)), out);
            }
        }
    }
}

/// `©xxx`: length, language, text; or, by some writers, a `data` box.
fn quicktime_text(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) {
    let body = src.owned(b.body(), b.body_len().min(VALUE_BYTES));
    let len = be16(&body, 0).map_or(0, usize::from);
    let end = len.saturating_add(4).min(body.len());
    let value = quote(body.get(4..end).unwrap_or_default());
    let offset = b.body().saturating_add(4);
    let kind = fourcc(b.kind);
    match kind.as_str() {
        "©mak" => note(&mut out.device.make, &value),
        "©mod" => note(&mut out.device.model, &value),
        "©swr" => note(&mut out.device.software, &value),
        "©day" => {
            if let Some(reading) = written_time::text("udta.©day", &value, Moment::StartOrEnd) {
                out.time(reading);
            }
        }
        // Place and title.
        "©xyz" | "©nam" => return,
        _ => {}
    }
    out.trace(format!("udta.{kind}"), value, offset);
}

fn note(slot: &mut Option<String>, value: &str) {
    if slot.is_none() && !value.is_empty() {
        *slot = Some(value.to_owned());
    }
}

/// A text box of 3GPP (version, language, text) or of a maker (text alone).
fn maker_text(src: &mut Source<'_>, b: BoxHead, out: &mut Structure) {
    let body = src.owned(b.body(), b.body_len().min(VALUE_BYTES));
    let is_3gpp = body.starts_with(&[0; 4]);
    let skip = if is_3gpp { 6 } else { 0 };
    let value = quote(body.get(skip..).unwrap_or_default());
    match &b.kind {
        b"manu" => note(&mut out.device.make, &value),
        b"modl" | b"CNMN" => note(&mut out.device.model, &value),
        b"FIRM" | b"CNFV" => note(&mut out.device.software, &value),
        b"SNum" => note(&mut out.device.serial, &value),
        _ => {}
    }
    out.trace(format!("udta.{}", fourcc(b.kind)), value, b.body());
}
