//! EXIF blocks made for tests, laid out as asked.

/// Where values start.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    /// At even places, as TIFF asks.
    Even,
    /// Wherever the one before ends.
    Odd,
}

/// A block: IFD0, Exif, IFD1 and a thumbnail.
pub(crate) struct Block {
    pub(crate) make: &'static str,
    pub(crate) is_sorted: bool,
    pub(crate) gap_bytes: usize,
    pub(crate) tail_bytes: usize,
    pub(crate) windows_padding_bytes: usize,
    pub(crate) place: Place,
    /// The maker's note, told where it will stand in the block.
    pub(crate) maker_note: Option<fn(u32) -> Vec<u8>>,
    pub(crate) size_px: (u32, u32),
}

impl Default for Block {
    fn default() -> Self {
        Self {
            make: "Acme Works",
            is_sorted: true,
            gap_bytes: 0,
            tail_bytes: 0,
            windows_padding_bytes: 0,
            place: Place::Even,
            maker_note: None,
            size_px: (640, 480),
        }
    }
}

type Entry = (u16, u16, u32, Vec<u8>);

fn ascii(tag: u16, text: &str) -> Entry {
    let bytes = [text.as_bytes(), b"\0"].concat();
    (tag, 2, bytes.len() as u32, bytes)
}

fn long(tag: u16, value: u32) -> Entry {
    (tag, 4, 1, value.to_le_bytes().to_vec())
}

impl Block {
    fn pad(&self, out: &mut Vec<u8>) {
        if self.place == Place::Even && out.len() % 2 == 1 {
            out.push(0);
        }
    }

    /// Appends a directory and its values; where its pointers can be put.
    fn directory(&self, out: &mut Vec<u8>, entries: &[Entry], next: u32) {
        let start = out.len();
        let mut values = Vec::new();
        let head = 2 + 12 * entries.len() + 4;
        out.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, count, value) in entries {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(count.to_le_bytes());
            if value.len() > 4 {
                let mut at = start + head + values.len();
                if self.place == Place::Even && at % 2 == 1 {
                    values.push(0);
                    at += 1;
                }
                out.extend((at as u32).to_le_bytes());
                values.extend(value);
            } else {
                let mut inline = value.clone();
                inline.resize(4, 0);
                out.extend(inline);
            }
        }
        out.extend(next.to_le_bytes());
        out.extend(values);
    }

    /// The block, little endian.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let thumbnail = [0xFF, 0xD8, 0xFF, 0xD9].repeat(4);
        // Lengths of the parts do not depend on where they lie, so a first
        // pass with wrong pointers tells where the second must point.
        let mut at = (0, 0, 0);
        let mut out = Vec::new();
        for _ in 0..3 {
            let (exif_at, second_at, thumbnail_at) = at;
            out = b"II*\0\x08\0\0\0".to_vec();
            let mut first = vec![
                ascii(0x010F, self.make),
                ascii(0x0110, "Model One"),
                long(0x8769, exif_at),
            ];
            if self.windows_padding_bytes > 0 {
                let room = vec![0; self.windows_padding_bytes];
                first.push((0xEA1C, 7, room.len() as u32, room));
            }
            if !self.is_sorted {
                first.swap(0, 1);
            }
            self.directory(&mut out, &first, second_at);
            self.pad(&mut out);
            out.resize(out.len() + self.gap_bytes, 0);
            let exif_at = out.len() as u32;
            let mut entries = vec![ascii(0x9003, "2026:04:12 09:00:00")];
            if let Some(note) = self.maker_note {
                // The date before it takes 20 bytes; the directory its own.
                let note_at = exif_at + 2 + 12 * 4 + 4 + 20;
                let note = note(note_at);
                entries.push((0x927C, 7, note.len() as u32, note));
            }
            entries.push(long(0xA002, self.size_px.0));
            entries.push(long(0xA003, self.size_px.1));
            self.directory(&mut out, &entries, 0);
            self.pad(&mut out);
            let second_at = out.len() as u32;
            let second = [
                long(0x0201, thumbnail_at),
                long(0x0202, thumbnail.len() as u32),
            ];
            self.directory(&mut out, &second, 0);
            self.pad(&mut out);
            let thumbnail_at = out.len() as u32;
            out.extend(&thumbnail);
            out.resize(out.len() + self.tail_bytes, 0);
            at = (exif_at, second_at, thumbnail_at);
        }
        out
    }
}
