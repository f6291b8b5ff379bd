//! What a file is by its bytes.

use super::bytes::{Source, be32, fourcc, le32};
use crate::measurements::Kind;

/// Bytes looked at to tell what a file is.
const SNIFF_BYTES: u64 = 4096;

/// A file format, told by the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are their own documentation
pub enum Format {
    Jpeg,
    Png,
    Gif,
    Bmp,
    Webp,
    Tiff,
    Heif,
    Avif,
    /// Canon raw, in the boxes of ISO/IEC 14496-12.
    Cr3,
    /// Fujifilm raw.
    Raf,
    Mp4,
    Mov,
    ThreeGp,
    Matroska,
    Webm,
    Avi,
    Wav,
    Riff,
    MpegTs,
    MpegPs,
    Flv,
    Asf,
    Mp3,
    Amr,
    Ogg,
    Flac,
    Adts,
    Pdf,
    Zip,
    Ooxml,
    Ole,
    Text,
    /// Only zeros as far as was looked.
    Zeros,
    Unknown,
}

impl Format {
    /// The name in [`crate::measurements::Container::format`].
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Bmp => "bmp",
            Self::Webp => "webp",
            Self::Tiff => "tiff",
            Self::Heif => "heif",
            Self::Avif => "avif",
            Self::Cr3 => "cr3",
            Self::Raf => "raf",
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::ThreeGp => "3gp",
            Self::Matroska => "matroska",
            Self::Webm => "webm",
            Self::Avi => "avi",
            Self::Wav => "wav",
            Self::Riff => "riff",
            Self::MpegTs => "mpegts",
            Self::MpegPs => "mpegps",
            Self::Flv => "flv",
            Self::Asf => "asf",
            Self::Mp3 => "mp3",
            Self::Amr => "amr",
            Self::Ogg => "ogg",
            Self::Flac => "flac",
            Self::Adts => "aac",
            Self::Pdf => "pdf",
            Self::Zip => "zip",
            Self::Ooxml => "ooxml",
            Self::Ole => "ole",
            Self::Text => "text",
            Self::Zeros => "zeros",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of a file of this format that bears `name`, before its tracks
    /// are known. What cannot be a recording but is named like one is
    /// [`Kind::Unreadable`].
    pub fn kind(self, name: &str) -> Kind {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::Bmp | Self::Webp | Self::Tiff => Kind::Photo,
            Self::Heif | Self::Avif | Self::Cr3 | Self::Raf => Kind::Photo,
            Self::Mp4 | Self::Mov | Self::ThreeGp | Self::Matroska | Self::Webm => Kind::Video,
            Self::Avi | Self::MpegTs | Self::MpegPs | Self::Flv | Self::Asf => Kind::Video,
            Self::Wav | Self::Mp3 | Self::Amr | Self::Ogg | Self::Flac | Self::Adts => Kind::Audio,
            _ if claims_recording(name) => Kind::Unreadable,
            Self::Pdf | Self::Zip | Self::Ooxml | Self::Ole | Self::Text | Self::Riff => {
                Kind::Other
            }
            Self::Zeros | Self::Unknown => Kind::Other,
        }
    }
}

/// Endings of file names under which people keep pictures, videos and sound.
const RECORDING_ENDINGS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "webp", "tif", "tiff", "dng", "cr2", "cr3",
    "nef", "nrw", "arw", "rw2", "orf", "raf", "pef", "srw", "heic", "heif", "hif", "avif", "mp4",
    "m4v", "mov", "qt", "3gp", "3g2", "mkv", "webm", "avi", "mts", "m2ts", "ts", "mpg", "mpeg",
    "vob", "flv", "wmv", "asf", "wav", "mp3", "m4a", "aac", "amr", "ogg", "oga", "opus", "flac",
    "insv", "lrv",
];

