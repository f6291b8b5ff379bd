//! The maker's own notes in EXIF: whose they are by their first bytes, and
//! whether what they point to is still where it was. Many makers count from
//! the TIFF header outside; a program that moves such notes and does not know
//! their form leaves them pointing into the void. Forms as documented for
//! ExifTool (MakerNotes.pm) and Exiv2 (makernote formats by E. Brümmer et al.).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::maker_clock;
use super::tiff::{Tiff, value_size_bytes};

/// Tags followed; real notes have below two hundred.
const TAGS_MAX: u16 = 1_024;
/// Bytes quoted of a form that is not known.
const HEAD_BYTES: usize = 16;

/// The maker's notes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MakerNote {
    /// Where they stand, from the TIFF header.
    pub offset_bytes: u64,
    /// Length.
    pub size_bytes: u64,
    /// Whose form it is by its first bytes: `apple`, `canon`, `nikon` …
    pub form: Option<String>,
    /// The first bytes as text.
    pub head: String,
    /// Tags of their directory, if the form has one that counts from the TIFF
    /// header outside; others may be moved without harm and are not followed.
    pub tags: Option<u32>,
    /// Values that the directory points to.
    pub values: u32,
    /// Of these, the ones that do not lie within the notes.
    pub values_outside: u32,
    /// Of these, the ones that do not even lie within the block.
    pub values_beyond: u32,
    /// How far the notes were moved, forward positive, since their pointers
    /// were written, by the pointer to the first value; 0 if not at all.
    pub moved_bytes: Option<i64>,
    /// Times in them, as EXIF writes times; `None` if nobody looked for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<String>>,
}

/// From where pointers in the notes count.
#[derive(Clone, Copy, PartialEq)]
enum Base {
    /// From the TIFF header of the block.
    Block,
    /// From within the notes, or there is no directory.
    Own,
}

/// A form: its first bytes, its name, where its directory stands.
struct Form {
    head: &'static [u8],
    name: &'static str,
    directory: u64,
    base: Base,
}

const fn form(head: &'static [u8], name: &'static str, directory: u64, base: Base) -> Form {
    Form {
        head,
        name,
        directory,
        base,
    }
}

/// The longer of two that start alike stands first.
const FORMS: &[Form] = &[
    form(b"Apple iOS\0", "apple", 14, Base::Own),
    form(b"Nikon\0\x01", "nikon", 8, Base::Block),
    form(b"Nikon\0", "nikon", 18, Base::Own),
    form(b"OLYMPUS\0", "olympus", 12, Base::Own),
    form(b"OM SYSTEM\0", "olympus", 16, Base::Own),
    form(b"OLYMP\0", "olympus", 8, Base::Block),
    form(b"Panasonic\0", "panasonic", 12, Base::Block),
    form(b"FUJIFILM", "fujifilm", 12, Base::Own),
    form(b"SONY DSC \0", "sony", 12, Base::Block),
    form(b"SONY CAM \0", "sony", 12, Base::Block),
    form(b"SONY MOBILE\0", "sony", 12, Base::Block),
    form(b"PENTAX \0", "pentax", 10, Base::Own),
    form(b"AOC\0", "pentax", 6, Base::Block),
    form(b"QVC\0", "casio", 6, Base::Block),
    form(b"SIGMA\0", "sigma", 10, Base::Block),
    form(b"HUAWEI\0", "huawei", 0, Base::Own),
    form(b"MOT\0", "motorola", 8, Base::Own),
    form(b"KDK", "kodak", 0, Base::Own),
    form(b"LEICA\0", "leica", 8, Base::Own),
];

/// Makers whose notes start with their directory, and its form's name.
const BARE: &[(&str, &str)] = &[("canon", "canon"), ("minolta", "minolta")];

impl MakerNote {
    /// Whose notes these are, as the form's owners write their name in Make;
    /// `None` if others use the form too, or it is not known.
    pub fn owners(&self) -> Option<&'static [&'static str]> {
        Some(match self.form.as_deref()? {
            "apple" => &["apple"],
            "nikon" => &["nikon"],
            "sony" => &["sony", "hasselblad"],
            "panasonic" => &["panasonic", "leica"],
            "huawei" => &["huawei", "honor", "leica"],
            "pentax" => &["pentax", "asahi", "ricoh", "samsung"],
            "casio" => &["casio", "pentax", "asahi"],
            _ => return None,
        })
    }
}

/// Looks at the notes that stand at `offset` of `block` with `size` bytes.
pub(super) fn read(block: &[u8], make: &str, offset: u64, size: u64) -> Option<MakerNote> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    let notes = block.get(start..end.min(block.len()))?;
    let mut found = MakerNote {
        offset_bytes: offset,
        size_bytes: size,
        head: notes.iter().take(HEAD_BYTES).map(printable).collect(),
        ..MakerNote::default()
    };
    let known = FORMS.iter().find(|f| notes.starts_with(f.head));
    let make = make.to_lowercase();
    let bare = BARE.iter().find(|(of, _)| make.starts_with(of));
    let directory = match (known, bare) {
        (Some(form), _) => {
            found.form = Some(form.name.to_owned());
            (form.base == Base::Block).then_some(form.directory)
        }
        (None, Some((_, name))) => {
            found.form = Some((*name).to_owned());
            Some(0)
        }
        (None, None) => None,
    };
    if let Some(directory) = directory {
        follow(block, offset.checked_add(directory)?, &mut found);
    }
    found.times = Some(maker_clock::read(notes, found.form.as_deref()));
    Some(found)
}

