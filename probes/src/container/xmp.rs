//! XMP packets (ISO 16684-1): who made the file and what was done to it.
//! Entities are never expanded; values are quoted as they stand.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::bytes::quote;
use super::structure::Structure;
use super::{marks, written_time};
use crate::measurements::Moment;

/// Events read of one packet; a long edit history has some thousands.
const EVENTS_MAX: usize = 50_000;

/// What Windows names its packets.
const WINDOWS_PACKET: &str = "uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b";

/// Reads the packet in `bytes`, which stands at `offset`.
pub(super) fn read(bytes: &[u8], offset: u64, out: &mut Structure) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches('\0');
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut open: Vec<String> = Vec::new();
    for _ in 0..EVENTS_MAX {
        match reader.read_event() {
            Ok(Event::Start(e)) => {
                element(&e, offset, out);
                if open.len() < 64 {
                    open.push(name(&e));
                }
            }
            Ok(Event::Empty(e)) => element(&e, offset, out),
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Text(t)) => {
                let value = quote(t.as_bytes());
                if let Some(tag) = open.last()
                    && !value.is_empty()
                {
                    let in_history = open.iter().any(|t| t == "xmpMM:History");
                    property(tag, &value, in_history, offset, out);
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    marks::known(bytes, offset, "xmp", out);
}

fn name(e: &BytesStart<'_>) -> String {
    quote(e.name().as_ref().as_bytes())
}

/// A history step keeps its attributes together; all others stand alone.
fn element(e: &BytesStart<'_>, offset: u64, out: &mut Structure) {
    let mut step = Vec::new();
    for attribute in e.attributes().with_checks(false).flatten() {
        let key = quote(attribute.key.as_ref().as_bytes());
        let value = quote(attribute.value.as_bytes());
        match key.strip_prefix("stEvt:") {
            Some("action" | "softwareAgent" | "when" | "changed") => {
                step.push(format!("{key}={value}"));
            }
            Some(_) => {}
            None => property(&key, &value, false, offset, out),
        }
    }
    if !step.is_empty() {
        out.trace("xmpMM.History", step.join(" "), offset);
    }
}

fn property(tag: &str, value: &str, in_history: bool, offset: u64, out: &mut Structure) {
    if in_history {
        if matches!(tag, "stEvt:softwareAgent" | "stEvt:action" | "stEvt:when") {
            out.trace("xmpMM.History", format!("{tag}={value}"), offset);
        }
        return;
    }
    match tag {
        "xmp:CreatorTool" | "xap:CreatorTool" => out.trace("xmp.CreatorTool", value, offset),
        "stRef:documentID" | "stRef:instanceID" => {
            out.trace("xmpMM.DerivedFrom", format!("{tag}={value}"), offset);
        }
        // The packet that Windows' own imaging component makes.
        "rdf:about" if value == WINDOWS_PACKET => out.trace("xmp.about", value, offset),
        // Makers' transfer programs write a rating of none.
        "MicrosoftPhoto:Rating" if value == "0" => {}
        "MicrosoftPhoto:Rating" | "MicrosoftPhoto:DateAcquired" => {
            out.trace(tag.replace(':', "."), value, offset);
        }
        "GIMP:Version" => out.trace("xmp.GIMP", format!("GIMP {value}"), offset),
        "x:xmptk" => out.trace("xmp.toolkit", value, offset),
        "tiff:Software" => out.trace("xmp.Software", value, offset),
        "photoshop:History" | "photoshop:ColorMode" | "photoshop:DocumentAncestors" => {
            out.trace(tag.replace(':', "."), value, offset);
        }
        "crs:Version" | "crs:HasSettings" | "crs:AlreadyApplied" | "crs:HasCrop" => {
            out.trace(tag.replace(':', "."), value, offset);
        }
        "Iptc4xmpExt:DigitalSourceType" => out.trace("xmp.DigitalSourceType", value, offset),
        "TC260:AIGC" => out.trace("aigc", value, offset),
        "xmp:CreateDate" | "exif:DateTimeOriginal" | "photoshop:DateCreated" => {
            time(tag, value, Moment::Capture, out);
        }
        "xmp:ModifyDate" | "xmp:MetadataDate" => time(tag, value, Moment::Written, out),
        _ => {}
    }
}

fn time(tag: &str, value: &str, moment: Moment, out: &mut Structure) {
    let field = format!("xmp.{}", tag.rsplit(':').next().unwrap_or(tag));
    if let Some(reading) = written_time::text(&field, value, moment) {
        out.time(reading);
    }
}
