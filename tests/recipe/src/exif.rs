//! A minimal EXIF segment, as a camera writes it.

use chrono::{DateTime, FixedOffset};

/// What the segment says.
#[derive(Clone, Debug)]
pub struct Exif {
    /// Maker.
    pub make: String,
    /// Model.
    pub model: String,
    /// When the picture was taken.
    pub taken: DateTime<FixedOffset>,
    /// Whether the zone is written too (Exif 2.31).
    pub with_offset: bool,
}

const ASCII: u16 = 2;
const LONG: u16 = 4;

/// One entry of a directory: tag, kind, bytes of the value.
type Entry = (u16, u16, Vec<u8>);

impl Exif {
    /// The APP1 segment with its marker.
    pub fn segment(&self) -> Vec<u8> {
        let text = |text: &str| [text.as_bytes(), b"\0"].concat();
        let mut inner = vec![(
            0x9003,
            ASCII,
            text(&self.taken.format("%Y:%m:%d %H:%M:%S").to_string()),
        )];
        if self.with_offset {
            inner.push((0x9011, ASCII, text(&self.taken.format("%:z").to_string())));
        }
        let outer = |pointer: u32| -> Vec<Entry> {
            vec![
                (0x010f, ASCII, text(&self.make)),
                (0x0110, ASCII, text(&self.model)),
                (0x8769, LONG, pointer.to_le_bytes().to_vec()),
            ]
        };
        let first = 8;
        let second = first + directory(&outer(0), first).len() as u32;
        let tiff = [
            b"II\x2a\0\x08\0\0\0".to_vec(),
            directory(&outer(second), first),
            directory(&inner, second),
        ]
        .concat();
        let length = (2 + 6 + tiff.len()) as u16;
        [&[0xff, 0xe1][..], &length.to_be_bytes(), b"Exif\0\0", &tiff].concat()
    }

    /// Puts the segment into a JPEG, right behind its start.
    pub fn insert(&self, jpeg: &[u8]) -> Vec<u8> {
        let (start, rest) = jpeg.split_at(2.min(jpeg.len()));
        [start, &self.segment(), rest].concat()
    }
}

/// A directory at `offset`, its long values behind it.
fn directory(entries: &[Entry], offset: u32) -> Vec<u8> {
    let mut table = (entries.len() as u16).to_le_bytes().to_vec();
    let mut values = Vec::new();
    let values_at = offset + 2 + 12 * entries.len() as u32 + 4;
    for (tag, kind, bytes) in entries {
        let count = if *kind == LONG { 1 } else { bytes.len() as u32 };
        table.extend_from_slice(&tag.to_le_bytes());
        table.extend_from_slice(&kind.to_le_bytes());
        table.extend_from_slice(&count.to_le_bytes());
        if bytes.len() <= 4 {
            let mut inline = bytes.clone();
            inline.resize(4, 0);
            table.extend_from_slice(&inline);
        } else {
            table.extend_from_slice(&(values_at + values.len() as u32).to_le_bytes());
            values.extend_from_slice(bytes);
        }
    }
    table.extend_from_slice(&[0; 4]);
    [table, values].concat()
}
