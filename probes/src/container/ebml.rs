//! Matroska and WebM (RFC 8794, RFC 9559).

use super::bytes::Source;
use super::walk::{Walk, missing, not_arrived, too_long};

/// Level-1 elements followed; a day of five-second clusters has 17 280.
const ELEMENTS_MAX: usize = 200_000;

pub(super) const ID_SEGMENT: u32 = 0x1853_8067;
pub(super) const ID_CLUSTER: u32 = 0x1F43_B675;
const ID_EBML: u32 = 0x1A45_DFA3;

/// The head of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: u32,
    pub(super) offset: u64,
    pub(super) body: u64,
    /// Where it ends; `None` if it says that its length is unknown.
    pub(super) end: Option<u64>,
}

/// Reads the element head at `offset`.
pub(super) fn head(src: &mut Source<'_>, offset: u64) -> Option<Head> {
    let left = src.len().checked_sub(offset)?.min(12);
    let bytes = src.at(offset, usize::try_from(left).ok()?)?;
    let id_len = vint_len(*bytes.first()?).filter(|&n| n <= 4)?;
    let id = bytes
        .get(..id_len)?
        .iter()
        .fold(0_u32, |n, &b| (n << 8) | u32::from(b));
    let first = *bytes.get(id_len)?;
    let size_len = vint_len(first)?;
    let raw = bytes.get(id_len..id_len.checked_add(size_len)?)?;
    let mask = 0xFF_u64 >> size_len;
    let size = raw
        .iter()
        .skip(1)
        .fold(u64::from(first) & mask, |n, &b| (n << 8) | u64::from(b));
    let unknown = size == (1_u64 << (7 * size_len)) - 1;
    let body = offset.checked_add((id_len + size_len) as u64)?;
    let end = if unknown {
        None
    } else {
        Some(body.checked_add(size)?)
    };
    Some(Head {
        id,
        offset,
        body,
        end,
    })
}

/// Length of the variable-size integer that starts with `first`, 1 to 8.
fn vint_len(first: u8) -> Option<usize> {
    (first != 0).then(|| first.leading_zeros() as usize + 1)
}

/// The elements between `start` and `end`, up to the first of unknown length,
/// which is the last one given.
pub(super) fn children(src: &mut Source<'_>, start: u64, end: u64) -> Vec<Head> {
    let mut found = Vec::new();
    let mut at = start;
    while at < end && found.len() < ELEMENTS_MAX {
        let Some(child) = head(src, at) else {
            break;
        };
        found.push(child);
        match child.end {
            Some(next) if next > at => at = next,
            _ => break,
        }
    }
    found
}

/// The outline of the file.
pub(super) fn walk(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let mut at = 0;
    if let Some(header) = head(src, 0).filter(|h| h.id == ID_EBML)
        && let Some(end) = header.end
    {
        walk.push(id_text(header.id), 0, end);
        at = end;
    }
    let Some(segment) = segment_at(src, at) else {
        return walk.cut(missing("数据段 (Segment)", "Segment"));
    };
    let len = src.len();
    let end = segment.end.unwrap_or(len);
    walk.push(
        id_text(segment.id),
        segment.offset,
        end.saturating_sub(segment.offset),
    );
    let mut clusters = 0_u32;
    let mut reached = segment.body;
    for child in children(src, segment.body, end.min(len)) {
        clusters = clusters.saturating_add(u32::from(child.id == ID_CLUSTER));
        let child_end = child.end.unwrap_or(end);
        walk.push(
            id_text(child.id),
            child.offset,
            child_end.saturating_sub(child.offset),
        );
        if child_end > len {
            let size = child_end.saturating_sub(child.offset);
            let why = too_long(&id_text(child.id), child.offset, size, src);
            return walk.cut(why);
        }
        reached = child_end;
    }
    if reached < end && src.at(reached, 1) == Some(&[0]) {
        return walk.cut(not_arrived(reached));
    }
    match segment.end {
        // Live writers leave the length open: such a file has no end mark.
        None => walk,
        Some(end) if end > len => {
            let why = too_long(
                "Segment",
                segment.offset,
                end.saturating_sub(segment.offset),
                src,
            );
            walk.cut(why)
        }
        Some(_) if clusters == 0 => walk.cut(missing("媒体数据 (Cluster)", "media data (Cluster)")),
        Some(end) => walk.whole(src, end),
    }
}

/// The Segment at `at`, or behind padding.
pub(super) fn segment_at(src: &mut Source<'_>, at: u64) -> Option<Head> {
    let mut at = at;
    for _ in 0..8 {
        let next = head(src, at)?;
        if next.id == ID_SEGMENT {
            return Some(next);
        }
        at = next.end?;
    }
    None
}

/// Name of the elements that stand at the top of a Segment.
fn id_text(id: u32) -> String {
    match id {
        ID_EBML => "EBML".into(),
        ID_SEGMENT => "Segment".into(),
        ID_CLUSTER => "Cluster".into(),
        0x114D_9B74 => "SeekHead".into(),
        0x1549_A966 => "Info".into(),
        0x1654_AE6B => "Tracks".into(),
        0x1C53_BB6B => "Cues".into(),
        0x1254_C367 => "Tags".into(),
        0x1043_A770 => "Chapters".into(),
        0x1941_A469 => "Attachments".into(),
        0xEC => "Void".into(),
        other => format!("{other:X}"),
    }
}