/// A byte as text; what cannot be printed is a dot.
fn printable(byte: &u8) -> char {
    match byte {
        0x20..=0x7E => char::from(*byte),
        _ => '.',
    }
}

/// Follows a directory whose pointers count from the block's header. Its byte
/// order is the block's, or, if that makes no sense, the other.
fn follow(block: &[u8], at: u64, found: &mut MakerNote) {
    let Some(outer) = Tiff::of(block) else {
        return;
    };
    let is_sensible =
        |tiff: &Tiff<'_>| tiff.u16_at(at).is_some_and(|n| (1..=TAGS_MAX).contains(&n));
    let other = Tiff::bare(block, !outer.is_little_endian);
    let Some(tiff) = [outer, other].into_iter().find(is_sensible) else {
        return;
    };
    let count = tiff.u16_at(at).unwrap_or(0);
    let (start, end) = (
        found.offset_bytes,
        found.offset_bytes.saturating_add(found.size_bytes),
    );
    let mut tags = 0_u32;
    let mut first: Option<u64> = None;
    for entry in tiff.entries(at, count) {
        tags += 1;
        let size = value_size_bytes(entry.kind, entry.count);
        let value = u64::from(entry.value);
        if size <= 4 || value == 0 {
            continue;
        }
        found.values += 1;
        let value_end = value.saturating_add(size);
        found.values_outside += u32::from(value < start || value_end > end);
        found.values_beyond += u32::from(value_end > block.len() as u64);
        first = Some(first.map_or(value, |f| f.min(value)));
    }
    found.tags = Some(tags);
    // The first value follows the directory, with or without the four bytes
    // that may name a next one.
    let behind = at.saturating_add(2 + 12 * u64::from(count));
    found.moved_bytes = first.and_then(|first| {
        let behind = i64::try_from(behind).ok()?;
        let first = i64::try_from(first).ok()?;
        let is_there = (0..=4).contains(&first.checked_sub(behind)?);
        if is_there {
            Some(0)
        } else {
            behind.checked_add(4)?.checked_sub(first)
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::metadata::tiny_exif::Block;

    /// Notes with a directory of two tags that point to values within them,
    /// as they stood at `written_at`.
    fn notes(head: &[u8], written_at: u32) -> Vec<u8> {
        let mut out = head.to_vec();
        let values = written_at + head.len() as u32 + 2 + 24 + 4;
        out.extend(2_u16.to_le_bytes());
        for (tag, at) in [(1_u16, values), (2, values + 12)] {
            out.extend(tag.to_le_bytes());
            out.extend(2_u16.to_le_bytes());
            out.extend(12_u32.to_le_bytes());
            out.extend(at.to_le_bytes());
        }
        out.extend([0; 4]);
        out.extend([b'x'; 24]);
        out
    }

    fn found(make: &'static str, note: fn(u32) -> Vec<u8>) -> MakerNote {
        let block = Block {
            make,
            maker_note: Some(note),
            ..Block::default()
        }
        .bytes();
        let layout = super::super::layout::read(&block).unwrap();
        let tiff = Tiff::of(&block).unwrap();
        let exif = layout
            .directories
            .iter()
            .find(|d| d.name == "Exif")
            .unwrap();
        let entry = tiff
            .entries(exif.offset_bytes, 20)
            .find(|e| e.tag == 0x927C)
            .unwrap();
        read(&block, make, u64::from(entry.value), u64::from(entry.count)).unwrap()
    }

    #[test]
    fn notes_where_they_were_written_point_into_themselves() {
        for (make, note) in [
            (
                "SONY",
                (|at| notes(b"SONY DSC \0\0\0", at)) as fn(u32) -> Vec<u8>,
            ),
            ("Canon", |at| notes(b"", at)),
            ("Panasonic", |at| notes(b"Panasonic\0\0\0", at)),
        ] {
            let found = found(make, note);
            assert_eq!((found.tags, found.values), (Some(2), 2), "{make}");
            assert_eq!(
                (found.values_outside, found.moved_bytes),
                (0, Some(0)),
                "{make}"
            );
        }
    }

    #[test]
    fn moved_notes_say_how_far() {
        let moved = found("SONY", |at| notes(b"SONY DSC \0\0\0", at - 50));
        assert_eq!((moved.moved_bytes, moved.values_outside), (Some(50), 1));
        let back = found("Canon", |at| notes(b"", at + 4000));
        assert_eq!((back.moved_bytes, back.values_outside), (Some(-4000), 2));
        assert_eq!(back.values_beyond, 2);
    }

    #[test]
    fn notes_that_count_from_within_may_be_moved() {
        let apple = found("Apple", |_| b"Apple iOS\0\0\x01MM\0\x02junk".to_vec());
        assert_eq!(apple.form.as_deref(), Some("apple"));
        assert_eq!((apple.tags, apple.moved_bytes), (None, None));
        assert_eq!(apple.owners(), Some(&["apple"][..]));
        let unknown = found("Acme", |_| b"vendor's own form".to_vec());
        assert_eq!((unknown.form.as_deref(), unknown.owners()), (None, None));
        assert_eq!(unknown.head, "vendor's own for");
    }

    #[test]
    fn a_hostile_directory_is_followed_to_the_block_s_end_at_most() {
        let block = Block::default().bytes();
        for offset in 0..block.len() as u64 + 4 {
            for make in ["Canon", "SONY"] {
                let _ = read(&block, make, offset, u64::MAX);
                let _ = read(&block, make, offset, 3);
            }
        }
    }
}
