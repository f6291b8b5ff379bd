//! XMP: found as a packet, read as XML.
//!
//! A packet is made to be found by looking for it, in any format (XMP
//! specification part 1, "packet wrapper"; part 3, "packet scanning").

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{find, trace, written_time};
use crate::measurements::{Measurements, Moment, TimeReading};

/// Longest packet that is read. Named guess: a JPEG holds 64 KiB, editors'
/// histories in TIFF some hundred.
const PACKET_MAX_BYTES: usize = 1 << 20;

/// Most packets that are read of one file: a picture and its motion part.
const PACKETS_MAX: usize = 4;

/// Most XML events that are read of one packet.
const EVENTS_MAX: usize = 50_000;

/// Most traces of one packet; histories are long.
const TRACES_MAX: usize = 50;

/// Longest value that is kept while reading.
const VALUE_MAX_BYTES: usize = 2_000;

/// Times, by the name that writers give them.
const TIMES: &[(&str, &str, Moment)] = &[
    ("xmp:CreateDate", "xmp.CreateDate", Moment::Capture),
    ("xap:CreateDate", "xmp.CreateDate", Moment::Capture),
    ("photoshop:DateCreated", "xmp.DateCreated", Moment::Capture),
    (
        "exif:DateTimeOriginal",
        "xmp.DateTimeOriginal",
        Moment::Capture,
    ),
    ("xmp:ModifyDate", "xmp.ModifyDate", Moment::Written),
    ("xap:ModifyDate", "xmp.ModifyDate", Moment::Written),
];

/// Names of who wrote or changed the file, and how.
const TRACES: &[(&str, &str)] = &[
    ("xmp:CreatorTool", "xmp.CreatorTool"),
    ("xap:CreatorTool", "xmp.CreatorTool"),
    ("x:xmptk", "xmp.Toolkit"),
    ("tiff:Software", "xmp.Software"),
    ("Iptc4xmpExt:DigitalSourceType", "xmp.DigitalSourceType"),
    ("stEvt:action", "xmpMM.History"),
    ("stEvt:softwareAgent", "xmpMM.History"),
    ("stEvt:changed", "xmpMM.History"),
    ("stRef:documentID", "xmpMM.DerivedFrom"),
    ("stRef:originalDocumentID", "xmpMM.DerivedFrom"),
    ("TC260:AIGC", "xmp.AIGC"),
];

/// Reads every packet in `head`, the front of the file.
pub(super) fn read(head: &[u8], m: &mut Measurements) {
    let mut from = 0;
    for _ in 0..PACKETS_MAX {
        let Some(rest) = head.get(from..) else {
            return;
        };
        let Some(start) = find(rest, b"<x:xmpmeta").map(|at| from + at) else {
            return;
        };
        let window = start..head.len().min(start + PACKET_MAX_BYTES);
        let window = head.get(window).unwrap_or_default();
        let end = find(window, b"</x:xmpmeta>").map_or(window.len(), |at| at + 12);
        packet(window.get(..end).unwrap_or_default(), start as u64, m);
        from = start + end;
    }
}

fn packet(bytes: &[u8], offset_bytes: u64, m: &mut Measurements) {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let mut packet = Packet {
        offset_bytes,
        traces_left: TRACES_MAX,
        m,
    };
    let mut element = String::new();
    let mut value = String::new();
    for _ in 0..EVENTS_MAX {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                packet.attributes(&start);
                element = start.name().as_ref().to_owned();
                value.clear();
            }
            Ok(Event::Empty(start)) => packet.attributes(&start),
            Ok(Event::Text(text)) if value.len() < VALUE_MAX_BYTES => value.push_str(&text),
            Ok(Event::End(end)) => {
                if end.name().as_ref() == element {
                    packet.property(&element, &value);
                }
                element.clear();
            }
            // A packet that breaks off has said what it said.
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

struct Packet<'a> {
    offset_bytes: u64,
    traces_left: usize,
    m: &'a mut Measurements,
}

impl Packet<'_> {
    fn attributes(&mut self, start: &BytesStart<'_>) {
        for attribute in start.attributes().with_checks(false).flatten() {
            let value = match quick_xml::escape::unescape(&attribute.value) {
                Ok(value) => value,
                Err(_) => attribute.value.as_ref().into(),
            };
            self.property(attribute.key.as_ref(), &value);
        }
    }

    fn property(&mut self, name: &str, value: &str) {
        if let Some((_, field, moment)) = TIMES.iter().find(|(n, _, _)| *n == name) {
            let known = |t: &TimeReading| t.field == *field && t.written == value.trim();
            if let Some((local, zone)) = written_time::iso_time(value)
                && !self.m.times.iter().any(known)
            {
                self.m.times.push(TimeReading {
                    field: (*field).to_owned(),
                    written: value.trim().to_owned(),
                    local,
                    zone,
                    moment: *moment,
                });
            }
        }
        if let Some((_, field)) = TRACES.iter().find(|(n, _)| *n == name)
            && self.traces_left > 0
        {
            self.traces_left -= 1;
            trace(self.m, field, value, Some(self.offset_bytes));
        }
    }
}
