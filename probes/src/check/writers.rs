//! Who writes what into media files: the signature data, parsed once.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::measurements::{Measurements, Trace};

/// What kind of writer left a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Who {
    /// Changes content.
    Editor,
    /// Encodes or wraps; also built into recorders.
    Encoder,
    /// Re-encodes what is sent.
    Messenger,
    /// Records itself.
    CaptureApp,
    /// A recorder's own firmware.
    Camera,
    /// Viewer or gallery of an operating system.
    OsExport,
}

/// One line of the signature data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Writer {
    pattern: String,
    /// What kind of writer it is.
    pub(super) who: Who,
    /// Its name for a person.
    pub(super) name: String,
    source: String,
}

impl Writer {
    /// True if the name was met in real files of that writer; what is only
    /// known by hearsay supports and never settles anything.
    pub(super) fn is_measured(&self) -> bool {
        !self.source.ends_with("not measured")
    }
}

#[derive(Deserialize)]
struct Data {
    writer: Vec<Writer>,
}

static TEXT: &str = include_str!("../../data/writers.toml");

/// The shipped data is held to parse by a test.
static WRITERS: LazyLock<Vec<Writer>> = LazyLock::new(|| {
    let data = toml_edit::de::from_str::<Data>(TEXT);
    data.map(|d| d.writer).unwrap_or_default()
});

/// Traces that describe structure or a state of the picture and name nobody.
const NAMELESS: &[&str] = &[
    "ftyp",
    "mvhd",
    "jpeg.order",
    "photoshop.ColorMode",
    "aigc",
    "aigc_info",
];

/// Last parts of the names of fields in which people write what they like. A
/// program that signs there puts its name first.
const FREE_TEXT: &[&str] = &[
    "com",
    "comment",
    "Comment",
    "UserComment",
    "ImageDescription",
    "Description",
    "description",
    "Title",
    "title",
    "information",
    "COMMENT",
    "DESCRIPTION",
    "TITLE",
    "SYNOPSIS",
    "SUMMARY",
    "ICMT",
    "INAM",
    "ISBJ",
    "IKEY",
    "©cmt",
    "©des",
    "©inf",
    "desc",
    "ldes",
];

/// The writer that `written` in `field` names; the longest pattern decides.
/// Names are looked for at the starts of words: “bcut” is not in “subcutaneous”.
pub(super) fn named(field: &str, written: &str) -> Option<&'static Writer> {
    let written = written.to_lowercase();
    let is_free_text = FREE_TEXT.contains(&field.rsplit('.').next().unwrap_or(field));
    let signs = |w: &&Writer| {
        if is_free_text && !is_machine_mark(&w.pattern) {
            written.starts_with(&w.pattern)
        } else {
            starts_a_word(&written, &w.pattern)
        }
    };
    WRITERS.iter().filter(signs).max_by_key(|w| w.pattern.len())
}

/// What nobody writes into a comment by hand: a name in the quotation marks of
/// a data format, or an identifier.
fn is_machine_mark(pattern: &str) -> bool {
    pattern.contains(['"', '_'])
}

fn starts_a_word(text: &str, pattern: &str) -> bool {
    let starts_with_letter = pattern.chars().next().is_some_and(char::is_alphanumeric);
    text.match_indices(pattern).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        !starts_with_letter || before.is_none_or(|c| !c.is_alphanumeric())
    })
}

/// Every trace that names a known writer, in file order.
pub(super) fn in_file(m: &Measurements) -> Vec<(&Trace, &'static Writer)> {
    m.traces
        .iter()
        .filter(|t| !NAMELESS.contains(&t.field.as_str()))
        .filter_map(|t| named(&t.field, &t.written).map(|w| (t, w)))
        .collect()
}

/// `field "written" @offset`, the literal quotation.
pub(super) fn quoted(trace: &Trace) -> String {
    match trace.offset_bytes {
        Some(offset) => format!("{} “{}” @{offset}", trace.field, trace.written),
        None => format!("{} “{}”", trace.field, trace.written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_parses_and_is_well_formed() {
        let data: Data = toml_edit::de::from_str(TEXT).unwrap();
        assert!(data.writer.len() > 40);
        for w in &data.writer {
            assert_eq!(
                w.pattern,
                w.pattern.to_lowercase(),
                "patterns are lower case"
            );
            assert!(
                w.pattern.chars().count() >= 2 && w.pattern.len() >= 4,
                "{}",
                w.pattern
            );
            assert!(!w.source.is_empty() && !w.name.is_empty());
        }
    }

    #[test]
    fn editors_are_named_and_firmware_is_not() {
        let who = |text: &str| named("exif.Software", text).map(|w| w.who);
        assert_eq!(
            who("Adobe Photoshop CC 2019 (Macintosh)"),
            Some(Who::Editor)
        );
        assert_eq!(who("Lavf59.27.100"), Some(Who::Encoder));
        assert_eq!(
            named("xmp.CreatorTool", "Adobe Photoshop Camera Raw 7.0")
                .unwrap()
                .name,
            "Adobe Camera Raw"
        );
        for firmware in [
            "16.1.2",
            "HDR+ 1.0.2200",
            "MediaTek Camera Application",
            "J327T1UVS4ASH2",
            "Ver.1.00",
            "GoPro AVC encoder",
            "Core Media Video",
            "VideoHandle",
            "HD5.02.02.00.00",
            "NIKON D70",
        ] {
            assert_eq!(who(firmware), None, "{firmware}");
        }
    }
    #[test]
    fn a_name_inside_a_word_names_nobody() {
        let names = |text: &str| named("exif.Software", text).map(|w| w.name.as_str());
        for chance in [
            "Subcut 2",
            "PoBCut1",
            "大小影像管理",
            "NanoVSCOpe",
            "xLavf59",
        ] {
            assert_eq!(names(chance), None, "{chance}");
        }
        assert_eq!(names("com.bcut 2.1"), Some("必剪 (BCut)"));
        assert_eq!(names("(Lavf59)"), Some("FFmpeg (Lavf)"));
    }

    #[test]
    fn what_people_write_about_a_program_is_not_its_signature() {
        let named_in = |field: &str, text: &str| named(field, text).is_some();
        for field in [
            "exif.UserComment",
            "com",
            "ilst.©cmt",
            "mkv.tag.COMMENT",
            "png.Description",
        ] {
            assert!(
                !named_in(field, "no Photoshop, no 剪映: as taken"),
                "{field}"
            );
            assert!(!named_in(field, "edit later in Adobe Photoshop"), "{field}");
        }
        assert!(named_in("com", "CREATOR: gd-jpeg v1.0"));
        assert!(named_in("com", "File written by Adobe Photoshop 5.0"));
        assert!(named_in("ilst.©cmt", "{\"product\":\"vicut\"}"));
    }
}
