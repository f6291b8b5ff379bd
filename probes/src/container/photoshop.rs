//! Photoshop image resources (APP13) and the captions of IPTC in them (Adobe
//! Photoshop File Formats, "Image Resources"; IPTC-IIM 4.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bytes::{be16, be32, quote};

/// Resources followed; Photoshop writes some forty.
const RESOURCES_MAX: usize = 200;
/// Captions followed; keywords come one a data set.
const CAPTIONS_MAX: usize = 100;
/// What stands before the resources in the segment.
const NAME_BYTES: usize = 14;
/// Resource of IPTC captions.
const CAPTIONS: u16 = 0x0404;

/// One resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PhotoshopResource {
    /// Its number in hex: `0404` captions, `0406` JPEG quality, `0421` version.
    pub id: String,
    /// Length of its data.
    pub size_bytes: u64,
}

/// One IPTC data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Caption {
    /// Record and data set: `2:65` originating program, `2:120` caption.
    pub field: String,
    /// Its text, cut at 300 characters.
    pub written: String,
}

/// Resources and captions of a segment that starts with `Photoshop 3.0`.
pub(super) fn read(body: &[u8]) -> (Vec<PhotoshopResource>, Vec<Caption>) {
    let mut resources = Vec::new();
    let mut captions = Vec::new();
    let mut at = NAME_BYTES;
    while resources.len() < RESOURCES_MAX {
        let Some(head) = body.get(at..).filter(|b| b.starts_with(b"8BIM")) else {
            break;
        };
        let name_len = usize::from(head.get(6).copied().unwrap_or(0));
        // Name with its count, and data, are each padded to even length.
        let sized = 6 + (name_len + 2) / 2 * 2;
        let (Some(id), Some(len)) = (
            be16(head, 4),
            be32(head, sized).and_then(|n| usize::try_from(n).ok()),
        ) else {
            break;
        };
        resources.push(PhotoshopResource {
            id: format!("{id:04X}"),
            size_bytes: len as u64,
        });
        let data = sized + 4;
        if id == CAPTIONS {
            let end = data.saturating_add(len).min(head.len());
            captions.extend(iptc(head.get(data..end).unwrap_or_default()));
        }
        at = at
            .saturating_add(data)
            .saturating_add(len.saturating_add(len & 1));
    }
    captions.truncate(CAPTIONS_MAX);
    (resources, captions)
}

/// Data sets: mark, record, number, length, data. The extended form, for data
/// of more than 32 KiB, holds pictures and ends the reading.
fn iptc(data: &[u8]) -> Vec<Caption> {
    let mut found = Vec::new();
    let mut rest = data;
    while let [0x1C, record, number, after @ ..] = rest
        && found.len() < CAPTIONS_MAX
    {
        let Some(len) = be16(after, 0).filter(|len| len & 0x8000 == 0) else {
            break;
        };
        let end = 2 + usize::from(len);
        let text = quote(after.get(2..end.min(after.len())).unwrap_or_default());
        // Record 1 is the envelope; 2:00 the version, in two bytes.
        if *record == 2 && *number != 0 && !text.is_empty() {
            found.push(Caption {
                field: format!("{record}:{number:02}"),
                written: text,
            });
        }
        rest = after.get(end..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(id: u16, name: &[u8], data: &[u8]) -> Vec<u8> {
        let mut out = b"8BIM".to_vec();
        out.extend(id.to_be_bytes());
        out.push(name.len() as u8);
        out.extend(name);
        if name.len().is_multiple_of(2) {
            out.push(0);
        }
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(data);
        if data.len() % 2 == 1 {
            out.push(0);
        }
        out
    }

    fn segment(resources: &[Vec<u8>]) -> Vec<u8> {
        [b"Photoshop 3.0\0".to_vec(), resources.concat()].concat()
    }

    #[test]
    fn resources_and_captions_are_listed() {
        let mut iptc = b"\x1c\x02\0\0\x02\0\x02".to_vec();
        iptc.extend(b"\x1c\x02\x41\0\x06Picasa\x1c\x02\x78\0\x07the lab");
        let body = segment(&[
            resource(0x0404, b"", &iptc),
            resource(0x03ED, b"abc", &[0; 16]),
            resource(0x0406, b"ab", &[1, 2, 3]),
        ]);
        let (resources, captions) = read(&body);
        let ids: Vec<&str> = resources.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["0404", "03ED", "0406"]);
        assert_eq!(resources[2].size_bytes, 3);
        let read: Vec<(&str, &str)> = captions
            .iter()
            .map(|c| (c.field.as_str(), c.written.as_str()))
            .collect();
        assert_eq!(read, [("2:65", "Picasa"), ("2:120", "the lab")]);
        for end in 0..body.len() {
            let _ = super::read(&body[..end]);
        }
    }

    #[test]
    fn claims_of_length_are_not_believed() {
        let mut body = segment(&[resource(0x0404, b"", b"\x1c\x02\x05\x7f\xffshort")]);
        assert_eq!(read(&body).1[0].written, "short");
        body.truncate(20);
        body.extend([0xFF; 8]);
        assert!(read(&body).0.is_empty());
        let many = segment(&[resource(1, b"", b"").repeat(1_000)]);
        assert_eq!(read(&many).0.len(), RESOURCES_MAX);
    }
}
