//! JPEG: segments, scans, end mark, and what follows it (ITU-T T.81 annex B;
//! CIPA DC-007 for several pictures in one file; Samsung's SEF trailer).

use super::bmff;
use super::bytes::{Source, be16};
use super::sef;
use super::walk::{Walk, missing, too_long};
use crate::text::Text;

/// Segments followed in one picture; real files have well under a hundred.
const SEGMENTS_MAX: usize = 20_000;
/// Pictures followed behind the first (depth map, gain map, preview, burst).
const PICTURES_MAX: usize = 64;

/// One marker segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) marker: u8,
    /// Where its 0xFF stands.
    pub(super) offset: u64,
    /// Marker, length and payload; scans include their entropy-coded data.
    pub(super) size: u64,
}

impl Segment {
    /// Where the payload starts.
    pub(super) fn body(&self) -> u64 {
        self.offset.saturating_add(4)
    }

    /// Length of the payload.
    pub(super) fn body_len(&self) -> u64 {
        self.size.saturating_sub(4)
    }
}

/// One picture of the file.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) segments: Vec<Segment>,
    /// Behind its end mark; an `Err` says why there is none.
    pub(super) end: Result<u64, Text>,
}

/// The marker's name in T.81 table B.1.
pub(super) fn marker_name(marker: u8) -> String {
    match marker {
        0xD8 => "SOI".into(),
        0xD9 => "EOI".into(),
        0xDA => "SOS".into(),
        0xDB => "DQT".into(),
        0xC4 => "DHT".into(),
        0xC8 => "JPG".into(),
        0xCC => "DAC".into(),
        0xDC => "DNL".into(),
        0xDD => "DRI".into(),
        0xFE => "COM".into(),
        0xC0..=0xCF => format!("SOF{}", marker & 0x0F),
        0xE0..=0xEF => format!("APP{}", marker & 0x0F),
        other => format!("FF{other:02X}"),
    }
}

/// Follows the picture whose SOI stands at `start`.
pub(super) fn picture(src: &mut Source<'_>, start: u64) -> Picture {
    let mut segments = vec![Segment {
        marker: 0xD8,
        offset: start,
        size: 2,
    }];
    let mut at = start.saturating_add(2);
    while segments.len() < SEGMENTS_MAX {
        let Some((offset, marker)) = next_marker(src, at) else {
            return unended(src, segments, start);
        };
        if marker == 0xD9 {
            segments.push(Segment {
                marker,
                offset,
                size: 2,
            });
            let end = Ok(offset.saturating_add(2));
            return Picture { segments, end };
        }
        if marker == 0xD8 || marker == 0x01 {
            at = offset.saturating_add(2);
            continue;
        }
        let length = src.at(offset.saturating_add(2), 2).and_then(|b| be16(b, 0));
        let size = u64::from(length.unwrap_or(0)).saturating_add(2);
        let next = offset.saturating_add(size.max(4));
        if length.is_none() || next > src.len() {
            let why = too_long(&marker_name(marker), offset, size, src);
            return ended_anyway(src, segments, why);
        }
        segments.push(Segment {
            marker,
            offset,
            size,
        });
        at = next;
    }
    let why = Text::new(
        format!("超过 {SEGMENTS_MAX} 个数据段仍未结束"),
        format!("more than {SEGMENTS_MAX} segments and no end"),
    );
    ended_anyway(src, segments, why)
}

fn unended(src: &mut Source<'_>, segments: Vec<Segment>, start: u64) -> Picture {
    let has_scan = segments.iter().any(|s| s.marker == 0xDA);
    let why = if has_scan {
        Text::new(
            "图像数据没有结束标记 (EOI),文件可能尚未写完或被截断",
            "the picture data has no end mark (EOI): still being written, or cut off",
        )
    } else {
        Text::new(
            format!("偏移 {start} 处的图像只有文件头,没有图像数据"),
            format!("the picture at offset {start} has a header and no picture data"),
        )
    };
    ended_anyway(src, segments, why)
}

/// A damaged picture is hard to follow; if the file's very last bytes are an
/// end mark behind a scan it was written to its end all the same.
fn ended_anyway(src: &mut Source<'_>, segments: Vec<Segment>, why: Text) -> Picture {
    let has_scan = segments.iter().any(|s| s.marker == 0xDA);
    let last = src.len().saturating_sub(2);
    let ends = has_scan && src.at(last, 2) == Some(&[0xFF, 0xD9]);
    let end = if ends { Ok(src.len()) } else { Err(why) };
    Picture { segments, end }
}

/// The next real marker from `at` on: stuffed zeros, restart marks, fill
/// bytes and reserved codes are passed over.
fn next_marker(src: &mut Source<'_>, at: u64) -> Option<(u64, u8)> {
    let mut at = at;
    loop {
        let chunk = src.chunk(at)?;
        let mut i = 0;
        loop {
            let Some(ahead) = chunk.get(i..)?.iter().position(|&b| b == 0xFF) else {
                i = chunk.len();
                break;
            };
            i += ahead;
            match chunk.get(i + 1) {
                None => break,
                Some(&code @ (0x01 | 0xC0..=0xCF | 0xD8..=0xFE)) => {
                    return Some((at.saturating_add(i as u64), code));
                }
                Some(0xFF) => i += 1,
                Some(_) => i += 2,
            }
        }
        if i == 0 {
            // A lone 0xFF as the last byte of the file.
            return None;
        }
        at = at.saturating_add(i.min(chunk.len()) as u64);
    }
}

