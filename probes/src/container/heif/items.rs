//! The tables of a `meta` box (ISO/IEC 14496-12, 8.11): which items there are,
//! of which type, where their bytes lie, what refers to what, and which
//! properties each has.

use std::collections::BTreeMap;

use super::super::bmff::{self, BoxHead};
use super::super::bytes::{Source, be16, be32, be64};

/// Longest item table that is read; a picture of 4,000 items has 100 KiB.
const TABLE_BYTES: u64 = 1 << 20;
/// Items that are known by number; the largest phone picture has 300.
const ITEMS_MAX: usize = 8_000;
/// Pieces of one item's bytes; real ones have one.
const EXTENTS_MAX: usize = 64;
/// Properties of one item; real ones have six.
const PROPERTIES_MAX: usize = 64;

/// Where an item's bytes lie.
pub(super) struct Place {
    /// Construction method: 0 in the file, 1 in `idat`, 2 in another item.
    pub(super) method: u8,
    /// Offset in the file and length of each piece, in order.
    pub(super) extents: Vec<(u64, u64)>,
}

/// Everything that the `meta` box says of its items.
#[derive(Default)]
pub(super) struct Items {
    pub(super) primary: u32,
    pub(super) kinds: BTreeMap<u32, [u8; 4]>,
    pub(super) places: BTreeMap<u32, Place>,
    /// (reference type, from, to).
    pub(super) references: Vec<([u8; 4], u32, Vec<u32>)>,
    properties: Vec<BoxHead>,
    /// Numbers of properties, from 1, in the order in which they apply.
    applied: BTreeMap<u32, Vec<usize>>,
}

impl Items {
    pub(super) fn read(src: &mut Source<'_>) -> Option<Self> {
        let len = src.len();
        let meta = bmff::children(src, 0, len)
            .into_iter()
            .find(|b| &b.kind == b"meta")?;
        let inside = bmff::children(src, meta.body().checked_add(4)?, meta.end());
        let mut items = Self::default();
        let idat = inside.iter().find(|b| &b.kind == b"idat").copied();
        for part in &inside {
            let body =
                |src: &mut Source<'_>| src.owned(part.body(), part.body_len().min(TABLE_BYTES));
            match &part.kind {
                b"pitm" => items.primary = id_of(&body(src), 4, version_of(&body(src)) > 0)?,
                b"iinf" => items.read_kinds(src, *part),
                b"iloc" => {
                    items.places = places(&body(src), idat).unwrap_or_default();
                }
                b"iref" => items.read_references(src, *part),
                b"iprp" => items.read_properties(src, *part),
                _ => {}
            }
        }
        items.kinds.contains_key(&items.primary).then_some(items)
    }

    fn read_kinds(&mut self, src: &mut Source<'_>, part: BoxHead) {
        let version = src.at(part.body(), 1).map_or(0, version_of);
        let first = part.body() + if version == 0 { 6 } else { 8 };
        for entry in bmff::children(src, first, part.end()) {
            if &entry.kind != b"infe" || self.kinds.len() >= ITEMS_MAX {
                continue;
            }
            let body = src.owned(entry.body(), entry.body_len().min(16));
            let wide = match version_of(&body) {
                2 => false,
                3 => true,
                // Older entries name a MIME type and no picture.
                _ => continue,
            };
            let kind_at = if wide { 10 } else { 8 };
            let kind = body
                .get(kind_at..kind_at + 4)
                .and_then(|k| k.try_into().ok());
            if let (Some(id), Some(kind)) = (id_of(&body, 4, wide), kind) {
                self.kinds.insert(id, kind);
            }
        }
    }

    fn read_references(&mut self, src: &mut Source<'_>, part: BoxHead) {
        let wide = src.at(part.body(), 1).map_or(0, version_of) > 0;
        let step = if wide { 4 } else { 2 };
        for reference in bmff::children(src, part.body() + 4, part.end()) {
            let body = src.owned(reference.body(), reference.body_len().min(TABLE_BYTES));
            let Some(from) = id_of(&body, 0, wide) else {
                continue;
            };
            let count = be16(&body, step).map_or(0, usize::from);
            let to =
                (0..count.min(ITEMS_MAX)).map_while(|i| id_of(&body, step + 2 + i * step, wide));
            self.references.push((reference.kind, from, to.collect()));
        }
    }

