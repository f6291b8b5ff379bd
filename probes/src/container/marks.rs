//! Marks that encoders, editors and generators leave in raw bytes, looked for
//! at the start of the data only.

use super::bytes::{Source, find, quote};
use super::structure::Structure;

/// Bytes searched at the start of the media data: an encoder names itself in
/// the first access unit.
const SEARCHED_BYTES: u64 = 256 * 1024;
/// Longest quotation of a mark.
const QUOTED_BYTES: usize = 200;

/// A string that only one kind of writer leaves.
struct Mark {
    needle: &'static [u8],
    field: &'static str,
    /// What must follow at once, so that chance bytes do not match.
    digit_follows: bool,
}

/// Encoders' user data in coded pictures and stream headers.
const ENCODERS: &[Mark] = &[
    Mark {
        needle: b"x264 - core ",
        field: "h264.sei",
        digit_follows: true,
    },
    Mark {
        needle: b"x265 (build ",
        field: "hevc.sei",
        digit_follows: true,
    },
    Mark {
        needle: b"Lavc",
        field: "stream.encoder",
        digit_follows: true,
    },
    Mark {
        needle: b"Lavf",
        field: "stream.muxer",
        digit_follows: true,
    },
];

/// Editors' and generators' private notes. CapCut and 剪映 (ByteDance) call
/// their products `vicut` and `lv`; `AIGC` is GB 45438-2025.
const NOTES: &[Mark] = &[
    Mark {
        needle: b"te_is_reencode",
        field: "bytedance",
        digit_follows: false,
    },
    Mark {
        needle: b"TEEditor",
        field: "bytedance",
        digit_follows: false,
    },
    Mark {
        needle: b"LvMetaInfo",
        field: "bytedance",
        digit_follows: false,
    },
    Mark {
        needle: b"\"vicut\"",
        field: "bytedance",
        digit_follows: false,
    },
    Mark {
        needle: b"bytevehwavc",
        field: "bytedance",
        digit_follows: false,
    },
    Mark {
        needle: b"DreaminaMetaInfo",
        field: "aigc",
        digit_follows: false,
    },
    Mark {
        needle: b"\"AIGC\"",
        field: "aigc",
        digit_follows: false,
    },
    Mark {
        needle: b"aigc_info",
        field: "aigc_info",
        digit_follows: false,
    },
    Mark {
        needle: b"trainedAlgorithmicMedia",
        field: "digital_source_type",
        digit_follows: false,
    },
];

/// Looks for encoders' names from `start` on, and not beyond `end`.
pub(super) fn encoders(src: &mut Source<'_>, start: u64, end: u64, out: &mut Structure) {
    let bytes = src.owned(start, SEARCHED_BYTES.min(end.saturating_sub(start)));
    for mark in ENCODERS {
        look(&bytes, start, mark, mark.field, out);
    }
}

/// Looks for editors' and generators' notes in `bytes`, which stand at
/// `offset`; `place` names the box or segment.
pub(super) fn known(bytes: &[u8], offset: u64, place: &str, out: &mut Structure) {
    for mark in NOTES {
        let field = match mark.field {
            "aigc" | "aigc_info" => mark.field.to_owned(),
            field => format!("{place}.{field}"),
        };
        look(bytes, offset, mark, &field, out);
    }
}

fn look(bytes: &[u8], offset: u64, mark: &Mark, field: &str, out: &mut Structure) {
    let mut from = 0;
    while let Some(rest) = bytes.get(from..)
        && let Some(at) = find(rest, mark.needle)
    {
        let at = from + at;
        let after = at + mark.needle.len();
        let is_real = !mark.digit_follows || bytes.get(after).is_some_and(u8::is_ascii_digit);
        if is_real {
            let tail = bytes.get(at..).unwrap_or_default();
            let printable = tail
                .iter()
                .take(QUOTED_BYTES)
                .take_while(|&&b| matches!(b, 0x20..=0x7E) || (!mark.digit_follows && b >= 0x80))
                .count();
            let written = quote(tail.get(..printable).unwrap_or_default());
            out.trace(field, written, offset.saturating_add(at as u64));
            return;
        }
        from = after;
    }
}
