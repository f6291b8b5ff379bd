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
    #[cfg_attr(not(test), expect(dead_code, reason = "for who reads the data file"))]
    source: String,
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

/// The writer that `written` names; the longest pattern decides.
fn named(written: &str) -> Option<&'static Writer> {
    let written = written.to_lowercase();
    WRITERS
        .iter()
        .filter(|w| written.contains(&w.pattern))
        .max_by_key(|w| w.pattern.len())
}

/// Every trace that names a known writer, in file order.
pub(super) fn in_file(m: &Measurements) -> Vec<(&Trace, &'static Writer)> {
    m.traces
        .iter()
        .filter(|t| !NAMELESS.contains(&t.field.as_str()))
        .filter_map(|t| named(&t.written).map(|w| (t, w)))
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
        let who = |text: &str| named(text).map(|w| w.who);
        assert_eq!(
            who("Adobe Photoshop CC 2019 (Macintosh)"),
            Some(Who::Editor)
        );
        assert_eq!(who("Lavf59.27.100"), Some(Who::Encoder));
        assert_eq!(
            named("Adobe Photoshop Camera Raw 7.0").unwrap().name,
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
}
