//! What a picture file says of itself in EXIF. XMP is read with the structure,
//! by [`crate::container`].
//!
//! **Why kamadak-exif.** It is small, has no `unsafe`, refuses an IFD that it
//! has visited before and more than eight in a row, parses values only when
//! they are asked for, and hands out what it could read of damaged data
//! together with what was wrong. nom-exif would read more around it: RAW
//! formats, CR3, and times and tracks of QuickTime and Matroska files; those
//! our own container readers read as evidence, with offsets, and maker notes
//! neither of them decodes. nom-exif also reads the EXIF that ImageMagick puts
//! into PNG as hexadecimal text; no camera writes that.
//!
//! **Bounds.** The parser is shown at most [`EXIF_READ_MAX_BYTES`] of a file.
//! Damage is recorded, never repaired.

use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurements::{Measurements, NotRun, Trace};

mod block;
mod budget;
mod canon_raw;
mod exif_fields;
pub mod layout;
mod maker_clock;
pub mod maker_note;
pub mod position;
mod tiff;
#[cfg(test)]
pub(crate) mod tiny_exif;
mod written_time;

use block::Found;
use budget::Budget;
use layout::ExifLayout;
use maker_note::MakerNote;

/// Most bytes of a file that the EXIF parser may read. Named guess: EXIF of
/// JPEG is at most 64 KiB by its segment length, of HEIF 128 KiB by the
/// parser; TIFF puts its directories anywhere.
pub const EXIF_READ_MAX_BYTES: u64 = 16 << 20;

/// How much of a file's front is looked at to find the block. Named guess: in
/// JPEG it is among the first segments, in WebP it follows the picture.
const HEAD_MAX_BYTES: u64 = 8 << 20;

/// Longest text of a trace, in characters.
const TRACE_MAX_CHARS: usize = 300;

/// Most complaints of the parser that are kept.
const DAMAGE_MAX: usize = 20;

/// Version of this instrument.
const VERSION: u32 = 3;

/// The EXIF block of a picture file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Exif {
    /// Where its TIFF header stands in the file, if the block lies in one
    /// piece within the part that was looked at.
    pub offset_bytes: Option<u64>,
    /// Length of the block.
    pub size_bytes: u64,
    /// True for `II`, false for `MM`.
    pub little_endian: bool,
    /// `0232` and the like, as written.
    pub version: Option<String>,
    /// How to turn the picture upright, 1 to 8 (Exif 3.0, 4.6.5.1.7).
    pub orientation: Option<u32>,
    /// PixelXDimension: the picture's width when EXIF was written.
    pub width_px: Option<u32>,
    /// PixelYDimension: the picture's height when EXIF was written.
    pub height_px: Option<u32>,
    /// The time in the thumbnail's directory, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_time: Option<String>,
    /// The small picture that the camera stored beside the large one.
    pub thumbnail: Option<Thumbnail>,
    /// Length of the maker's own notes; `None` if there are none.
    pub maker_note_bytes: Option<u64>,
    /// The maker's own notes: whose form, and whether they were moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker_note: Option<MakerNote>,
    /// How the block is laid out; `None` if it has no directory to follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<ExifLayout>,
    /// True if there is a position or a satellite time.
    pub gps: bool,
    /// What the parser could not read, at most 20 lines.
    pub damage: Vec<String>,
}

/// The embedded small JPEG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Thumbnail {
    /// Where it starts, from the TIFF header.
    pub offset_in_exif_bytes: u64,
    /// Where it starts in the file, if that is known.
    pub offset_bytes: Option<u64>,
    /// How long it says it is.
    pub size_bytes: u64,
    /// True if it lies within the block.
    pub whole: bool,
}

