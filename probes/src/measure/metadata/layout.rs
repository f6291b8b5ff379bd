//! How an EXIF block is laid out, read byte by byte: order of its directories
//! and tags, where values lie, what is between them (TIFF 6.0, section 2;
//! Exif 3.0, 4.5). Each writer has its own way and writes all files so
//! (T. Gloe, "Forensic analysis of ordered data structures on the example of
//! JPEG files", WIFS 2012); a parser that only looks values up does not see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tiff::{Tiff, value_size_bytes};

/// Tags followed in one directory; real ones have below a hundred.
const TAGS_MAX: u16 = 512;
/// The tag that the Windows Imaging Component adds to make room for later
/// edits ("Padding", in ExifTool's and Microsoft's lists).
const PADDING: u16 = 0xEA1C;
/// Parts named in [`ExifLayout::order`].
const ORDER_MAX: usize = 40;
/// The order in which a writer that packs puts its parts.
const PACKED_ORDER: [&str; 11] = [
    "IFD0",
    "IFD0 values",
    "Exif",
    "Exif values",
    "Interop",
    "Interop values",
    "GPS",
    "GPS values",
    "IFD1",
    "IFD1 values",
    "thumbnail",
];

/// How a block is laid out. Offsets count from its TIFF header.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExifLayout {
    /// Where the first directory stands; 8 if it follows the header at once.
    pub first_directory_offset_bytes: u64,
    /// The directories that could be followed.
    pub directories: Vec<Directory>,
    /// Parts in the order in which they lie, neighbours of one kind once:
    /// `IFD0`, `IFD0 values`, …, `thumbnail`.
    pub order: Vec<String>,
    /// Bytes between parts that belong to none, without single zeros that
    /// bring the next part to an even place.
    pub gap_bytes: u64,
    /// Parts that start at an odd place.
    pub odd_parts: u32,
    /// Parts that share bytes with the part before.
    pub overlapping_parts: u32,
    /// Directories whose values start where the pointer to the next directory
    /// should stand: their writer leaves it out.
    pub unlinked_directories: u32,
    /// Parts that do not lie within the block.
    pub outside_parts: u32,
    /// Values that lie before the value of a smaller tag of their directory.
    pub values_out_of_order: u32,
    /// Bytes behind the last part.
    pub tail_bytes: u64,
    /// Room that Windows left for later edits (tag EA1C), all together.
    pub padding_tag_bytes: Option<u64>,
}

/// One directory of the block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Directory {
    /// `IFD0`, `Exif`, `GPS`, `Interop` or `IFD1` (the thumbnail's).
    pub name: String,
    /// Where it stands.
    pub offset_bytes: u64,
    /// Its tags and their types in the order in which they stand: `010f/2`.
    pub tags: Vec<String>,
    /// True if they stand in ascending order, as TIFF asks.
    pub is_sorted: bool,
    /// Tags that stand more than once.
    pub repeated_tags: u32,
}

impl ExifLayout {
    /// True if everything lies as writers put it that build a block anew from
    /// what they read: sorted, in order, without a gap (ExifTool and others).
    /// Some cameras write so too.
    pub fn is_packed(&self) -> bool {
        let mut order = PACKED_ORDER.iter();
        let in_order = self.order.iter().all(|part| order.any(|p| p == part));
        let sorted = |d: &Directory| d.is_sorted && d.repeated_tags == 0;
        in_order
            && self.first_directory_offset_bytes == 8
            && self.directories.iter().all(sorted)
            && self.gap_bytes == 0
            && self.odd_parts == 0
            && self.overlapping_parts == 0
            && self.outside_parts == 0
            && self.values_out_of_order == 0
            && self.tail_bytes == 0
    }
}

/// What a stretch of the block is.
#[derive(Clone, Debug)]
struct Part {
    start: u64,
    end: u64,
    name: String,
    /// The tag whose value it is.
    tag: Option<u16>,
    is_directory: bool,
}

