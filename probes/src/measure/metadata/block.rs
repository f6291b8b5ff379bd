//! Where the EXIF block of a JPEG, WebP or raw file stands.
//!
//! The parser finds blocks itself in other formats. In these two we look
//! first: in JPEG it would read on through the whole picture, and into the
//! pictures that phones append, where the front has none; in WebP it refuses
//! the `Exif\0\0` that common writers put before the block.

/// What stands before the block in a JPEG segment.
const NAME: &[u8; 6] = b"Exif\0\0";

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// The block, and where it starts.
    Block(&'a [u8], usize),
    /// A block that stands nowhere in one piece.
    Joined(&'a [u8]),
    /// There is none.
    Nothing,
    /// Another format, or one that is out of step: let the parser try.
    Unsure,
}

/// Looks in `head`, the front of the file.
pub(super) fn find(head: &[u8]) -> Found<'_> {
    if head.starts_with(&[0xff, 0xd8]) {
        in_jpeg(head)
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        in_webp(head)
    } else if head.starts_with(b"FUJIFILMCCD-RAW") {
        in_raf(head)
    } else if is_odd_tiff(head) {
        Found::Block(head, 0)
    } else {
        Found::Unsure
    }
}

/// Olympus and Panasonic raw: a TIFF but for its magic number.
fn is_odd_tiff(head: &[u8]) -> bool {
    [b"IIRO", b"IIRS", b"MMOR", b"IIU\0"]
        .iter()
        .any(|magic| head.starts_with(*magic))
}

/// The block as the parser knows it: with TIFF's own magic number.
pub(super) fn as_tiff(block: &[u8]) -> Vec<u8> {
    let is_odd = is_odd_tiff(block);
    let mut block = block.to_vec();
    let number = if block.starts_with(b"MM") {
        b"\0*"
    } else {
        b"*\0"
    };
    if is_odd && let Some(magic) = block.get_mut(2..4) {
        magic.copy_from_slice(number);
    }
    block
}

/// Fujifilm raw: a finished JPEG stands before the sensor's data, and the
/// header says where.
fn in_raf(head: &[u8]) -> Found<'_> {
    let start = head.get(84..88).and_then(|b| b.try_into().ok());
    let start = start.and_then(|b| usize::try_from(u32::from_be_bytes(b)).ok());
    match start.and_then(|start| Some((start, head.get(start..)?))) {
        Some((start, jpeg)) => match in_jpeg(jpeg) {
            Found::Block(block, at) => Found::Block(block, start + at),
            other => other,
        },
        None => Found::Nothing,
    }
}

/// Segments up to the start of the scan (ITU-T T.81, annex B).
fn in_jpeg(head: &[u8]) -> Found<'_> {
    let mut at = 2;
    loop {
        let Some(&[0xff, marker]) = head.get(at..at + 2) else {
            return Found::Unsure;
        };
        match marker {
            // A fill byte.
            0xff => at += 1,
            // Markers without length.
            0x01 | 0xd0..=0xd7 => at += 2,
            // Start of scan, end of image.
            0xd9 | 0xda => return Found::Nothing,
            _ => {
                let Some(&[high, low]) = head.get(at + 2..at + 4) else {
                    return Found::Unsure;
                };
                let end = at + 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
                let Some(segment) = head.get(at + 4..end) else {
                    return Found::Unsure;
                };
                if marker == 0xe1
                    && let Some(block) = segment.strip_prefix(NAME)
                {
                    return Found::Block(block, at + 4 + NAME.len());
                }
                at = end;
            }
        }
    }
}

/// Chunks of RIFF (WebP container specification, "Extended File Format").
fn in_webp(head: &[u8]) -> Found<'_> {
    let mut at = 12_usize;
    while let Some(header) = head.get(at..at.saturating_add(8)) {
        let Some((id, &[a, b, c, d])) = header.split_first_chunk::<4>() else {
            return Found::Unsure;
        };
        let Ok(size) = usize::try_from(u32::from_le_bytes([a, b, c, d])) else {
            return Found::Unsure;
        };
        let body = at + 8;
        let end = body.saturating_add(size);
        if id == b"EXIF" {
            let Some(chunk) = head.get(body..end) else {
                return Found::Unsure;
            };
            return match chunk.strip_prefix(NAME) {
                Some(block) => Found::Block(block, body + NAME.len()),
                None => Found::Block(chunk, body),
            };
        }
        // Chunks are padded to an even length.
        at = end.saturating_add(size % 2);
    }
    if at >= head.len() && head.len() < super::HEAD_MAX_BYTES as usize {
        Found::Nothing
    } else {
        Found::Unsure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_jpeg_up_to_the_scan_and_not_beyond() {
        let app0 = b"\xff\xe0\0\x04ab";
        let exif = b"\xff\xe1\0\x0aExif\0\0II";
        let scan = b"\xff\xda\0\x02";
        let jpeg = |parts: &[&[u8]]| [b"\xff\xd8", parts.concat().as_slice()].concat();
        assert_eq!(
            find(&jpeg(&[app0, b"\xff", exif, scan])),
            Found::Block(b"II", 19)
        );
        assert_eq!(find(&jpeg(&[app0, scan, exif])), Found::Nothing);
        assert_eq!(
            find(&jpeg(&[b"\xff\xe1\0\x02", exif])),
            Found::Block(b"II", 16)
        );
        // Out of step, or cut off: the parser may try.
        assert_eq!(find(&jpeg(&[b"x", exif])), Found::Unsure);
        assert_eq!(find(&jpeg(&[&exif[..11]])), Found::Unsure);
        assert_eq!(find(&jpeg(&[b"\xff\xe1\0\0"])), Found::Unsure);
        assert_eq!(find(b"\xff\xd8"), Found::Unsure);
    }

    #[test]
    fn in_raws_that_are_almost_tiff_and_before_the_sensor_data() {
        assert_eq!(find(b"IIRO\x08\0"), Found::Block(b"IIRO\x08\0", 0));
        assert_eq!(as_tiff(b"IIRO\x08"), b"II*\0\x08");
        assert_eq!(as_tiff(b"MMOR\x08"), b"MM\0*\x08");
        assert_eq!(as_tiff(b"IIU\0\x08"), b"II*\0\x08");
        assert_eq!(as_tiff(b"II*\0\x08"), b"II*\0\x08");
        let mut raf = b"FUJIFILMCCD-RAW ".to_vec();
        raf.resize(84, 0);
        raf.extend(90_u32.to_be_bytes());
        assert_eq!(find(&raf), Found::Nothing);
        raf.extend(b"\0\0\xff\xd8\xff\xe1\0\x0aExif\0\0II\xff\xda\0\x02");
        assert_eq!(find(&raf), Found::Block(b"II", 102));
    }

    #[test]
    fn in_webp_with_and_without_the_name() {
        let webp = |tail: &[u8]| [b"RIFF\0\0\0\0WEBPVP8X\x01\0\0\0x\0".as_slice(), tail].concat();
        assert_eq!(find(&webp(b"EXIF\x02\0\0\0II")), Found::Block(b"II", 30));
        assert_eq!(
            find(&webp(b"EXIF\x08\0\0\0Exif\0\0II")),
            Found::Block(b"II", 36)
        );
        assert_eq!(find(&webp(b"")), Found::Nothing);
        assert_eq!(find(&webp(b"EXIF\xff\xff\xff\xffII")), Found::Unsure);
        assert_eq!(find(&webp(b"XMP \xff\xff\xff\xff")), Found::Nothing);
    }
}
