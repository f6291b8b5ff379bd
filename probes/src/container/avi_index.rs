//! The index of an AVI held against the chunks that it points to: `idx1` of the
//! first AVI (Microsoft, AVI RIFF File Reference), or the `ix##` chunks of
//! OpenDML (version 1.02, 1996). Players show what the index names; a chunk that
//! it does not name is in the file and is not shown.

use super::bytes::{Source, le16, le32, le64};
use super::riff::{self, Chunk};
use crate::measurements::IndexMatch;

/// Chunks followed: three hours of picture and sound. A longer file is left
/// out, as each chunk costs a read.
const CHUNKS_MAX: usize = 600_000;
/// Entries of all indexes together.
const ENTRIES_MAX: usize = 1_200_000;
/// Parts of one file: OpenDML starts a new one each gigabyte.
const PARTS_MAX: usize = 4096;
/// Records within records.
const DEPTH_MAX: u32 = 2;
/// `ix##`: an index of chunks, not of indexes.
const INDEX_OF_CHUNKS: u8 = 1;
/// Bytes of one entry of `idx1`.
const ENTRY_BYTES: usize = 16;

/// What was met on the way.
#[derive(Default)]
struct Found {
    /// Where each chunk of a track starts, header first.
    chunks: Vec<u64>,
    empty_pictures: u64,
    /// Where entries of OpenDML say that a chunk's bytes start.
    bodies: Vec<u64>,
    has_open_dml: bool,
    gave_up: bool,
}

/// Holds the index against the chunks; `None` if there is no index, or more than
/// is followed.
pub(super) fn read(src: &mut Source<'_>) -> Option<IndexMatch> {
    let len = src.len();
    let mut found = Found::default();
    let mut old = None;
    let mut movi = None;
    let mut at = 0;
    for _ in 0..PARTS_MAX {
        let Some(part) = riff::chunk(src, at).filter(|c| &c.id == b"RIFF") else {
            break;
        };
        let end = part.end.min(len);
        for c in riff::chunks(src, part.body, end) {
            match (c.form.as_ref(), &c.id) {
                (Some(b"movi"), _) => {
                    movi = movi.or(Some(c));
                    records(src, c, 0, &mut found);
                }
                (None, b"idx1") => old = old.or(Some(c)),
                _ => {}
            }
        }
        at = part.end.saturating_add(part.end & 1);
    }
    if found.gave_up {
        return None;
    }
    found.chunks.sort_unstable();
    if found.has_open_dml {
        let starts = found.bodies.iter().map(|body| body.saturating_sub(8));
        return Some(compare("indx", starts.collect(), &found));
    }
    let entries = old_index(src, old?, movi?, &found.chunks)?;
    Some(compare("idx1", entries, &found))
}

/// Chunks of a `movi` list, within `rec ` lists too.
fn records(src: &mut Source<'_>, list: Chunk, depth: u32, found: &mut Found) {
    let end = list.end.min(src.len());
    let mut at = list.body;
    while at.saturating_add(8) <= end && !found.gave_up {
        let Some(c) = riff::chunk(src, at) else {
            break;
        };
        if c.form.is_some() && depth < DEPTH_MAX {
            records(src, c, depth + 1, found);
        } else if is_track(&c.id) {
            found.chunks.push(at);
            found.empty_pictures += u64::from(c.end == c.body && is_picture(&c.id));
            found.gave_up |= found.chunks.len() >= CHUNKS_MAX;
        } else if c.id.starts_with(b"ix") {
            found.has_open_dml = true;
            index_chunk(src, c, found);
        }
        at = c.end.saturating_add(c.end & 1);
    }
}

/// `00dc`: two digits and what it holds.
fn is_track(id: &[u8; 4]) -> bool {
    let [a, b, kind @ ..] = id;
    let kinds: [&[u8]; 4] = [b"dc", b"db", b"wb", b"tx"];
    a.is_ascii_hexdigit() && b.is_ascii_hexdigit() && kinds.contains(&kind.as_slice())
}

fn is_picture(id: &[u8; 4]) -> bool {
    id.ends_with(b"dc") || id.ends_with(b"db")
}

/// A standard index: eight bytes an entry, from a base.
fn index_chunk(src: &mut Source<'_>, c: Chunk, found: &mut Found) {
    let Some(head) = src.at(c.body, 24).map(<[u8]>::to_vec) else {
        return;
    };
    let (Some(longs), Some(kind), Some(count), Some(base)) = (
        le16(&head, 0),
        head.get(3).copied(),
        le32(&head, 4),
        le64(&head, 12),
    ) else {
        return;
    };
    let entry_bytes = u64::from(longs) * 4;
    let room = c.end.saturating_sub(c.body).saturating_sub(24);
    if kind != INDEX_OF_CHUNKS || entry_bytes < 8 {
        return;
    }
    for n in 0..u64::from(count).min(room / entry_bytes) {
        let at = c.body + 24 + n * entry_bytes;
        let Some(offset) = src.at(at, 4).and_then(|b| le32(b, 0)) else {
            break;
        };
        if found.bodies.len() >= ENTRIES_MAX {
            found.gave_up = true;
            break;
        }
        found.bodies.push(base.saturating_add(u64::from(offset)));
    }
}

