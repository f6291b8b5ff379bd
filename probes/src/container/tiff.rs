//! TIFF 6.0 and BigTIFF: directories of pictures, as plain files and as the
//! frame of most raw formats.

use std::collections::BTreeSet;

use super::bytes::{Source, be16, be32, be64, le16, le32, le64};
use super::walk::{Walk, missing, too_long};

/// Directories followed; a raw file has fewer than twenty.
const DIRECTORIES_MAX: usize = 512;
/// Entries read of one directory.
const ENTRIES_MAX: u64 = 4_096;
/// Values read of one entry: strips or tiles of one picture.
const VALUES_MAX: u64 = 65_536;
/// Values read of a whole file.
const VALUES_OF_ALL_MAX: usize = 1_000_000;

/// Tags of TIFF 6.0, TIFF/EP and DNG 1.6 whose values are read.
pub(super) mod tag {
    pub(crate) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const STRIP_BYTES: u16 = 279;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTES: u16 = 325;
    pub(crate) const SUB_DIRECTORIES: u16 = 330;
    pub(crate) const JPEG_OFFSET: u16 = 513;
    pub(crate) const JPEG_BYTES: u16 = 514;
    pub(crate) const DNG_VERSION: u16 = 50_706;
}

const FOLLOWED: [u16; 13] = [
    tag::NEW_SUBFILE_TYPE,
    tag::WIDTH,
    tag::HEIGHT,
    tag::COMPRESSION,
    tag::PHOTOMETRIC,
    tag::STRIP_OFFSETS,
    tag::STRIP_BYTES,
    tag::TILE_OFFSETS,
    tag::TILE_BYTES,
    tag::SUB_DIRECTORIES,
    tag::JPEG_OFFSET,
    tag::JPEG_BYTES,
    tag::DNG_VERSION,
];

/// Byte order and offset width of a TIFF file.
#[derive(Clone, Copy)]
struct Layout {
    little: bool,
    big: bool,
}

impl Layout {
    fn u16(self, b: &[u8], at: usize) -> Option<u16> {
        if self.little {
            le16(b, at)
        } else {
            be16(b, at)
        }
    }

    fn u32(self, b: &[u8], at: usize) -> Option<u32> {
        if self.little {
            le32(b, at)
        } else {
            be32(b, at)
        }
    }

    /// An offset: 4 bytes in TIFF, 8 in BigTIFF.
    fn offset(self, b: &[u8], at: usize) -> Option<u64> {
        match (self.big, self.little) {
            (false, _) => self.u32(b, at).map(u64::from),
            (true, true) => le64(b, at),
            (true, false) => be64(b, at),
        }
    }

    fn offset_bytes(self) -> u64 {
        if self.big { 8 } else { 4 }
    }
}

/// One entry of a directory, its values as numbers; none if they are not
/// whole numbers of two bytes or more.
struct Entry {
    tag: u16,
    values: Vec<u64>,
}

/// One directory.
pub(super) struct Directory {
    at: u64,
    end: u64,
    entries: Vec<Entry>,
    next: u64,
}

impl Directory {
    /// The values of a tag, if it is there.
    pub(super) fn values(&self, tag: u16) -> Option<&[u64]> {
        let entry = self.entries.iter().find(|e| e.tag == tag)?;
        Some(&entry.values)
    }

    /// The first value of a tag.
    pub(super) fn value(&self, tag: u16) -> Option<u64> {
        self.values(tag)?.first().copied()
    }

    /// Where its pictures' bytes lie: offset and length.
    fn pieces(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let pairs = [
            (tag::STRIP_OFFSETS, tag::STRIP_BYTES),
            (tag::TILE_OFFSETS, tag::TILE_BYTES),
            (tag::JPEG_OFFSET, tag::JPEG_BYTES),
        ];
        pairs.into_iter().flat_map(|(offsets, lengths)| {
            let offsets = self.values(offsets).unwrap_or_default();
            let lengths = self.values(lengths).unwrap_or_default();
            let pairs = offsets.iter().copied().zip(lengths.iter().copied());
            // Panasonic writes a place that is none, without length.
            pairs.filter(|(_, length)| *length > 0)
        })
    }
}