/// Follows the block's directories; `None` if it has no first one.
pub(super) fn read(block: &[u8]) -> Option<ExifLayout> {
    let tiff = Tiff::of(block)?;
    let mut found = ExifLayout {
        first_directory_offset_bytes: tiff.first_directory(),
        ..ExifLayout::default()
    };
    let mut parts = Vec::new();
    let mut follow =
        |at: u64, name: &str, found: &mut ExifLayout| directory(&tiff, at, name, found, &mut parts);
    let first = follow(tiff.first_directory(), "IFD0", &mut found)?;
    let exif = first.exif.and_then(|at| follow(at, "Exif", &mut found));
    if let Some(at) = exif.and_then(|e| e.interop) {
        follow(at, "Interop", &mut found);
    }
    if let Some(at) = first.gps {
        follow(at, "GPS", &mut found);
    }
    if let Some(at) = first.next {
        follow(at, "IFD1", &mut found);
    }
    lie(block, parts, &mut found);
    Some(found)
}

/// Where a directory points to.
#[derive(Clone, Copy, Debug, Default)]
struct Pointers {
    exif: Option<u64>,
    gps: Option<u64>,
    interop: Option<u64>,
    next: Option<u64>,
}

fn directory(
    tiff: &Tiff<'_>,
    at: u64,
    name: &str,
    found: &mut ExifLayout,
    parts: &mut Vec<Part>,
) -> Option<Pointers> {
    // One that was followed before would be a circle.
    if found.directories.iter().any(|d| d.offset_bytes == at) {
        return None;
    }
    let count = tiff.u16_at(at)?;
    let mut pointers = Pointers::default();
    let mut tags: Vec<u16> = Vec::new();
    let mut listed = Vec::new();
    let mut last_value = 0;
    let (mut thumbnail_at, mut thumbnail_bytes) = (None, None);
    for entry in tiff.entries(at, count.min(TAGS_MAX)) {
        listed.push(format!("{:04x}/{}", entry.tag, entry.kind));
        tags.push(entry.tag);
        let value = u64::from(entry.value);
        match entry.tag {
            0x8769 => pointers.exif = Some(value),
            0x8825 => pointers.gps = Some(value),
            0xA005 => pointers.interop = Some(value),
            0x0201 if name == "IFD1" => thumbnail_at = Some(value),
            0x0202 if name == "IFD1" => thumbnail_bytes = Some(value),
            _ => {}
        }
        let size = value_size_bytes(entry.kind, entry.count);
        if entry.tag == PADDING {
            *found.padding_tag_bytes.get_or_insert(0) += size;
        }
        if size > 4 {
            if value < last_value {
                found.values_out_of_order += 1;
            }
            last_value = value;
            parts.push(Part {
                start: value,
                end: value.saturating_add(size),
                name: format!("{name} values"),
                tag: Some(entry.tag),
                is_directory: false,
            });
        }
    }
    let end = at.saturating_add(2 + 12 * u64::from(count));
    pointers.next = tiff.u32_at(end).map(u64::from).filter(|&next| next != 0);
    parts.push(Part {
        start: at,
        end: end.saturating_add(4),
        name: name.to_owned(),
        tag: None,
        is_directory: true,
    });
    if let (Some(start), Some(size)) = (thumbnail_at, thumbnail_bytes) {
        parts.push(Part {
            start,
            end: start.saturating_add(size),
            name: "thumbnail".to_owned(),
            tag: None,
            is_directory: false,
        });
    }
    let is_sorted = tags.is_sorted();
    tags.sort_unstable();
    let all = tags.len();
    tags.dedup();
    found.directories.push(Directory {
        name: name.to_owned(),
        offset_bytes: at,
        tags: listed,
        is_sorted,
        repeated_tags: u32::try_from(all - tags.len()).unwrap_or(u32::MAX),
    });
    Some(pointers)
}