/// Where the entries of `idx1` say that chunks start: from the list's name, or
/// from the start of the file as some writers do. The first entry that fits
/// tells which.
fn old_index(src: &mut Source<'_>, idx1: Chunk, movi: Chunk, chunks: &[u64]) -> Option<Vec<u64>> {
    let end = idx1.end.min(src.len());
    let mut offsets = Vec::new();
    let mut at = idx1.body;
    while at.saturating_add(ENTRY_BYTES as u64) <= end {
        let entry = src.at(at, ENTRY_BYTES)?;
        let id: [u8; 4] = entry.get(..4)?.try_into().ok()?;
        let offset = le32(entry, 8)?;
        if is_track(&id) {
            if offsets.len() >= ENTRIES_MAX {
                return None;
            }
            offsets.push(u64::from(offset));
        }
        at += ENTRY_BYTES as u64;
    }
    let from_list = movi.body.saturating_sub(4);
    let fits = |base: u64| {
        let here = offsets.iter().take(64);
        here.filter(|o| chunks.binary_search(&o.saturating_add(base)).is_ok())
            .count()
    };
    let base = if fits(from_list) >= fits(0) {
        from_list
    } else {
        0
    };
    Some(offsets.iter().map(|o| o.saturating_add(base)).collect())
}

fn compare(name: &str, mut entries: Vec<u64>, found: &Found) -> IndexMatch {
    let listed = entries.len() as u64;
    entries.sort_unstable();
    entries.dedup();
    let dangling = entries
        .iter()
        .filter(|e| found.chunks.binary_search(e).is_err())
        .count() as u64;
    let unindexed = || {
        let chunks = found.chunks.iter();
        chunks.filter(|c| entries.binary_search(c).is_err())
    };
    let last = entries.last().copied().unwrap_or(0);
    IndexMatch {
        name: name.to_owned(),
        entries: listed,
        repeated_entries: listed - entries.len() as u64,
        dangling_entries: dangling,
        chunks: found.chunks.len() as u64,
        unindexed_chunks: unindexed().count() as u64,
        unindexed_before_end: unindexed().filter(|c| **c < last).count() as u64,
        first_unindexed_bytes: unindexed().next().copied(),
        empty_pictures: found.empty_pictures,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::container::tiny::{cat, riff_chunk};

    /// Pictures of these sizes, an index of those of these numbers, and how far
    /// its offsets are moved.
    fn avi(pictures: &[usize], indexed: &[usize], moved: u32) -> Vec<u8> {
        let mut list = b"movi".to_vec();
        let mut starts = Vec::new();
        for size in pictures {
            starts.push(u32::try_from(list.len()).unwrap());
            list.extend(riff_chunk(b"00dc", &vec![7; *size]));
        }
        let mut index = Vec::new();
        for n in indexed {
            index.extend(b"00dc");
            let size = u32::try_from(pictures[*n]).unwrap();
            for number in [16, starts[*n] + moved, size] {
                index.extend(number.to_le_bytes());
            }
        }
        riff_chunk(
            b"RIFF",
            &cat(&[
                b"AVI ",
                &riff_chunk(b"LIST", &list),
                &riff_chunk(b"idx1", &index),
            ]),
        )
    }

    fn matched(bytes: &[u8]) -> IndexMatch {
        let mut cursor = Cursor::new(bytes);
        read(&mut Source::new(&mut cursor, bytes.len() as u64)).unwrap()
    }

    #[test]
    fn an_index_that_names_every_chunk() {
        let m = matched(&avi(&[3, 0, 5], &[0, 1, 2], 0));
        assert_eq!((m.entries, m.chunks, m.unindexed_chunks), (3, 3, 0));
        assert_eq!((m.dangling_entries, m.empty_pictures), (0, 1));
        assert_eq!(m.first_unindexed_bytes, None);
        // Offsets from the start of the file: the list's name stands at 20.
        let m = matched(&avi(&[3, 4, 5], &[0, 1, 2], 20));
        assert_eq!((m.unindexed_chunks, m.dangling_entries), (0, 0));
    }

    #[test]
    fn chunks_without_an_entry_and_entries_without_a_chunk() {
        let m = matched(&avi(&[4, 4, 4, 4, 4], &[0, 2, 2, 3], 0));
        assert_eq!((m.unindexed_chunks, m.unindexed_before_end), (2, 1));
        assert_eq!(m.first_unindexed_bytes, Some(20 + 4 + 12));
        assert_eq!((m.repeated_entries, m.dangling_entries), (1, 0));
        let mut bytes = avi(&[4, 4, 4], &[0, 1, 2], 0);
        let last = bytes.len() - 8;
        bytes[last] += 2;
        let m = matched(&bytes);
        assert_eq!((m.dangling_entries, m.unindexed_chunks), (1, 1));
    }

    #[test]
    fn an_index_of_opendml_is_read() {
        let mut list = b"movi".to_vec();
        list.extend(riff_chunk(b"00dc", &[7; 4]));
        list.extend(riff_chunk(b"00dc", &[7; 6]));
        let mut index = vec![2, 0, 0, 1, 1, 0, 0, 0];
        index.extend(b"00dc");
        index.extend(20_u64.to_le_bytes());
        index.extend([0; 4]);
        index.extend([12, 0, 0, 0, 4, 0, 0, 0]);
        list.extend(riff_chunk(b"ix00", &index));
        let bytes = riff_chunk(b"RIFF", &cat(&[b"AVI ", &riff_chunk(b"LIST", &list)]));
        let m = matched(&bytes);
        assert_eq!((m.name.as_str(), m.entries, m.chunks), ("indx", 1, 2));
        assert_eq!((m.dangling_entries, m.unindexed_chunks), (0, 1));
    }

    #[test]
    fn hostile_lengths_end() {
        let whole = avi(&[3, 0, 5], &[0, 1, 2], 0);
        for cut in 0..whole.len() {
            let mut cursor = Cursor::new(&whole[..cut]);
            let _ = read(&mut Source::new(&mut cursor, cut as u64));
            let mut bytes = whole.clone();
            bytes[cut] = 0xFF;
            let mut cursor = Cursor::new(&bytes);
            let _ = read(&mut Source::new(&mut cursor, bytes.len() as u64));
        }
    }
}
