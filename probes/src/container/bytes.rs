//! Bounded reading: the one way in which this module touches a file.

use std::io::{Read, Seek, SeekFrom};

/// Most bytes handed out as one slice.
pub(super) const WINDOW_BYTES: usize = 64 * 1024;
/// Read ahead when only a header is wanted.
const HEADER_BYTES: usize = 4 * 1024;
/// Most bytes copied out as one vector.
pub(super) const OWNED_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most reads for one file: headers of a million boxes, or a 64 GiB scan.
const READS_MAX: u32 = 1_000_000;

/// Anything that can be read at any place.
pub(super) trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// A file of known length behind one small window.
pub(super) struct Source<'a> {
    reader: &'a mut dyn ReadSeek,
    len: u64,
    window: Vec<u8>,
    window_start: u64,
    reads_left: u32,
    /// The first error of the disk or share, if there was one.
    pub(super) failed: Option<String>,
}

impl<'a> Source<'a> {
    pub(super) fn new(reader: &'a mut dyn ReadSeek, len: u64) -> Self {
        Self {
            reader,
            len,
            window: Vec::new(),
            window_start: 0,
            reads_left: READS_MAX,
            failed: None,
        }
    }

    /// Length of the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// True if the file asked for more reads than any real one needs.
    pub(super) fn exhausted(&self) -> bool {
        self.reads_left == 0
    }

    /// Exactly `n` bytes from `offset`; `None` beyond the end.
    pub(super) fn at(&mut self, offset: u64, n: usize) -> Option<&[u8]> {
        if n > WINDOW_BYTES || offset.checked_add(n as u64)? > self.len {
            return None;
        }
        let skip = self.ensure(offset, n, HEADER_BYTES)?;
        self.window.get(skip..skip.checked_add(n)?)
    }

    /// As many bytes from `offset` as the window gives, at least one.
    pub(super) fn chunk(&mut self, offset: u64) -> Option<&[u8]> {
        if offset >= self.len {
            return None;
        }
        let skip = self.ensure(offset, 1, WINDOW_BYTES)?;
        self.window.get(skip..)
    }

    /// Up to `n` bytes from `offset` as a vector; fewer only at the file's end
    /// or beyond [`OWNED_MAX_BYTES`].
    pub(super) fn owned(&mut self, offset: u64, n: u64) -> Vec<u8> {
        let left = self.len.saturating_sub(offset).min(n);
        let want = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(OWNED_MAX_BYTES);
        let mut out = Vec::new();
        while out.len() < want {
            let Some(chunk) = self.chunk(offset.saturating_add(out.len() as u64)) else {
                break;
            };
            let take = chunk.len().min(want - out.len());
            out.extend(chunk.iter().take(take));
        }
        out
    }

    /// Makes the window hold `n` bytes from `offset`; where they start in it.
    fn ensure(&mut self, offset: u64, n: usize, ahead: usize) -> Option<usize> {
        if let Some(skip) = offset.checked_sub(self.window_start)
            && let Ok(skip) = usize::try_from(skip)
            && skip.checked_add(n)? <= self.window.len()
        {
            return Some(skip);
        }
        self.reads_left = self.reads_left.checked_sub(1)?;
        if self.reads_left == 0 || self.failed.is_some() {
            return None;
        }
        let left = usize::try_from(self.len.checked_sub(offset)?).unwrap_or(usize::MAX);
        self.fill(offset, n.max(ahead).min(left));
        (n <= self.window.len()).then_some(0)
    }

    fn fill(&mut self, offset: u64, want: usize) {
        self.window_start = offset;
        self.window.clear();
        let outcome = self.reader.seek(SeekFrom::Start(offset)).and_then(|_| {
            (&mut self.reader)
                .take(want as u64)
                .read_to_end(&mut self.window)
        });
        if let Err(e) = outcome {
            self.window.clear();
            self.failed = Some(e.to_string());
        }
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Big-endian 16 bits at `at`.
pub(super) fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

/// Big-endian 32 bits at `at`.
pub(super) fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// Big-endian 64 bits at `at`.
pub(super) fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_be_bytes)
}

/// Little-endian 16 bits at `at`.
pub(super) fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

/// Little-endian 32 bits at `at`.
pub(super) fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

/// Little-endian 64 bits at `at`.
pub(super) fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_le_bytes)
}

/// Where `needle` first stands in `hay`.
pub(super) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    memchr::memmem::find(hay, needle)
}

/// Where `needle` last stands in `hay`.
pub(super) fn rfind(hay: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return None;
    }
    memchr::memmem::rfind(hay, needle)
}

/// A four-character code as text, byte for byte (`©` is 0xA9).
pub(super) fn fourcc(code: [u8; 4]) -> String {
    code.iter().map(|&b| char::from(b)).collect()
}
/// Text as written: UTF-8 where it is, with control characters as spaces, cut
/// at 300 characters.
pub(super) fn quote(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(|c: char| c.is_control() || c.is_whitespace());
    text.chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
