//! PDF and ZIP (with OOXML): only whether they are whole.

use super::bytes::{Source, le32, rfind};
use super::walk::{Walk, missing};

/// Where the end marks must stand: a ZIP comment has at most 65 535 bytes.
const TAIL_BYTES: u64 = 65_535 + 22;

fn tail(src: &mut Source<'_>) -> (u64, Vec<u8>) {
    let start = src.len().saturating_sub(TAIL_BYTES);
    let bytes = src.owned(start, TAIL_BYTES);
    (start, bytes)
}

/// PDF: `%%EOF` near the end.
pub(super) fn pdf(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    walk.push("%PDF", 0, src.len());
    let (_, bytes) = tail(src);
    if rfind(&bytes, b"%%EOF").is_none() {
        return walk.cut(missing("结束标记 (%%EOF)", "end mark (%%EOF)"));
    }
    let len = src.len();
    walk.whole(src, len)
}

/// ZIP: an end-of-central-directory record whose directory lies in the file.
pub(super) fn zip(src: &mut Source<'_>) -> Walk {
    let mut walk = Walk::new();
    walk.push("PK", 0, src.len());
    let (start, bytes) = tail(src);
    let record = rfind(&bytes, b"PK\x05\x06");
    let fits = record.and_then(|at| {
        let size = u64::from(le32(&bytes, at.checked_add(12)?)?);
        let offset = u64::from(le32(&bytes, at.checked_add(16)?)?);
        // 0xFFFFFFFF points to a ZIP64 record, which stands just before.
        let here = start.checked_add(at as u64)?;
        let is_zip64 = offset == u64::from(u32::MAX) || size == u64::from(u32::MAX);
        Some(is_zip64 || offset.checked_add(size)? <= here)
    });
    if fits != Some(true) {
        return walk.cut(missing("目录 (central directory)", "central directory"));
    }
    let len = src.len();
    walk.whole(src, len)
}