/// The outline of the file, with the first picture's segments.
pub(super) fn walk(src: &mut Source<'_>) -> (Walk, Vec<Segment>) {
    let first = picture(src, 0);
    let mut walk = Walk::new();
    for pair in first.segments.windows(2) {
        if let [this, next] = pair {
            let size = next.offset.saturating_sub(this.offset);
            walk.push(marker_name(this.marker), this.offset, size);
        }
    }
    if let Some(last) = first.segments.last() {
        walk.push(marker_name(last.marker), last.offset, last.size);
    }
    let segments = first.segments;
    if !segments.iter().any(|s| s.marker == 0xDA) {
        let why = match first.end {
            Err(why) => why,
            Ok(_) => missing("图像数据 (SOS)", "picture data (SOS)"),
        };
        return (walk.cut(why), segments);
    }
    match first.end {
        Err(why) => (walk.cut(why), segments),
        Ok(end) => (tail(src, walk, end), segments),
    }
}

/// Follows what stands behind the first picture: further pictures, a video, a
/// maker's trailer. The rest is trailing.
fn tail(src: &mut Source<'_>, mut walk: Walk, end: u64) -> Walk {
    let mut at = end;
    let sef = sef::trailer(src);
    for _ in 0..PICTURES_MAX {
        // A trailer's first block starts with zeros of its own.
        let until = sef.map_or(u64::MAX, |sef| sef.start.max(at));
        at = skip_zeros(src, at).min(until);
        if at >= src.len() {
            return walk.whole(src, src.len());
        }
        if let Some(sef::Trailer { start, motion, .. }) = sef
            && start >= at
            && !is_known(src, at)
        {
            walk.motion_photo_offset_bytes = walk.motion_photo_offset_bytes.or(motion);
            walk.push("SEF trailer", start, src.len().saturating_sub(start));
            walk = walk.whole(src, src.len());
            walk.trailing_bytes = start.saturating_sub(at);
            return walk;
        }
        if src.at(at, 3) == Some(&[0xFF, 0xD8, 0xFF]) {
            let next = picture(src, at);
            match next.end {
                Err(why) => return walk.cut(why),
                Ok(end) => {
                    walk.push("picture", at, end.saturating_sub(at));
                    at = end;
                }
            }
            continue;
        }
        if bmff::starts_at(src, at) {
            walk.motion_photo_offset_bytes = Some(at);
            return video_tail(src, walk, at, sef.map(|sef| sef.start));
        }
        break;
    }
    walk.trailing_kind = trailing_kind(src, at);
    walk.whole(src, at)
}

/// What follows that no standard names, by its first bytes.
fn trailing_kind(src: &mut Source<'_>, at: u64) -> Option<String> {
    const STARTS: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "zip"),
        (b"Rar!", "rar"),
        (b"7z\xBC\xAF", "7z"),
        (b"\x89PNG", "png"),
        (b"%PDF", "pdf"),
        (b"\x1A\x45\xDF\xA3", "matroska"),
        (b"RIFF", "riff"),
        (b"<x:xmpmeta", "xmp"),
    ];
    let chunk = src.chunk(at)?;
    let known = STARTS.iter().find(|(start, _)| chunk.starts_with(start));
    let text = |b: &u8| b.is_ascii_graphic() || b.is_ascii_whitespace();
    Some(match known {
        Some((_, name)) => (*name).to_owned(),
        None if chunk.iter().take(64).all(text) => "text".to_owned(),
        None if chunk.iter().all(|&b| b == 0) => "zeros".to_owned(),
        None => "unknown".to_owned(),
    })
}

fn is_known(src: &mut Source<'_>, at: u64) -> bool {
    src.at(at, 3) == Some(&[0xFF, 0xD8, 0xFF]) || bmff::starts_at(src, at)
}

/// The video of a motion photo must be whole too, or the copy is not.
fn video_tail(src: &mut Source<'_>, mut walk: Walk, at: u64, sef: Option<u64>) -> Walk {
    let video = bmff::walk(src, at, false);
    let size = src.len().saturating_sub(at);
    walk.push("video", at, size);
    match video.end {
        super::walk::End::Cut(why) if sef.is_none() => walk.cut(why),
        _ => {
            walk = walk.whole(src, src.len());
            walk.trailing_bytes = if sef.is_some() {
                0
            } else {
                video.trailing_bytes
            };
            walk
        }
    }
}

/// Zeros with which makers pad between pictures, at most one window of them.
fn skip_zeros(src: &mut Source<'_>, at: u64) -> u64 {
    let Some(chunk) = src.chunk(at) else {
        return at;
    };
    let zeros = chunk.iter().take_while(|&&b| b == 0).count();
    // The first bytes of an ISO box are zeros too: size before type.
    let start = at.saturating_add(zeros as u64);
    let boxed = (1..=3).find(|back| {
        start
            .checked_sub(*back)
            .filter(|&s| s >= at)
            .is_some_and(|s| bmff::starts_at(src, s))
    });
    start.saturating_sub(boxed.unwrap_or(0))
}
