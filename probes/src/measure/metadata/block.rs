//! Where the EXIF block of a JPEG or WebP file stands.
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
    } else {
        Found::Unsure
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
