//! The items of a HEIF file (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12): which
//! coded pictures make up the one that the file shows, where their bytes lie,
//! and how the result is turned and cut.
//!
//! Followed are coded items and grids of them, which is what phones and
//! cameras write. Overlays and items built from other items' bytes are named
//! and left alone.

mod items;

use std::io::{Read, Seek};

use super::bytes::{Source, be16, be32, fourcc};
use items::Items;

/// Longest decoder configuration; parameter sets have a few hundred bytes.
const CONFIGURATION_BYTES: u64 = 64 << 10;

/// One coded picture: a whole one, or a tile of a grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodedItem {
    /// Item type: `hvc1`, `av01`, `avc1`, `jpeg`.
    pub kind: String,
    /// The decoder's configuration record (`hvcC`, `av1C`, `avcC`).
    pub configuration: Vec<u8>,
    /// Width as its `ispe` states.
    pub width_px: u32,
    /// Height as its `ispe` states.
    pub height_px: u32,
    /// Where its bytes lie in the file: offset and length, in order.
    pub extents: Vec<(u64, u64)>,
}

/// The picture that a HEIF file shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Width before it is cut and turned.
    pub width_px: u32,
    /// Height before it is cut and turned.
    pub height_px: u32,
    /// Tiles in a row; 1 for a picture in one piece.
    pub columns: u32,
    /// Rows of tiles.
    pub rows: u32,
    /// The coded pictures, row by row.
    pub tiles: Vec<CodedItem>,
    /// `irot` and `imir` together, as EXIF numbers orientations, 1 to 8.
    pub orientation: u16,
    /// `clap`: left, top, width and height of the part that is shown, before
    /// turning.
    pub cut_px: Option<(u32, u32, u32, u32)>,
    /// Whether black is 0 and white 255, where the file says so beside the
    /// coded picture (`colr`, `nclx`).
    pub full_range: Option<bool>,
    /// The small picture that stands for it (`thmb`).
    pub thumbnail: Option<CodedItem>,
}

/// Finds what the file of `len_bytes` shows; the error says why not.
pub fn shown(r: &mut (impl Read + Seek), len_bytes: u64) -> Result<Shown, String> {
    let mut src = Source::new(r, len_bytes);
    let items = Items::read(&mut src).ok_or("no table of pictures (meta)")?;
    items.shown(&mut src)
}

impl Items {
    fn shown(&self, src: &mut Source<'_>) -> Result<Shown, String> {
        let id = self.primary;
        let mut shown = Shown {
            columns: 1,
            rows: 1,
            orientation: 1,
            ..Shown::default()
        };
        match self.kinds.get(&id) {
            Some(b"grid") => self.grid(src, id, &mut shown)?,
            Some(b"iovl") => return Err("an overlay of several pictures (iovl)".to_owned()),
            _ => {
                let tile = self.coded(src, id)?;
                (shown.width_px, shown.height_px) = (tile.width_px, tile.height_px);
                shown.tiles.push(tile);
            }
        }
        self.transforms(src, id, &mut shown);
        let small = self
            .references
            .iter()
            .find(|(kind, _, to)| kind == b"thmb" && to.contains(&id));
        shown.thumbnail = small.and_then(|(_, from, _)| self.coded(src, *from).ok());
        Ok(shown)
    }

    /// ISO/IEC 23008-12, 6.6.2.3.2.
    fn grid(&self, src: &mut Source<'_>, id: u32, shown: &mut Shown) -> Result<(), String> {
        let bytes = self.bytes(src, id, 12).ok_or("the grid is not described")?;
        let wide = bytes.get(1).is_some_and(|flags| flags & 1 == 1);
        let side = |at: usize| match wide {
            true => be32(&bytes, 4 + at * 4),
            false => be16(&bytes, 4 + at * 2).map(u32::from),
        };
        let count = |at: usize| bytes.get(at).map(|n| u32::from(*n) + 1);
        let described = || Some((count(2)?, count(3)?, side(0)?, side(1)?));
        let (rows, columns, width_px, height_px) =
            described().ok_or("the grid is not described")?;
        let ids = self.referred(b"dimg", id).unwrap_or_default();
        if ids.len() as u64 != u64::from(rows) * u64::from(columns) {
            let there = ids.len();
            return Err(format!("a grid of {columns}×{rows} tiles names {there}"));
        }
        let tiles: Result<Vec<_>, _> = ids.iter().map(|id| self.coded(src, *id)).collect();
        shown.tiles = tiles?;
        let first = shown.tiles.first().ok_or("a grid without tiles")?;
        // Every tile is needed and they are all alike, or a tiny file could ask
        // for endless decoding.
        let fits = |tile: u32, count: u32, whole: u32| {
            let (tile, count, whole) = (u64::from(tile), u64::from(count), u64::from(whole));
            tile * (count - 1) < whole && whole <= tile * count
        };
        let is_alike = shown
            .tiles
            .iter()
            .all(|t| (t.width_px, t.height_px) == (first.width_px, first.height_px));
        if !is_alike
            || !fits(first.width_px, columns, width_px)
            || !fits(first.height_px, rows, height_px)
        {
            return Err(format!("the tiles do not make up {width_px}×{height_px}"));
        }
        (shown.columns, shown.rows) = (columns, rows);
        (shown.width_px, shown.height_px) = (width_px, height_px);
        Ok(())
    }

