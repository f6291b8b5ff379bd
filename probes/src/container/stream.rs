//! Formats made of packets, which mark no end or only a weak one: MPEG-TS,
//! MPEG-PS, FLV.

use super::bytes::{Source, be32};
use super::walk::{Walk, all_zero, missing};
use crate::text::Text;

/// Packet lengths: plain, with a 4-byte time stamp (M2TS), with 16 check bytes.
const LAYOUTS: [Layout; 3] = [
    Layout {
        packet: 188,
        sync: 0,
    },
    Layout {
        packet: 192,
        sync: 4,
    },
    Layout {
        packet: 204,
        sync: 0,
    },
];
/// Packets in a row that must show the sync byte.
const SYNCS_WANTED: usize = 4;

/// How transport packets lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Bytes a packet.
    pub(super) packet: usize,
    /// Where the sync byte 0x47 stands in it.
    pub(super) sync: usize,
}

/// The packet layout of a transport stream that starts like `head`.
pub(super) fn packet_layout(head: &[u8]) -> Option<Layout> {
    LAYOUTS.into_iter().find(|layout| {
        let mut syncs = head.iter().skip(layout.sync).step_by(layout.packet);
        head.len() >= layout.packet * SYNCS_WANTED
            && syncs.by_ref().take(SYNCS_WANTED).all(|&b| b == 0x47)
    })
}

/// MPEG-TS (ISO/IEC 13818-1): no end mark, but the end must not be empty.
pub(super) fn ts(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    let head = src.owned(0, 4096);
    if let Some(layout) = packet_layout(&head) {
        walk.trailing_bytes = src.len() % layout.packet as u64;
        walk.push("packets", 0, src.len().saturating_sub(walk.trailing_bytes));
    }
    let end = 4096.min(src.len());
    if src.len() > 4096 && all_zero(src, src.len() - end, end) {
        return walk.cut(Text::new(
            "文件末尾全为零,内容可能尚未复制完",
            "the file ends in zeros only: its content may not have arrived yet",
        ));
    }
    walk
}

/// MPEG-PS: whole if it ends with the program end code; many recorders leave
/// that out.
pub(super) fn ps(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    walk.push("pack", 0, src.len());
    let last = src.len().saturating_sub(4);
    if src.at(last, 4) == Some(&[0, 0, 1, 0xB9]) {
        let len = src.len();
        return walk.whole(src, len);
    }
    walk
}

/// FLV: the last four bytes give the length of the last tag.
pub(super) fn flv(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    walk.push("FLV", 0, 9);
    if flv_ends(src).is_none() {
        return walk.cut(missing("完整的最后一个标签", "whole last tag"));
    }
    let len = src.len();
    walk.whole(src, len)
}

fn flv_ends(src: &mut Source<'_>) -> Option<()> {
    let foot = src.len().checked_sub(4)?;
    let tag_len = u64::from(be32(src.at(foot, 4)?, 0)?);
    let tag = foot.checked_sub(tag_len)?;
    let data_len = u64::from(be32(src.at(tag, 4)?, 0)? & 0x00FF_FFFF);
    (tag >= 13 && data_len.checked_add(11)? == tag_len).then_some(())
}
