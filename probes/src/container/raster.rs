//! PNG, GIF, BMP and TIFF: outlines of the simpler picture files.

use std::collections::BTreeSet;

use super::bytes::{Source, be16, be32, be64, fourcc, le16, le32, le64};
use super::walk::{Walk, missing, too_long};

/// Chunks, blocks or directories followed.
const STEPS_MAX: usize = 200_000;
/// TIFF directories followed; a raw file has fewer than twenty.
const DIRECTORIES_MAX: usize = 512;
/// Entries read of one TIFF directory.
const ENTRIES_MAX: u64 = 4_096;
/// Values read of one TIFF entry: strips or tiles of one picture.
const VALUES_MAX: u64 = 65_536;

/// PNG (ISO/IEC 15948): chunks to IEND.
pub(super) fn png(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let mut at = 8;
    for _ in 0..STEPS_MAX {
        let Some(start) = src.at(at, 8) else {
            break;
        };
        let (Some(length), Some(kind)) = (be32(start, 0), start.get(4..8)) else {
            break;
        };
        let Ok(kind) = <[u8; 4]>::try_from(kind) else {
            break;
        };
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            break;
        }
        let size = u64::from(length).saturating_add(12);
        let end = at.saturating_add(size);
        walk.push(fourcc(kind), at, size);
        if end > src.len() {
            let why = too_long(&fourcc(kind), at, size, src);
            return walk.cut(why);
        }
        if &kind == b"IEND" {
            return walk.whole(src, end);
        }
        at = end;
    }
    walk.cut(missing("结束块 (IEND)", "end chunk (IEND)"))
}

/// GIF 89a: blocks to the trailer.
pub(super) fn gif(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let end = gif_end(src, &mut walk);
    match end {
        Some(end) => walk.whole(src, end),
        None => walk.cut(missing("结束标记 (0x3B)", "trailer (0x3B)")),
    }
}

fn gif_end(src: &mut Source<'_>, walk: &mut Walk) -> Option<u64> {
    let mut at = 13 + table_bytes(*src.at(10, 1)?.first()?);
    for _ in 0..STEPS_MAX {
        let start = at;
        match *src.at(at, 1)?.first()? {
            0x3B => {
                walk.push("trailer", at, 1);
                return at.checked_add(1);
            }
            0x21 => {
                at = sub_blocks_end(src, at.checked_add(2)?)?;
                walk.push("extension", start, at.saturating_sub(start));
            }
            0x2C => {
                let flags = *src.at(at.checked_add(9)?, 1)?.first()?;
                let data = at.checked_add(11)?.checked_add(table_bytes(flags))?;
                at = sub_blocks_end(src, data)?;
                walk.push("image", start, at.saturating_sub(start));
            }
            _ => return None,
        }
    }
    None
}

/// Length of the colour table that the packed `flags` announce.
fn table_bytes(flags: u8) -> u64 {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

fn sub_blocks_end(src: &mut Source<'_>, start: u64) -> Option<u64> {
    let mut at = start;
    loop {
        let n = *src.at(at, 1)?.first()?;
        at = at.checked_add(1)?.checked_add(u64::from(n))?;
        if n == 0 {
            return Some(at);
        }
    }
}

/// BMP: the length that the header states.
pub(super) fn bmp(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let stated = src.at(2, 4).and_then(|b| le32(b, 0)).map(u64::from);
    match stated {
        // Some writers leave it 0, or count only the pixels.
        None | Some(0..54) => walk,
        Some(size) => {
            walk.push("BM", 0, size);
            if size > src.len() {
                let why = too_long("BM", 0, size, src);
                return walk.cut(why);
            }
            walk.whole(src, size)
        }
    }
}

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

/// One entry of a directory, its values as numbers.
struct Entry {
    tag: u16,
    values: Vec<u64>,
}

/// TIFF 6.0 and BigTIFF: every directory and every strip, tile and preview
/// must lie inside the file.
pub(super) fn tiff(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let Some((layout, first)) = tiff_start(src) else {
        return walk.cut(missing("目录 (IFD)", "directory (IFD)"));
    };
    let mut waiting = vec![first];
    let mut seen = BTreeSet::new();
    let mut furthest = 0;
    while let Some(at) = waiting.pop() {
        if at == 0 || seen.len() >= DIRECTORIES_MAX || !seen.insert(at) {
            continue;
        }
        let Some((entries, next, end)) = directory(src, layout, at) else {
            return walk.cut(too_long("IFD", at, 6, src));
        };
        walk.push("IFD", at, end.saturating_sub(at));
        furthest = furthest.max(end);
        waiting.push(next);
        waiting.extend(
            entries
                .iter()
                .filter(|e| e.tag == 330)
                .flat_map(|e| &e.values),
        );
        // Strips, tiles, and the embedded JPEG: offsets and their lengths.
        for (offsets, lengths) in [(273, 279), (324, 325), (513, 514)] {
            let values = |tag| entries.iter().find(|e| e.tag == tag).map(|e| &e.values);
            let (Some(offsets), Some(lengths)) = (values(offsets), values(lengths)) else {
                continue;
            };
            for (&offset, &length) in offsets.iter().zip(lengths) {
                let end = offset.saturating_add(length);
                if end > src.len() {
                    return walk.cut(too_long("strip", offset, length, src));
                }
                furthest = furthest.max(end);
            }
        }
    }
    // Private data may lie anywhere, so what stands behind is not "trailing".
    let len = src.len();
    if furthest == 0 {
        return walk.cut(missing("目录 (IFD)", "directory (IFD)"));
    }
    walk.whole(src, len)
}

fn tiff_start(src: &mut Source<'_>) -> Option<(Layout, u64)> {
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

/// Entries, the next directory, and where this one ends.
fn directory(src: &mut Source<'_>, layout: Layout, at: u64) -> Option<(Vec<Entry>, u64, u64)> {
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
        if matches!(tag, 273 | 279 | 324 | 325 | 330 | 513 | 514) {
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
    Some((entries, next, next_at.saturating_add(layout.offset_bytes())))
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
