//! Structure of files, read as evidence. Pure Rust, bounded, no decoding.
//!
//! Every size, count and offset in a file is a claim of somebody unknown:
//! reads are bounded in number and length, nothing is allocated at a file's
//! word, and cycles end. What is read is quoted, never interpreted further
//! than its format's standard goes.

mod avi_index;
mod bmff;
mod bytes;
pub mod c2pa;
mod cbor;
pub(crate) mod certificate;
mod clusters;
mod counting;
mod der;
mod document;
mod ebml;
mod fragments;
pub mod heif;
mod iptc;
mod jpeg;
pub mod jpeg_parts;
mod marks;
mod movie;
mod movie_marks;
mod photo_marks;
pub mod photoshop;
mod raster;
pub mod raw;
mod riff;
mod sample_table;
mod seams;
mod sef;
mod service;
mod sniff;
mod stream;
mod structure;
#[cfg(test)]
mod structure_tests;
mod tags;
#[cfg(test)]
mod tests;
mod tiff;
#[cfg(test)]
pub(crate) mod tiny;
mod transport;
mod walk;
mod written_time;
mod xmp;

use std::io::{Read, Seek};

use bytes::Source;
pub use sniff::{Format, claims_recording};
pub use structure::Structure;
use walk::{End, Walk};

use crate::text::Text;

/// Instrument version: raised whenever the same bytes may read differently.
pub const VERSION: u32 = 4;

/// A file shorter than this and named as a recording is still to come: no
/// format holds a picture or a sound in less.
const SMALLEST_RECORDING_BYTES: u64 = 32;

/// Whether a file has arrived whole, as far as its structure tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Its structure ends where the file ends.
    Complete,
    /// Something that must be there is not.
    Incomplete {
        /// What is missing.
        why: Text,
    },
    /// A format that marks no end; only quiet time can tell.
    NoEnd,
    /// No bytes at all.
    Empty,
}

/// Tells what a file is by its bytes. `len_bytes` is its length.
pub fn sniff(r: &mut (impl Read + Seek), len_bytes: u64) -> Format {
    sniff::format(&mut Source::new(r, len_bytes))
}

/// The structure gate for a file still in the share: reads headers and skips
/// what they span, except for JPEG, whose end mark has to be looked for.
///
/// A file whose bytes are not what its name says is not held: a text named
/// `.jpg` will not grow into a picture.
pub fn completeness(r: &mut (impl Read + Seek), len_bytes: u64, name: &str) -> Completeness {
    if len_bytes == 0 {
        return Completeness::Empty;
    }
    let mut src = Source::new(r, len_bytes);
    let format = sniff::format(&mut src);
    let end = outline(&mut src, format, name).end;
    if let Some(error) = src.failed {
        return Completeness::Incomplete {
            why: Text::new(
                format!("无法读取:{error}"),
                format!("cannot be read: {error}"),
            ),
        };
    }
    match end {
        End::Whole => Completeness::Complete,
        End::Cut(why) => Completeness::Incomplete { why },
        End::Unmarked => Completeness::NoEnd,
    }
}

/// Reads a file's structure as evidence: the outline, the times as written,
/// the tracks' tables, and every name that a writer left.
pub fn read_structure(r: &mut (impl Read + Seek), len_bytes: u64, name: &str) -> Structure {
    let mut src = Source::new(r, len_bytes);
    let format = sniff::format(&mut src);
    let mut out = Structure::new(format, name);
    let (walk, segments) = if format == Format::Jpeg {
        jpeg::walk(&mut src)
    } else {
        (outline(&mut src, format, name), Vec::new())
    };
    out.container.elements = walk.elements;
    out.container.trailing_bytes = walk.trailing_bytes;
    out.container.trailing_kind = walk.trailing_kind.filter(|_| walk.trailing_bytes > 0);
    out.container.motion_photo_offset_bytes = walk.motion_photo_offset_bytes;
    structure::ended(&mut out.container, walk.end);
    match format {
        Format::Jpeg => photo_marks::jpeg(&mut src, &segments, &mut out),
        Format::Png => photo_marks::png(&mut src, &mut out),
        Format::Webp => photo_marks::webp(&mut src, &mut out),
        Format::Gif | Format::Tiff => photo_marks::search_xmp(&mut src, &mut out),
        Format::Heif | Format::Avif => {
            iso(&mut src, &mut out);
            photo_marks::search_xmp(&mut src, &mut out);
        }
        Format::Mp4 | Format::Mov | Format::ThreeGp | Format::Cr3 => iso(&mut src, &mut out),
        Format::Avi | Format::Wav => movie_marks::riff(&mut src, &mut out),
        Format::Matroska | Format::Webm => movie_marks::matroska(&mut src, &mut out),
        Format::MpegTs => {
            marks::encoders(&mut src, 0, u64::MAX, &mut out);
            let provider = transport::read(&mut src, &mut out.container);
            if let Some((written, offset)) = provider {
                out.trace("ts.provider", written, offset);
            }
        }
        Format::MpegPs | Format::Flv => marks::encoders(&mut src, 0, u64::MAX, &mut out),
        _ => {}
    }
    out
}

/// Boxes of the top level, then the start of the media data.
fn iso(src: &mut Source<'_>, out: &mut Structure) {
    let len = src.len();
    let top = bmff::children(src, 0, len);
    movie::read(src, &top, out);
    if top.iter().any(|b| &b.kind == b"moof") {
        fragments::read(src, &mut out.container);
    }
    if let Some(mdat) = top.iter().find(|b| &b.kind == b"mdat") {
        // Behind it may stand the film of a motion photo.
        marks::encoders(src, mdat.body(), mdat.end(), out);
    }
}

fn outline(src: &mut Source<'_>, format: Format, name: &str) -> Walk {
    match format {
        Format::Jpeg => jpeg::walk(src).0,
        Format::Png => raster::png(src),
        Format::Gif => raster::gif(src),
        Format::Bmp => raster::bmp(src),
        Format::Tiff => tiff::walk(src),
        Format::Heif | Format::Avif | Format::Cr3 => bmff::walk(src, 0, true),
        Format::Mp4 | Format::Mov | Format::ThreeGp => bmff::walk(src, 0, false),
        Format::Matroska | Format::Webm => ebml::walk(src),
        Format::Webp | Format::Avi | Format::Wav | Format::Riff => riff::walk(src),
        Format::MpegTs => stream::ts(src),
        Format::MpegPs => stream::ps(src),
        Format::Flv => stream::flv(src),
        Format::Pdf => document::pdf(src),
        Format::Zip | Format::Ooxml => document::zip(src),
        Format::Zeros if claims_recording(name) => Walk::new().cut(Text::new(
            "文件开头全为零,内容可能尚未复制完",
            "the file starts with zeros only: its content may not have arrived yet",
        )),
        Format::Unknown if claims_recording(name) && src.len() < SMALLEST_RECORDING_BYTES => {
            let len = src.len();
            Walk::new().cut(Text::new(
                format!("只有 {len} 字节,不足以构成一份记录"),
                format!("{len} bytes are too few for any recording"),
            ))
        }
        _ => Walk::new(),
    }
}