    fn coded(&self, src: &mut Source<'_>, id: u32) -> Result<CodedItem, String> {
        let kind = self.kinds.get(&id).ok_or("an item that is not there")?;
        let configuration_kind: &[u8; 4] = match kind {
            b"hvc1" | b"hev1" => b"hvcC",
            b"av01" => b"av1C",
            b"avc1" => b"avcC",
            b"jpeg" => b"jpgC",
            other => return Err(format!("an item of type {}", fourcc(*other))),
        };
        let place = self.places.get(&id).ok_or("an item without a place")?;
        if place.method > 1 {
            return Err("an item made of parts of others".to_owned());
        }
        let mut item = CodedItem {
            kind: fourcc(*kind),
            extents: place.extents.clone(),
            ..CodedItem::default()
        };
        for property in self.properties_of(id).collect::<Vec<_>>() {
            if &property.kind == b"ispe" {
                let body = src.owned(property.body(), 12);
                item.width_px = be32(&body, 4).unwrap_or(0);
                item.height_px = be32(&body, 8).unwrap_or(0);
            } else if &property.kind == configuration_kind {
                let length = property.body_len().min(CONFIGURATION_BYTES);
                item.configuration = src.owned(property.body(), length);
            }
        }
        if item.width_px == 0 || item.height_px == 0 {
            return Err("an item without a size (ispe)".to_owned());
        }
        Ok(item)
    }

    fn bytes(&self, src: &mut Source<'_>, id: u32, most: u64) -> Option<Vec<u8>> {
        let place = self.places.get(&id)?;
        let (offset, length) = place.extents.first()?;
        (place.method < 2).then(|| src.owned(*offset, (*length).min(most)))
    }

    fn transforms(&self, src: &mut Source<'_>, id: u32, shown: &mut Shown) {
        let mut turned = Turned::default();
        for property in self.properties_of(id).collect::<Vec<_>>() {
            let body = src.owned(property.body(), property.body_len().min(32));
            let first = body.first().copied().unwrap_or(0);
            match &property.kind {
                b"irot" => turned.anticlockwise(first & 3),
                b"imir" => turned.mirror(first & 1),
                b"clap" if turned == Turned::default() => {
                    shown.cut_px = aperture(&body, shown.width_px, shown.height_px);
                }
                b"colr" if body.starts_with(b"nclx") => {
                    shown.full_range = body.get(10).map(|flags| flags & 0x80 != 0);
                }
                _ => {}
            }
        }
        shown.orientation = turned.orientation();
    }
}

/// A picture that was mirrored from left to right or not, then turned
/// clockwise by quarters.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Turned {
    is_mirrored: bool,
    quarters: u8,
}

impl Turned {
    fn anticlockwise(&mut self, quarters: u8) {
        self.quarters = (self.quarters + 4 - quarters % 4) % 4;
    }

    /// ISO/IEC 23008-12:2022, 6.5.12: 0 exchanges top and bottom, 1 left and
    /// right.
    fn mirror(&mut self, axis: u8) {
        self.is_mirrored = !self.is_mirrored;
        let back = (4 - self.quarters % 4) % 4;
        self.quarters = if axis == 0 { (back + 2) % 4 } else { back };
    }

    /// EXIF's number for it (Exif 3.0, 4.6.5.1.7).
    fn orientation(self) -> u16 {
        match (self.is_mirrored, self.quarters) {
            (false, 0) => 1,
            (false, 1) => 6,
            (false, 2) => 3,
            (false, _) => 8,
            (true, 0) => 2,
            (true, 1) => 7,
            (true, 2) => 4,
            (true, _) => 5,
        }
    }
}

/// `clap` (ISO/IEC 14496-12, 12.1.4.3): eight numbers, each pair a fraction:
/// width, height, and how far the middle is moved.
fn aperture(body: &[u8], width_px: u32, height_px: u32) -> Option<(u32, u32, u32, u32)> {
    let fraction = |at: usize| {
        // Offsets may be negative: the numerator is signed.
        let numerator = f64::from(be32(body, at)?.cast_signed());
        let denominator = f64::from(be32(body, at + 4)?);
        (denominator > 0.0).then(|| numerator / denominator)
    };
    let span = |whole: u32, length: f64, moved: f64| {
        let start = ((f64::from(whole) - length) / 2.0 + moved).round();
        let is_inside = length >= 1.0 && start >= 0.0 && start + length <= f64::from(whole) + 0.5;
        is_inside.then(|| (start as u32, (length as u32).min(whole - start as u32)))
    };
    let (left, width) = span(width_px, fraction(0)?, fraction(16)?)?;
    let (top, height) = span(height_px, fraction(8)?, fraction(24)?)?;
    Some((left, top, width, height))
}

#[cfg(test)]
pub(crate) mod recipe;
#[cfg(test)]
mod tests;