    fn read_properties(&mut self, src: &mut Source<'_>, part: BoxHead) {
        for inner in bmff::children(src, part.body(), part.end()) {
            match &inner.kind {
                b"ipco" => self.properties = bmff::children(src, inner.body(), inner.end()),
                b"ipma" => {
                    let body = src.owned(inner.body(), inner.body_len().min(TABLE_BYTES));
                    self.read_applied(&body);
                }
                _ => {}
            }
        }
    }

    fn read_applied(&mut self, body: &[u8]) -> Option<()> {
        let wide_ids = version_of(body) > 0;
        let wide_numbers = body.get(3)? & 1 == 1;
        let count = be32(body, 4)?;
        let mut at = 8;
        for _ in 0..count.min(ITEMS_MAX as u32) {
            let id = id_of(body, at, wide_ids)?;
            at += if wide_ids { 4 } else { 2 };
            let numbers = *body.get(at)?;
            at += 1;
            let applied = self.applied.entry(id).or_default();
            for _ in 0..numbers {
                // The highest bit says that a reader must know the property.
                let number = if wide_numbers {
                    be16(body, at)? & 0x7FFF
                } else {
                    u16::from(*body.get(at)? & 0x7F)
                };
                at += if wide_numbers { 2 } else { 1 };
                if applied.len() < PROPERTIES_MAX {
                    applied.push(usize::from(number));
                }
            }
        }
        Some(())
    }

    pub(super) fn properties_of(&self, id: u32) -> impl Iterator<Item = BoxHead> + '_ {
        let numbers = self.applied.get(&id).into_iter().flatten();
        numbers.filter_map(|n| self.properties.get(n.checked_sub(1)?).copied())
    }

    pub(super) fn referred(&self, kind: &[u8; 4], from: u32) -> Option<&[u32]> {
        self.references
            .iter()
            .find(|(k, f, _)| k == kind && *f == from)
            .map(|(_, _, to)| to.as_slice())
    }
}

/// A full box's version.
fn version_of(body: &[u8]) -> u8 {
    body.first().copied().unwrap_or(0)
}

fn id_of(body: &[u8], at: usize, wide: bool) -> Option<u32> {
    if wide {
        be32(body, at)
    } else {
        be16(body, at).map(u32::from)
    }
}

/// `iloc` (ISO/IEC 14496-12, 8.11.3): where the bytes of each item lie.
fn places(body: &[u8], idat: Option<BoxHead>) -> Option<BTreeMap<u32, Place>> {
    let version = version_of(body);
    let (sizes, more) = (*body.get(4)?, *body.get(5)?);
    let (offset_size, length_size) = (sizes >> 4, sizes & 15);
    let (base_size, index_size) = (more >> 4, if version > 0 { more & 15 } else { 0 });
    let mut cursor = Fields { body, at: 6 };
    let wide = version > 1;
    let count = cursor.number(if wide { 4 } else { 2 })?;
    let mut found = BTreeMap::new();
    for _ in 0..count.min(ITEMS_MAX as u64) {
        let id = u32::try_from(cursor.number(if wide { 4 } else { 2 })?).ok()?;
        let method = match version {
            0 => 0,
            _ => (cursor.number(2)? & 15) as u8,
        };
        let file = cursor.number(2)?;
        let base = cursor.number(base_size)?;
        let extents = cursor.number(2)?;
        let mut pieces = Vec::new();
        for _ in 0..extents {
            cursor.number(index_size)?;
            let offset = base.checked_add(cursor.number(offset_size)?)?;
            let length = cursor.number(length_size)?;
            let start = match (method, idat) {
                (1, Some(idat)) => idat.body().checked_add(offset)?,
                _ => offset,
            };
            if pieces.len() < EXTENTS_MAX {
                pieces.push((start, length));
            }
        }
        // Bytes of another file are none of ours.
        if file == 0 && (method != 1 || idat.is_some()) {
            let place = Place {
                method,
                extents: pieces,
            };
            found.insert(id, place);
        }
    }
    Some(found)
}

/// Big-endian numbers of stated widths, one after the other.
struct Fields<'a> {
    body: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn number(&mut self, bytes: u8) -> Option<u64> {
        let at = self.at;
        self.at = at.checked_add(usize::from(bytes))?;
        match bytes {
            0 => Some(0),
            2 => be16(self.body, at).map(u64::from),
            4 => be32(self.body, at).map(u64::from),
            8 => be64(self.body, at),
            _ => None,
        }
    }
}
