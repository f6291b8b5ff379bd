//! Samsung's SEF trailer: blocks, a directory `SEFH` that counts back to them,
//! its length, `SEFT`. Layout and kinds as in ExifTool's Samsung.pm.

use super::bmff;
use super::bytes::{Source, le16, le32};

/// Entries followed.
const ENTRIES_MAX: u32 = 256;
/// `Image_UTC_Data`.
const CLOCK: u16 = 0x0A01;
/// `MotionPhoto_Data`.
const MOTION: u16 = 0x0A30;
/// Milliseconds since 1970 as decimal digits, from 2001 to 2286.
const CLOCK_DIGITS: u64 = 13;

/// What the trailer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trailer {
    /// Where its first block starts.
    pub(super) start: u64,
    /// Where the film of a motion photo starts.
    pub(super) motion: Option<u64>,
    /// Where the phone's own clock is written, thirteen digits.
    pub(super) clock: Option<u64>,
}

/// The trailer, if the file ends with one.
pub(super) fn trailer(src: &mut Source<'_>) -> Option<Trailer> {
    let foot = src.len().checked_sub(8)?;
    let tail = src.at(foot, 8)?;
    if tail.get(4..8)? != b"SEFT" {
        return None;
    }
    let directory_len = u64::from(le32(tail, 0)?);
    let directory = foot.checked_sub(directory_len)?;
    let head = src.at(directory, 12)?;
    if head.get(..4)? != b"SEFH" {
        return None;
    }
    let count = le32(head, 8)?.min(ENTRIES_MAX);
    let mut found = Trailer {
        start: directory,
        motion: None,
        clock: None,
    };
    for i in 0..u64::from(count) {
        let entry = src.at(directory.checked_add(12 + i * 12)?, 12)?;
        let kind = le16(entry, 2)?;
        let block = directory.checked_sub(u64::from(le32(entry, 4)?))?;
        found.start = found.start.min(block);
        if !matches!(kind, MOTION | CLOCK) {
            continue;
        }
        // Head of the block, its name, then what it holds.
        let name_len = src.at(block, 8).and_then(|b| le32(b, 4))?;
        let body = block.checked_add(8)?.checked_add(u64::from(name_len))?;
        if kind == MOTION {
            found.motion = bmff::starts_at(src, body).then_some(body);
        } else {
            found.clock = Some(body);
        }
    }
    Some(found)
}

/// The phone's own clock in the trailer as written, and where it stands.
pub(super) fn clock(src: &mut Source<'_>) -> Option<(String, u64)> {
    let at = trailer(src)?.clock?;
    let digits = src.at(at, usize::try_from(CLOCK_DIGITS).ok()?)?;
    let is_clock = digits.iter().all(u8::is_ascii_digit);
    is_clock.then(|| (String::from_utf8_lossy(digits).into_owned(), at))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(file: &[u8]) -> Option<(String, u64)> {
        let mut cursor = Cursor::new(file);
        clock(&mut Source::new(&mut cursor, file.len() as u64))
    }

    /// A trailer with a clock behind four bytes of a photo.
    fn file(clock: &[u8]) -> Vec<u8> {
        let name = b"Image_UTC_Data";
        let block = [&[0, 0, 1, 0x0A, 14, 0, 0, 0], name.as_slice(), clock].concat();
        let back = (block.len() as u32).to_le_bytes();
        let size = back;
        let directory = [
            b"SEFH\x6B\0\0\0\x01\0\0\0\0\0\x01\x0A".as_slice(),
            &back,
            &size,
        ]
        .concat();
        let foot = [&(directory.len() as u32).to_le_bytes(), b"SEFT".as_slice()].concat();
        [b"\xff\xd8\xff\xd9".as_slice(), &block, &directory, &foot].concat()
    }

    #[test]
    fn the_phone_s_own_clock_is_read_and_nothing_else() {
        let (written, at) = read(&file(b"1607149238021")).unwrap();
        assert_eq!((written.as_str(), at), ("1607149238021", 26));
        assert_eq!(read(&file(b"16071492x8021")), None);
        assert_eq!(read(b"\xff\xd8\xff\xd9"), None);
        let whole = file(b"1607149238021");
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] = 0xFF;
            let _ = read(&broken);
        }
    }
}