/// True if the name says that the file is a picture, video or sound.
pub fn claims_recording(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| {
        RECORDING_ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// Tells the format of `src` by its first bytes.
pub(super) fn format(src: &mut Source<'_>) -> Format {
    let head = src.owned(0, SNIFF_BYTES);
    let after_id3 = id3_end(&head);
    picture(&head)
        .or_else(|| movie(&head))
        .or_else(|| riff(&head))
        .or_else(|| ebml(&head))
        .or_else(|| stream(&head))
        .or_else(|| sound(&head, after_id3))
        .or_else(|| document(&head))
        .unwrap_or_else(|| plain(&head, src.len()))
}

fn picture(h: &[u8]) -> Option<Format> {
    if h.starts_with(&[0xFF, 0xD8, 0xFF]) || h == [0xFF, 0xD8] {
        return Some(Format::Jpeg);
    }
    if h.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(Format::Png);
    }
    if h.starts_with(b"GIF87a") || h.starts_with(b"GIF89a") {
        return Some(Format::Gif);
    }
    // TIFF 6.0 section 2; 43 is BigTIFF; the last four are Olympus and Panasonic raw.
    let tiff: [&[u8]; 8] = [
        b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIRO", b"IIRS", b"MMOR", b"IIU\0",
    ];
    if h.starts_with(b"FUJIFILMCCD-RAW") {
        return Some(Format::Raf);
    }
    if tiff.iter().any(|magic| h.starts_with(magic)) {
        return Some(Format::Tiff);
    }
    // BITMAPFILEHEADER: reserved words are 0 and a DIB header of known size follows.
    let is_bmp = h.starts_with(b"BM")
        && h.get(6..10) == Some(&[0; 4])
        && le32(h, 14).is_some_and(|n| matches!(n, 12 | 40 | 52 | 56 | 64 | 108 | 124));
    is_bmp.then_some(Format::Bmp)
}

fn movie(h: &[u8]) -> Option<Format> {
    let kind: [u8; 4] = h.get(4..8)?.try_into().ok()?;
    match &kind {
        b"ftyp" | b"styp" => {}
        // QuickTime files older than ftyp, and fragments.
        b"moov" | b"mdat" | b"wide" | b"skip" | b"pnot" => return Some(Format::Mov),
        b"free" | b"moof" | b"sidx" => return Some(Format::Mp4),
        _ => return None,
    }
    let major: [u8; 4] = h
        .get(8..12)
        .and_then(|b| b.try_into().ok())
        .unwrap_or_default();
    Some(match &major {
        b"qt  " => Format::Mov,
        b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"MiHE" => {
            Format::Heif
        }
        b"crx " => Format::Cr3,
        b"avif" | b"avis" => Format::Avif,
        _ if fourcc(major).starts_with("3g") => Format::ThreeGp,
        _ => by_compatible_brands(h),
    })
}

/// What a file with an unknown major brand is compatible with.
fn by_compatible_brands(h: &[u8]) -> Format {
    let end = be32(h, 0).map_or(0, |n| n.min(256) as usize);
    let brands = h.get(16..end.min(h.len())).unwrap_or_default();
    let has = |brand: &[u8]| brands.chunks_exact(4).any(|b| b == brand);
    if has(b"avif") {
        Format::Avif
    } else if has(b"heic") || has(b"mif1") {
        Format::Heif
    } else if has(b"qt  ") && !has(b"isom") && !has(b"mp42") {
        Format::Mov
    } else {
        Format::Mp4
    }
}

fn riff(h: &[u8]) -> Option<Format> {
    if !(h.starts_with(b"RIFF") || h.starts_with(b"RF64")) {
        return None;
    }
    Some(match h.get(8..12) {
        Some(b"WEBP") => Format::Webp,
        Some(b"AVI ") => Format::Avi,
        Some(b"WAVE") => Format::Wav,
        _ => Format::Riff,
    })
}

fn ebml(h: &[u8]) -> Option<Format> {
    if !h.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]) {
        return None;
    }
    let header = h.get(..h.len().min(64))?;
    let is_webm = super::bytes::find(header, b"webm").is_some();
    Some(if is_webm {
        Format::Webm
    } else {
        Format::Matroska
    })
}

