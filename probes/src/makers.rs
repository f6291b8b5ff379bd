//! What originals of a maker were never seen to do, shipped with its sources.

use std::sync::LazyLock;

use serde::Deserialize;

/// One maker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    make: String,
    /// True if no original's EXIF block was packed
    /// ([`crate::measure::metadata::layout::ExifLayout::is_packed`]).
    #[serde(default)]
    pub never_packed: bool,
    /// True if no original was put together as libjpeg does
    /// ([`crate::measurements::JpegParts::is_coded_as_by_libjpeg`]), JFIF first.
    #[serde(default)]
    pub never_library: bool,
    /// True if none was without JFIF, with the tables of the common formula.
    #[serde(default)]
    pub never_library_bare: bool,
    /// Originals looked at.
    pub files: u32,
    /// Of how many models.
    pub models: u32,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    maker: Vec<Maker>,
}

static TEXT: &str = include_str!("../data/makers.toml");

/// The shipped data is held to parse by a test.
static MAKERS: LazyLock<Vec<Maker>> = LazyLock::new(|| {
    toml_edit::de::from_str::<Data>(TEXT).map_or_else(|_| Vec::new(), |d| d.maker)
});

/// What is known of the maker that EXIF names.
pub fn of(make: &str) -> Option<&'static Maker> {
    let make = make.trim().to_lowercase();
    MAKERS.iter().find(|m| make.starts_with(&m.make))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_data_parses_and_rests_on_files() {
        let data: Data = toml_edit::de::from_str(TEXT).unwrap();
        assert!(data.maker.len() > 5);
        for m in &data.maker {
            assert!(
                m.files >= 3 && m.models >= 1 && !m.source.is_empty(),
                "{}",
                m.make
            );
            assert_eq!(m.make, m.make.to_lowercase());
            assert!(m.never_packed || m.never_library, "{}", m.make);
        }
        assert_eq!(of("NIKON CORPORATION").unwrap().make, "nikon");
        let sony = of("SONY").unwrap();
        assert!(sony.never_library && !sony.never_packed);
        // Their own phones write as the library does.
        for make in ["OPPO", "realme"] {
            assert!(of(make).is_some_and(|maker| !maker.never_library));
        }
        assert_eq!(of(""), None);
    }
}