/// How the parts lie beside each other.
fn lie(block: &[u8], mut parts: Vec<Part>, found: &mut ExifLayout) {
    let len = block.len() as u64;
    found.outside_parts = count(parts.iter().filter(|p| p.end > len));
    parts.retain(|p| p.end <= len);
    parts.sort_by_key(|p| (p.start, p.end, p.tag));
    // The header itself is the first part.
    let mut at = 8_u64;
    let mut directory_end = None;
    for part in &parts {
        found.odd_parts += u32::from(part.start % 2 == 1);
        found.overlapping_parts += u32::from(part.start < at);
        let is_in_link = directory_end.is_some_and(|end| part.start.checked_add(4) == Some(end));
        found.unlinked_directories += u32::from(is_in_link);
        directory_end = part.is_directory.then_some(part.end);
        let gap = part.start.saturating_sub(at);
        let is_padding = gap == 1 && at % 2 == 1 && byte(block, at) == Some(0);
        if !is_padding {
            found.gap_bytes = found.gap_bytes.saturating_add(gap);
        }
        at = at.max(part.end);
        if found.order.last() != Some(&part.name) && found.order.len() < ORDER_MAX {
            found.order.push(part.name.clone());
        }
    }
    let tail = len.saturating_sub(at);
    let is_padding = tail == 1 && at % 2 == 1 && byte(block, at) == Some(0);
    found.tail_bytes = if is_padding { 0 } else { tail };
}

fn byte(block: &[u8], at: u64) -> Option<u8> {
    block.get(usize::try_from(at).ok()?).copied()
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::metadata::tiny_exif::{Block, Place};

    fn layout(block: &Block) -> ExifLayout {
        read(&block.bytes()).unwrap()
    }

    #[test]
    fn a_block_without_a_gap_is_packed_and_each_looseness_is_told() {
        let packed = layout(&Block::default());
        assert!(packed.is_packed(), "{packed:?}");
        assert_eq!(packed.order[..2], ["IFD0", "IFD0 values"]);
        assert_eq!(packed.order.last().unwrap(), "thumbnail");
        let names: Vec<&str> = packed.directories.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["IFD0", "Exif", "IFD1"]);
        assert_eq!(packed.directories[0].tags[0], "010f/2");

        let gap = layout(&Block {
            gap_bytes: 6,
            ..Block::default()
        });
        assert_eq!((gap.gap_bytes, gap.is_packed()), (6, false));
        let tail = layout(&Block {
            tail_bytes: 2,
            ..Block::default()
        });
        assert_eq!((tail.tail_bytes, tail.is_packed()), (2, false));
        let unsorted = layout(&Block {
            is_sorted: false,
            ..Block::default()
        });
        assert!(!unsorted.directories[0].is_sorted && !unsorted.is_packed());
        let padded = layout(&Block {
            windows_padding_bytes: 20,
            ..Block::default()
        });
        assert_eq!(padded.padding_tag_bytes, Some(20));
        let odd = layout(&Block {
            place: Place::Odd,
            ..Block::default()
        });
        assert!(odd.odd_parts > 0 && !odd.is_packed());
    }

    #[test]
    fn circles_claims_and_cuts_end_the_reading() {
        let whole = Block::default().bytes();
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
        for at in 0..whole.len() {
            for value in [0, 8, 0x7F, 0xFF] {
                let mut broken = whole.clone();
                broken[at] = value;
                let _ = read(&broken);
            }
        }
        // The second directory is the first again.
        let mut circle = whole.clone();
        let count = u16::from_le_bytes([circle[8], circle[9]]);
        let next = 10 + 12 * usize::from(count);
        circle[next..next + 4].copy_from_slice(&8_u32.to_le_bytes());
        let found = read(&circle).unwrap();
        assert!(found.directories.iter().all(|d| d.name != "IFD1"));
        assert_eq!(read(b"II*\0\x08\0\0\0"), None);
        assert_eq!(read(b"no TIFF at all"), None);
    }
}