fn stream(h: &[u8]) -> Option<Format> {
    if h.starts_with(b"FLV\x01") {
        return Some(Format::Flv);
    }
    if h.starts_with(&[0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]) {
        return Some(Format::Asf);
    }
    if h.starts_with(&[0, 0, 1, 0xBA]) || h.starts_with(&[0, 0, 1, 0xB3]) {
        return Some(Format::MpegPs);
    }
    super::stream::packet_layout(h).map(|_| Format::MpegTs)
}

/// Where the sound starts behind an ID3v2 tag.
fn id3_end(h: &[u8]) -> Option<usize> {
    if !h.starts_with(b"ID3") {
        return None;
    }
    let size = h
        .get(6..10)?
        .iter()
        .fold(0_usize, |n, &b| (n << 7) | usize::from(b & 0x7F));
    size.checked_add(10)
}

fn sound(h: &[u8], after_id3: Option<usize>) -> Option<Format> {
    if h.starts_with(b"#!AMR") {
        return Some(Format::Amr);
    }
    if h.starts_with(b"OggS") {
        return Some(Format::Ogg);
    }
    if h.starts_with(b"fLaC") {
        return Some(Format::Flac);
    }
    let first = *h.first()?;
    let second = *h.get(1)?;
    // Sync word, MPEG-4 or -2, layer 0: ADTS. Layer 1 to 3: MPEG audio.
    if first == 0xFF && second & 0xF6 == 0xF0 {
        return Some(Format::Adts);
    }
    let third = h.get(2).copied().unwrap_or(0xFF);
    let is_mpeg_audio = first == 0xFF
        && second & 0xE0 == 0xE0
        && second & 0x18 != 0x08
        && second & 0x06 != 0
        && third & 0xF0 != 0xF0
        && third & 0x0C != 0x0C;
    (is_mpeg_audio || after_id3.is_some()).then_some(Format::Mp3)
}

fn document(h: &[u8]) -> Option<Format> {
    let start = h.get(..h.len().min(1024))?;
    if super::bytes::find(start, b"%PDF-").is_some_and(|at| at < 1020) {
        return Some(Format::Pdf);
    }
    if h.starts_with(b"PK\x03\x04") || h.starts_with(b"PK\x05\x06") {
        let is_ooxml = super::bytes::find(h, b"[Content_Types].xml").is_some();
        return Some(if is_ooxml { Format::Ooxml } else { Format::Zip });
    }
    h.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])
        .then_some(Format::Ole)
}

fn plain(h: &[u8], len: u64) -> Format {
    if h.is_empty() {
        return Format::Unknown;
    }
    if h.iter().all(|&b| b == 0) {
        return Format::Zeros;
    }
    let cut = (h.len() as u64) < len;
    if is_text(h, cut) {
        Format::Text
    } else {
        Format::Unknown
    }
}

/// UTF-16 with its mark, UTF-8, or GBK pairs, without control characters.
fn is_text(h: &[u8], cut: bool) -> bool {
    if h.starts_with(&[0xFF, 0xFE]) || h.starts_with(&[0xFE, 0xFF]) {
        return h.len() >= 4;
    }
    let has_controls = h
        .iter()
        .any(|&b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0C | 0x1B));
    if has_controls {
        return false;
    }
    match std::str::from_utf8(h) {
        Ok(_) => true,
        Err(e) if cut && e.error_len().is_none() => true,
        Err(_) => is_gbk(h, cut),
    }
}

fn is_gbk(h: &[u8], cut: bool) -> bool {
    let mut bytes = h.iter();
    while let Some(&lead) = bytes.next() {
        if lead < 0x80 {
            continue;
        }
        match bytes.next() {
            Some(&trail) if (0x81..=0xFE).contains(&lead) && trail >= 0x40 && trail != 0x7F => {}
            None => return cut,
            _ => return false,
        }
    }
    true
}
