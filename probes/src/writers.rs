//! Who writes what into media files: the signature data, shipped and the
//! admin's own.

use std::sync::LazyLock;

use serde::Deserialize;
use toml_edit::{Document, Item};

use crate::measurements::{Measurements, Trace};
use crate::text::Text;

/// What kind of writer left a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
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
    /// Changes what is said of a picture, not the picture.
    MetadataEditor,
}

/// One line of the signature data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writer {
    pattern: String,
    /// What kind of writer it is.
    pub who: Who,
    /// Its name for a person.
    pub name: String,
    source: String,
}

impl Writer {
    /// True if the name was met in real files of that writer; what is only
    /// known by hearsay supports and never settles anything.
    pub fn is_measured(&self) -> bool {
        !self.source.ends_with("not measured")
    }
}

/// Everything known of writers' names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writers {
    /// The admin's own lines; where one fits, the shipped ones are not asked.
    own: Vec<Writer>,
}

/// What is wrong with a file of signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    #[serde(default)]
    writer: Vec<Writer>,
}

static SHIPPED_TEXT: &str = include_str!("../data/writers.toml");

/// The shipped data is held to parse by a test.
static SHIPPED: LazyLock<Vec<Writer>> = LazyLock::new(|| parse(SHIPPED_TEXT).unwrap_or_default());

/// Shortest pattern in characters and in bytes: a shorter one fits words by
/// chance; a Chinese character takes three bytes.
const PATTERN_CHARS_MIN: usize = 2;
const PATTERN_BYTES_MIN: usize = 4;

/// Traces that describe structure or a state of the picture and name nobody.
const NAMELESS: &[&str] = &[
    "ftyp",
    "mvhd",
    "jpeg.order",
    "photoshop.ColorMode",
    "xmp.about",
    "MicrosoftPhoto.Rating",
    "MicrosoftPhoto.DateAcquired",
    "aigc",
    "aigc_info",
    "c2pa",
    "c2pa.digitalSourceType",
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

impl Writers {
    /// The shipped signatures and before them those in `own_text`, which is of
    /// the same format.
    pub fn with_own(own_text: &str) -> Result<Self, SignatureError> {
        parse(own_text).map(|own| Self { own })
    }

    /// How many lines are the admin's own.
    pub fn own_count(&self) -> usize {
        self.own.len()
    }

    /// The writer that `written` in `field` names; the longest pattern decides.
    /// Names are looked for at the starts of words: “bcut” is not in
    /// “subcutaneous”.
    pub fn named(&self, field: &str, written: &str) -> Option<&Writer> {
        let written = written.to_lowercase();
        let is_free_text = FREE_TEXT.contains(&field.rsplit('.').next().unwrap_or(field));
        let signs = |w: &&Writer| {
            if is_free_text && !is_machine_mark(&w.pattern) {
                written.starts_with(&w.pattern)
            } else {
                starts_a_word(&written, &w.pattern)
            }
        };
        let longest = |list: &'_ [Writer]| -> Option<usize> {
            let fitting = list.iter().enumerate().filter(|(_, w)| signs(w));
            fitting.max_by_key(|(_, w)| w.pattern.len()).map(|(i, _)| i)
        };
        match longest(&self.own) {
            Some(i) => self.own.get(i),
            None => longest(&SHIPPED).and_then(|i| SHIPPED.get(i)),
        }
    }

    /// Every trace that names a known writer, in file order.
    pub fn in_file<'a>(&'a self, m: &'a Measurements) -> Vec<(&'a Trace, &'a Writer)> {
        m.traces
            .iter()
            .filter(|t| !NAMELESS.contains(&t.field.as_str()))
            .filter_map(|t| self.named(&t.field, &t.written).map(|w| (t, w)))
            .collect()
    }
}

/// Reads signature data; what is wrong is told with its line.
fn parse(text: &str) -> Result<Vec<Writer>, SignatureError> {
    let malformed = |span: Option<std::ops::Range<usize>>, message: &str| {
        let message = message.trim().replace('\n', "; ");
        let why = Text::new(
            format!("不是有效的签名数据:{message}"),
            format!("no valid signatures: {message}"),
        );
        SignatureError {
            line: line_of(text, span),
            why,
        }
    };
    let document = Document::parse(text).map_err(|e| malformed(e.span(), e.message()))?;
    let data =
        toml_edit::de::from_str::<Data>(text).map_err(|e| malformed(e.span(), e.message()))?;
    let spans: Vec<_> = match document.as_table().get("writer") {
        Some(Item::ArrayOfTables(tables)) => tables.iter().map(|t| t.span()).collect(),
        _ => Vec::new(),
    };
    let mut writers = data.writer;
    for (i, w) in writers.iter_mut().enumerate() {
        w.pattern = w.pattern.to_lowercase();
        if let Some(why) = fault(w) {
            let line = line_of(text, spans.get(i).cloned().flatten());
            return Err(SignatureError { line, why });
        }
    }
    Ok(writers)
}

