//! ISO base media files (ISO/IEC 14496-12): boxes and whether they are whole.

use super::bytes::{Source, be32, be64, fourcc};
use super::walk::{Walk, all_zero, missing, too_long};
use crate::text::Text;

/// Boxes followed at one level; a day of one-second fragments has 172 800.
const BOXES_MAX: usize = 400_000;
/// Children read inside one parent; an `ilst` or `stbl` has a few dozen.
const CHILDREN_MAX: usize = 4_000;
/// End of the media data that must not be empty: a copy whose length was set
/// first holds zeros there. Coded pictures and sound have no such run.
const EMPTY_END_BYTES: u64 = 64 * 1024;

/// The head of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BoxHead {
    pub(super) kind: [u8; 4],
    pub(super) offset: u64,
    /// Length of the head: 8, 16, or 24 and 32 with a user type.
    pub(super) head: u64,
    /// Whole length, head included; may reach beyond the file.
    pub(super) size: u64,
    /// The box said size 0: it runs to the end.
    pub(super) to_end: bool,
}

impl BoxHead {
    pub(super) fn body(&self) -> u64 {
        self.offset.saturating_add(self.head)
    }

    pub(super) fn end(&self) -> u64 {
        self.offset.saturating_add(self.size)
    }

    pub(super) fn body_len(&self) -> u64 {
        self.size.saturating_sub(self.head)
    }
}

/// Reads the head of the box at `offset`; `limit` is where its parent ends.
/// `None` if there is no box.
pub(super) fn head(src: &mut Source<'_>, offset: u64, limit: u64) -> Option<BoxHead> {
    let start = src.at(offset, 8)?;
    let short = be32(start, 0)?;
    let kind: [u8; 4] = start.get(4..8)?.try_into().ok()?;
    let is_code = kind.iter().all(|&b| matches!(b, 0x20..=0x7E | 0xA9));
    // Items of an `ilst` keyed by number have 0, 0, 0, n as type.
    let is_number = be32(&kind, 0).is_some_and(|n| (1..=0xFFFF).contains(&n));
    if !is_code && !is_number {
        return None;
    }
    let (size, head, to_end) = match short {
        0 => (limit.checked_sub(offset)?, 8, true),
        1 => (
            src.at(offset.checked_add(8)?, 8).and_then(|b| be64(b, 0))?,
            16,
            false,
        ),
        n => (u64::from(n), 8, false),
    };
    if size < head || offset.checked_add(size).is_none() {
        return None;
    }
    Some(BoxHead {
        kind,
        offset,
        head,
        size,
        to_end,
    })
}

/// The boxes between `start` and `end` that lie wholly inside.
pub(super) fn children(src: &mut Source<'_>, start: u64, end: u64) -> Vec<BoxHead> {
    let mut found = Vec::new();
    let mut at = start;
    while at.saturating_add(8) <= end && found.len() < CHILDREN_MAX {
        let Some(child) = head(src, at, end) else {
            break;
        };
        if child.end() > end {
            break;
        }
        at = child.end();
        found.push(child);
    }
    found
}

/// True if an ISO base media file starts at `at`.
pub(super) fn starts_at(src: &mut Source<'_>, at: u64) -> bool {
    let limit = src.len();
    head(src, at, limit).is_some_and(|b| &b.kind == b"ftyp" && (16..=4096).contains(&b.size))
}

/// What a walk over the top level has met.
#[derive(Default)]
struct Met {
    moov: Option<BoxHead>,
    moof: bool,
    meta: bool,
    mdat: bool,
    last_mdat: Option<BoxHead>,
}

impl Met {
    fn meet(&mut self, b: BoxHead) {
        match &b.kind {
            b"moov" => self.moov = self.moov.or(Some(b)),
            b"moof" => self.moof = true,
            b"meta" => self.meta = true,
            b"mdat" => {
                self.mdat = true;
                self.last_mdat = Some(b);
            }
            _ => {}
        }
    }

    /// Why the file is not whole, as far as the kinds of boxes tell.
    fn lacks(&self, is_picture: bool) -> Option<Text> {
        if is_picture {
            let has = self.meta || self.moov.is_some();
            return (!has).then(|| missing("图像目录 (meta)", "picture directory (meta)"));
        }
        if self.moov.is_none() && !self.moof {
            return Some(missing(
                "索引 (moov),录制或复制可能尚未结束",
                "index (moov): recording or copying has not ended, or was broken off",
            ));
        }
        (!self.mdat).then(|| missing("媒体数据 (mdat)", "media data (mdat)"))
    }
}

/// The outline of the file or tail that starts at `start`.
pub(super) fn walk(src: &mut Source<'_>, start: u64, is_picture: bool) -> Walk {
    let mut walk = Walk::new();
    let mut met = Met::default();
    let mut at = start;
    let len = src.len();
    for _ in 0..BOXES_MAX {
        if at >= len {
            break;
        }
        let Some(b) = head(src, at, len) else {
            break;
        };
        walk.push(fourcc(b.kind), b.offset, b.size);
        if &b.kind == b"mpvd" {
            walk.motion_photo_offset_bytes = Some(b.body());
        }
        if b.to_end && &b.kind == b"mdat" && met.moov.is_none() && !met.meta {
            // A camera closes its media data last: size 0 is a recording under way.
            return walk.cut(missing(
                "索引 (moov),媒体数据长度尚未写入",
                "index (moov), and the length of its media data was not written yet",
            ));
        }
        if b.end() > len {
            return walk.cut(too_long(&fourcc(b.kind), b.offset, b.size, src));
        }
        met.meet(b);
        at = b.end();
    }
    if src.exhausted() || (at < len && walk.elements.len() >= BOXES_MAX) {
        return walk;
    }
    if let Some(why) = met.lacks(is_picture) {
        return walk.cut(why);
    }
    if met.moov.is_some_and(|moov| !is_tiled(src, moov, 0)) {
        return walk.cut(Text::new(
            "索引 (moov) 内部不完整,内容可能尚未复制完",
            "the index (moov) is not whole inside: its content may not have arrived yet",
        ));
    }
    if empty_end(src, &met) {
        return walk.cut(Text::new(
            "媒体数据末尾全为零,内容可能尚未复制完",
            "the media data ends in zeros only: its content may not have arrived yet",
        ));
    }
    walk.whole(src, at)
}

/// True if the children of an index fill it, down to the sample tables; a few
/// bytes of padding at its end are common.
fn is_tiled(src: &mut Source<'_>, parent: BoxHead, depth: u32) -> bool {
    let inside = children(src, parent.body(), parent.end());
    let filled = inside.last().map_or(parent.body(), BoxHead::end);
    let padding = parent.end().saturating_sub(filled);
    padding <= 8
        && inside.into_iter().all(|child| {
            let is_parent = matches!(&child.kind, b"trak" | b"mdia" | b"minf" | b"stbl");
            depth >= 5 || !is_parent || is_tiled(src, child, depth + 1)
        })
}

/// An index before its media data says nothing about whether that arrived.
fn empty_end(src: &mut Source<'_>, met: &Met) -> bool {
    let Some(mdat) = met.last_mdat else {
        return false;
    };
    let index_first = met.moov.is_some_and(|moov| moov.offset < mdat.offset);
    let long_enough = mdat.body_len() >= 2 * EMPTY_END_BYTES;
    let start = mdat.end().saturating_sub(EMPTY_END_BYTES);
    index_first && long_enough && all_zero(src, start, EMPTY_END_BYTES)
}
