//! RIFF: AVI (with OpenDML), WAV and WebP.

use super::bytes::{Source, fourcc, le32, le64};
use super::walk::{Walk, missing, not_arrived, too_long};

/// Chunks followed at the top level.
const CHUNKS_MAX: usize = 200_000;
/// A size that streaming writers leave behind.
const UNKNOWN_SIZE: u32 = u32::MAX;

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) id: [u8; 4],
    /// Form or list type of a `RIFF` or `LIST` chunk.
    pub(super) form: Option<[u8; 4]>,
    /// Where the payload starts, behind the form.
    pub(super) body: u64,
    /// Where it ends, without padding.
    pub(super) end: u64,
}

/// The chunk at `at`.
pub(super) fn chunk(src: &mut Source<'_>, at: u64) -> Option<Chunk> {
    let head = src.at(at, 8)?;
    let id: [u8; 4] = head.get(..4)?.try_into().ok()?;
    let size = u64::from(le32(head, 4)?);
    let body = at.checked_add(8)?;
    let end = body.checked_add(size)?;
    let has_form = matches!(&id, b"RIFF" | b"LIST" | b"RF64");
    let form = if has_form && size >= 4 {
        src.at(body, 4)?.try_into().ok()
    } else {
        None
    };
    Some(Chunk {
        id,
        form,
        body: body.saturating_add(if form.is_some() { 4 } else { 0 }),
        end,
    })
}

/// The chunks between `start` and `end`.
pub(super) fn chunks(src: &mut Source<'_>, start: u64, end: u64) -> Vec<Chunk> {
    let mut found = Vec::new();
    let mut at = start;
    while at.saturating_add(8) <= end && found.len() < CHUNKS_MAX {
        let Some(next) = chunk(src, at) else {
            break;
        };
        at = next.end.saturating_add(next.end & 1);
        found.push(next);
    }
    found
}

/// The outline of the file.
pub(super) fn walk(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let mut at = 0;
    let mut parts = 0;
    while let Some(part) = chunk(src, at).filter(|c| matches!(&c.id, b"RIFF" | b"RF64")) {
        parts += 1;
        let stated = src.at(at.saturating_add(4), 4).and_then(|b| le32(b, 0));
        let end = match stated {
            Some(0) => {
                return walk.cut(missing(
                    "总长度(录制可能尚未结束)",
                    "total length: the recording has not ended, or was broken off",
                ));
            }
            Some(UNKNOWN_SIZE) => match long_size(src, at) {
                Some(end) => end,
                None => return walk,
            },
            _ => part.end,
        };
        if let Some(empty) = outline(src, &mut walk, part, end) {
            return walk.cut(not_arrived(empty));
        }
        if end > src.len() {
            let why = too_long(&fourcc(part.id), at, end.saturating_sub(at), src);
            return walk.cut(why);
        }
        at = end.saturating_add(end & 1).min(src.len());
        if parts > 10_000 || at >= src.len() {
            break;
        }
    }
    if parts == 0 {
        return walk.cut(missing("总长度", "total length"));
    }
    walk.whole(src, at)
}

/// RF64 (EBU Tech 3306): the length stands in the `ds64` chunk.
fn long_size(src: &mut Source<'_>, at: u64) -> Option<u64> {
    let ds64 = chunk(src, at.checked_add(12)?).filter(|c| &c.id == b"ds64")?;
    let size = src.at(ds64.body, 8).and_then(|b| le64(b, 0))?;
    at.checked_add(8)?.checked_add(size)
}

/// Notes the chunks of one part; where an empty one stands, if one does.
fn outline(src: &mut Source<'_>, walk: &mut Walk, part: Chunk, end: u64) -> Option<u64> {
    for c in chunks(src, part.body, end.min(src.len())) {
        let id = c
            .form
            .map_or_else(|| fourcc(c.id), |form| format!("LIST:{}", fourcc(form)));
        let head = if c.form.is_some() { 12 } else { 8 };
        let offset = c.body.saturating_sub(head);
        if c.id == [0; 4] {
            return Some(offset);
        }
        walk.push(id, offset, c.end.saturating_sub(offset));
    }
    None
}