/// What is wrong with one line of data.
fn fault(w: &Writer) -> Option<Text> {
    let is_short =
        w.pattern.chars().count() < PATTERN_CHARS_MIN || w.pattern.len() < PATTERN_BYTES_MIN;
    if is_short {
        return Some(Text::new(
            format!(
                "pattern “{}” 太短,会误中其他词语:至少 4 个字母或 2 个汉字",
                w.pattern
            ),
            format!(
                "the pattern “{}” is so short that it fits other words: at least 4 letters or 2 Chinese characters",
                w.pattern
            ),
        ));
    }
    (w.name.trim().is_empty() || w.source.trim().is_empty()).then(|| {
        Text::new(
            "name 和 source 均须填写:名称供人阅读,出处说明依据",
            "name and source must both be given: whom it names, and how that is known",
        )
    })
}

/// The line, from 1, in which a span starts.
fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> usize {
    let start = span.map_or(0, |s| s.start);
    let before = text.as_bytes().iter().take(start);
    before.filter(|&&b| b == b'\n').count() + 1
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

/// True if a file type box (`isom 512 [isom iso2 avc1 mp41]`) has the minor
/// version that FFmpeg's muxer writes and no other that was measured: 512.
pub fn is_ffmpegs_file_type(written: &str) -> bool {
    let (brands, _) = written.split_once('[').unwrap_or((written, ""));
    brands.trim_end().ends_with(" 512")
}

/// `field "written" @offset`, the literal quotation.
pub fn quoted(trace: &Trace) -> String {
    match trace.offset_bytes {
        Some(offset) => format!("{} “{}” @{offset}", trace.field, trace.written),
        None => format!("{} “{}”", trace.field, trace.written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(field: &str, text: &str) -> Option<Writer> {
        Writers::default().named(field, text).cloned()
    }

    #[test]
    fn the_shipped_data_parses_and_is_well_formed() {
        let data = parse(SHIPPED_TEXT).unwrap();
        assert!(data.len() > 40);
        for w in &data {
            let written = format!("pattern = '{}'", w.pattern);
            assert!(
                SHIPPED_TEXT.contains(&written),
                "patterns are lower case: {written}"
            );
        }
    }

    #[test]
    fn own_lines_come_first_and_the_shipped_stay() {
        let own = "[[writer]]\npattern = 'Lavf58.29'\nwho = \"camera\"\nname = \"Body camera X\"\nsource = \"our own\"\n";
        let known = Writers::with_own(own).unwrap();
        let who = |text: &str| known.named("ilst.©too", text).map(|w| w.who);
        assert_eq!(who("Lavf58.29.100"), Some(Who::Camera));
        assert_eq!(who("Lavf60.3.100"), Some(Who::Encoder));
        assert_eq!(
            Writers::with_own("# none yet\n").unwrap(),
            Writers::default()
        );
    }

    #[test]
    fn what_is_wrong_in_own_lines_is_told_with_its_line() {
        let line = |text: &str| Writers::with_own(text).unwrap_err().line;
        let good = "[[writer]]\npattern = 'abcd'\nwho = \"editor\"\nname = \"A\"\nsource = \"b\"\n";
        assert_eq!(
            line(&format!(
                "{good}\n[[writer]]\npattern = 'ab'\nwho = \"editor\"\nname = \"A\"\nsource = \"b\"\n"
            )),
            7
        );
        assert_eq!(line(&good.replace("editor", "nobody")), 3);
        assert_eq!(line(&good.replace("name = \"A\"", "nam = \"A\"")), 4);
        assert_eq!(line(&format!("{good}what is this\n")), 6);
        assert_eq!(line(&good.replace("\"b\"", "\" \"")), 1);
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
        let names = |text: &str| named("exif.Software", text).map(|w| w.name);
        for chance in [
            "Subcut 2",
            "PoBCut1",
            "大小影像管理",
            "NanoVSCOpe",
            "xLavf59",
        ] {
            assert_eq!(names(chance), None, "{chance}");
        }
        assert_eq!(names("com.bcut 2.1").unwrap(), "必剪 (BCut)");
        assert_eq!(names("(Lavf59)").unwrap(), "FFmpeg (Lavf)");
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