/// Reads EXIF of a JPEG, HEIF, TIFF, PNG or WebP file of `len_bytes`
/// into `m`. Other files are left alone. Never fails: damage ends in
/// [`Exif::damage`] or in [`Measurements::not_run`].
pub fn read_exif(r: &mut (impl Read + Seek), len_bytes: u64, m: &mut Measurements) {
    m.instruments.insert("exif".to_owned(), VERSION);
    let head = match head(r, len_bytes.min(HEAD_MAX_BYTES)) {
        Ok(head) => head,
        Err(e) => return not_run(m, format!("the file could not be read: {e}")),
    };
    let mut found_at = None;
    let joined = canon_raw::block(&head);
    let found = match &joined {
        Some(block) => Found::Joined(block),
        None => block::find(&head),
    };
    let parsed = match found {
        Found::Joined(block) => parsed(reader().read_raw(block.to_vec())),
        Found::Block(block, at) => {
            found_at = Some(at);
            parsed(reader().read_raw(block::as_tiff(block)))
        }
        Found::Nothing => Ok(None),
        Found::Unsure => r
            .seek(SeekFrom::Start(0))
            .map_err(|e| format!("the file could not be read: {e}"))
            .and_then(|_| {
                let mut budget = BufReader::new(Budget::new(&mut *r, EXIF_READ_MAX_BYTES));
                parsed(reader().read_from_container(&mut budget))
            }),
    };
    match parsed {
        Ok(Some((exif, damage))) => {
            let at = found_at.or_else(|| exif_fields::find_block(&exif, &head));
            exif_fields::read(&exif, damage, at.map(|at| at as u64), m);
        }
        Ok(None) => {}
        Err(why) => not_run(m, why),
    }
}

fn not_run(m: &mut Measurements, why: String) {
    m.not_run.push(NotRun {
        instrument: "exif".to_owned(),
        why,
    });
}

fn head(r: &mut (impl Read + Seek), len_bytes: u64) -> std::io::Result<Vec<u8>> {
    r.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    r.by_ref().take(len_bytes).read_to_end(&mut head)?;
    Ok(head)
}

type Parsed = (exif::Exif, Vec<String>);

/// Damage does not end the reading of what is whole.
fn reader() -> exif::Reader {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    reader
}

/// EXIF and what was wrong with it; `None` if there is none.
fn parsed(result: Result<exif::Exif, exif::Error>) -> Result<Option<Parsed>, String> {
    match result {
        Ok(exif) => Ok(Some((exif, Vec::new()))),
        Err(exif::Error::PartialResult(partial)) => {
            let (exif, errors) = partial.into_inner();
            let damage = errors.iter().take(DAMAGE_MAX).map(ToString::to_string);
            let damage = damage.collect();
            Ok(Some((exif, damage)))
        }
        Err(exif::Error::NotFound(_)) => Ok(None),
        // Not a format that carries EXIF in a way known here.
        Err(exif::Error::InvalidFormat("Unknown image format")) => Ok(None),
        Err(exif::Error::Io(e)) if e.kind() != ErrorKind::UnexpectedEof => {
            Err(format!("the file could not be read: {e}"))
        }
        Err(e) => Err(format!("EXIF is damaged: {e}")),
    }
}

/// The EXIF fields of a picture file, as far as they can be read.
pub fn fields(bytes: &[u8]) -> Option<exif::Exif> {
    let head = bytes.get(..HEAD_MAX_BYTES as usize).unwrap_or(bytes);
    if let Some(block) = canon_raw::block(head) {
        return reader().read_raw(block).ok();
    }
    let read = match block::find(head) {
        Found::Joined(block) => reader().read_raw(block.to_vec()),
        Found::Block(block, _) => reader().read_raw(block::as_tiff(block)),
        Found::Nothing => return None,
        Found::Unsure => reader().read_from_container(&mut std::io::Cursor::new(bytes)),
    };
    read.or_else(|error| error.distill_partial_result(|_| ()))
        .ok()
}

/// Adds a trace, cut to length and cleaned of padding; empty texts are none.
fn trace(m: &mut Measurements, field: &str, text: &str, offset_bytes: Option<u64>) {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if text.is_empty() {
        return;
    }
    m.traces.push(Trace {
        field: field.to_owned(),
        written: text.chars().take(TRACE_MAX_CHARS).collect(),
        offset_bytes,
    });
}

/// Where `needle` first stands in `hay`.
fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut from = 0;
    loop {
        let tail = hay.get(from..)?;
        let at = from + tail.iter().position(|b| b == first)?;
        if hay.get(at + 1..)?.starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests;
