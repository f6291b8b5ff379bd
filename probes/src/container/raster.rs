//! PNG, GIF and BMP: outlines of the simpler picture files.

use super::bytes::{Source, be32, fourcc, le32};
use super::walk::{Walk, missing, too_long};

/// Chunks or blocks followed.
const STEPS_MAX: usize = 200_000;

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
