//! Directories of TIFF as they stand (TIFF 6.0, section 2), without looking
//! any value up.

/// A block that starts with a TIFF header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiff<'a> {
    bytes: &'a [u8],
    pub(super) is_little_endian: bool,
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) tag: u16,
    /// Type of the value, TIFF 6.0 and Exif 3.0.
    pub(super) kind: u16,
    pub(super) count: u32,
    /// The value's place, or the value itself if it fits into four bytes.
    pub(super) value: u32,
}

/// Length of a value; of a type that is not known, one byte each.
pub(super) fn value_size_bytes(kind: u16, count: u32) -> u64 {
    let each: u64 = match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
    };
    each.saturating_mul(u64::from(count))
}

impl<'a> Tiff<'a> {
    /// `bytes` if they start with a header.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let is_little_endian = match bytes.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        (bytes.len() >= 8).then_some(Self {
            bytes,
            is_little_endian,
        })
    }

    /// The same bytes, read in this order, without a header of their own.
    pub(super) fn bare(bytes: &'a [u8], is_little_endian: bool) -> Self {
        Self {
            bytes,
            is_little_endian,
        }
    }

    /// Where the header says that the first directory stands.
    pub(super) fn first_directory(&self) -> u64 {
        self.u32_at(4).map_or(0, u64::from)
    }

    pub(super) fn u16_at(&self, at: u64) -> Option<u16> {
        let bytes = self.array(at)?;
        Some(if self.is_little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    pub(super) fn u32_at(&self, at: u64) -> Option<u32> {
        let bytes = self.array(at)?;
        Some(if self.is_little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    }

    fn array<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let at = usize::try_from(at).ok()?;
        self.bytes.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    /// The entries of the directory at `at`, as far as they lie in the block.
    pub(super) fn entries(self, at: u64, count: u16) -> impl Iterator<Item = Entry> + 'a {
        (0..u64::from(count)).map_while(move |i| {
            let at = at.checked_add(2 + 12 * i)?;
            Some(Entry {
                tag: self.u16_at(at)?,
                kind: self.u16_at(at + 2)?,
                count: self.u32_at(at + 4)?,
                value: self.u32_at(at + 8)?,
            })
        })
    }
}
