//! What every walk over a file's structure yields.

use super::bytes::Source;
use crate::measurements::Element;
use crate::text::Text;

/// Most elements kept for the report.
const ELEMENTS_MAX: usize = 500;

/// How a structure ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Where it says, with all that must be there.
    Whole,
    /// Too early, and why.
    Cut(Text),
    /// The format marks no end, or none that can be followed.
    Unmarked,
}

/// The outline of a file.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// The first [`ELEMENTS_MAX`] top-level elements.
    pub(super) elements: Vec<Element>,
    pub(super) end: End,
    /// Bytes after the end that belong to nothing known.
    pub(super) trailing_bytes: u64,
    /// What they are by their first bytes, where that is looked at.
    pub(super) trailing_kind: Option<String>,
    /// Where a video inside a photo starts.
    pub(super) motion_photo_offset_bytes: Option<u64>,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            elements: Vec::new(),
            end: End::Unmarked,
            trailing_bytes: 0,
            trailing_kind: None,
            motion_photo_offset_bytes: None,
        }
    }

    pub(super) fn push(&mut self, id: impl Into<String>, offset_bytes: u64, size_bytes: u64) {
        if self.elements.len() < ELEMENTS_MAX {
            self.elements.push(Element {
                id: id.into(),
                offset_bytes,
                size_bytes,
            });
        }
    }

    pub(super) fn cut(mut self, why: Text) -> Self {
        self.end = End::Cut(why);
        self
    }

    /// Ends the walk at `end`; what lies behind it is trailing.
    pub(super) fn whole(mut self, src: &Source<'_>, end: u64) -> Self {
        self.end = End::Whole;
        self.trailing_bytes = src.len().saturating_sub(end);
        self
    }
}

/// An element says that it is longer than the file.
pub(super) fn too_long(id: &str, offset: u64, size: u64, src: &Source<'_>) -> Text {
    let there = src.len().saturating_sub(offset);
    Text::new(
        format!("偏移 {offset} 处的“{id}”应有 {size} 字节,文件中只有 {there} 字节"),
        format!("`{id}` at offset {offset} should hold {size} bytes; the file has {there}"),
    )
}

/// Something that must be there is not.
pub(super) fn missing(what_zh: &str, what_en: &str) -> Text {
    Text::new(
        format!("文件中没有{what_zh}"),
        format!("the file has no {what_en}"),
    )
}

/// True if every byte of the range is zero, as in a copy whose length was set
/// before its content arrived.
pub(super) fn all_zero(src: &mut Source<'_>, start: u64, len: u64) -> bool {
    let mut at = start;
    let end = start.saturating_add(len);
    while at < end {
        let Some(chunk) = src.chunk(at) else {
            return false;
        };
        let take = usize::try_from(end - at)
            .unwrap_or(usize::MAX)
            .min(chunk.len());
        if chunk.iter().take(take).any(|&b| b != 0) {
            return false;
        }
        at = at.saturating_add(take as u64);
    }
    true
}

/// Zeros stand where content must be.
pub(super) fn not_arrived(offset: u64) -> Text {
    Text::new(
        format!("偏移 {offset} 起全为零,内容可能尚未复制完"),
        format!("only zeros from offset {offset} on: the content may not have arrived yet"),
    )
}