/// All directories, those below others too, each once however they are linked.
/// The error is where one of them is not whole.
pub(super) fn directories(src: &mut Source<'_>) -> Result<Vec<Directory>, u64> {
    let Some((layout, first)) = start_of(src) else {
        return Ok(Vec::new());
    };
    let mut waiting = vec![first];
    let mut seen = BTreeSet::new();
    let mut found: Vec<Directory> = Vec::new();
    let mut values = 0_usize;
    while let Some(at) = waiting.pop() {
        let is_over = seen.len() >= DIRECTORIES_MAX || values > VALUES_OF_ALL_MAX;
        if at == 0 || is_over || !seen.insert(at) {
            continue;
        }
        let directory = directory(src, layout, at).ok_or(at)?;
        values += directory
            .entries
            .iter()
            .map(|e| e.values.len())
            .sum::<usize>();
        waiting.push(directory.next);
        waiting.extend(directory.values(tag::SUB_DIRECTORIES).unwrap_or_default());
        found.push(directory);
    }
    Ok(found)
}

/// The outline: every directory and every strip, tile and preview must lie
/// inside the file.
pub(super) fn walk(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let directories = match directories(src) {
        Ok(found) => found,
        Err(at) => return walk.cut(too_long("IFD", at, 6, src)),
    };
    for directory in &directories {
        walk.push(
            "IFD",
            directory.at,
            directory.end.saturating_sub(directory.at),
        );
        for (offset, length) in directory.pieces() {
            if offset.saturating_add(length) > src.len() {
                return walk.cut(too_long("strip", offset, length, src));
            }
        }
    }
    if directories.is_empty() {
        return walk.cut(missing("目录 (IFD)", "directory (IFD)"));
    }
    // Private data may lie anywhere, so what stands behind is not "trailing".
    let len = src.len();
    walk.whole(src, len)
}

fn start_of(src: &mut Source<'_>) -> Option<(Layout, u64)> {
    let start = src.at(0, 8)?;
    let little = start.starts_with(b"II");
    let big = start.get(2..4)?.contains(&43);
    let layout = Layout { little, big };
    if big {
        let at = src.at(8, 8)?;
        return Some((layout, layout.offset(at, 0)?));
    }
    Some((layout, layout.offset(start, 4)?))
}

/// Reads the directory at `at`; `None` if it is not whole.
fn directory(src: &mut Source<'_>, layout: Layout, at: u64) -> Option<Directory> {
    let (count, count_bytes, entry_bytes) = if layout.big {
        (layout.offset(src.at(at, 8)?, 0)?, 8_u64, 20_u64)
    } else {
        (u64::from(layout.u16(src.at(at, 2)?, 0)?), 2, 12)
    };
    if count > ENTRIES_MAX {
        return None;
    }
    let first = at.checked_add(count_bytes)?;
    let mut entries = Vec::new();
    for i in 0..count {
        let place = first.checked_add(i * entry_bytes)?;
        let raw = src.at(place, usize::try_from(entry_bytes).ok()?)?.to_vec();
        let tag = layout.u16(&raw, 0)?;
        if FOLLOWED.contains(&tag) {
            let values = entry_values(src, layout, &raw, place)?;
            entries.push(Entry { tag, values });
        }
    }
    let next_at = first.checked_add(count * entry_bytes)?;
    let width = usize::try_from(layout.offset_bytes()).ok()?;
    // Some writers end the file without the last link.
    let next = src
        .at(next_at, width)
        .and_then(|b| layout.offset(b, 0))
        .unwrap_or(0);
    Some(Directory {
        at,
        end: next_at.saturating_add(layout.offset_bytes()),
        entries,
        next,
    })
}

fn entry_values(src: &mut Source<'_>, layout: Layout, raw: &[u8], place: u64) -> Option<Vec<u64>> {
    let width: u64 = match layout.u16(raw, 2)? {
        3 => 2,
        4 | 13 => 4,
        16 | 18 => 8,
        _ => return Some(Vec::new()),
    };
    let count = layout.offset(raw, 4)?.min(VALUES_MAX);
    let value_at = 4 + layout.offset_bytes();
    let total = count.checked_mul(width)?;
    let start = if total <= layout.offset_bytes() {
        place.checked_add(value_at)?
    } else {
        layout.offset(raw, usize::try_from(value_at).ok()?)?
    };
    let mut values = Vec::new();
    for i in 0..count {
        let bytes = src.at(start.checked_add(i * width)?, usize::try_from(width).ok()?)?;
        values.push(match width {
            2 => u64::from(layout.u16(bytes, 0)?),
            4 => u64::from(layout.u32(bytes, 0)?),
            _ => layout.offset(bytes, 0)?,
        });
    }
    Some(values)
}
