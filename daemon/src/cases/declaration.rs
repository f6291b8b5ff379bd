//! `case.toml`: what a team declares of a case, in the case's folder.
//!
//! ```toml
//! version = 1
//! kind = "A"                      # code of the flow
//! number = "YW2026040001"
//! institution = "某某检测技术有限公司"
//! [visit]
//! start = "2026-04-12T09:00"      # without a zone: the configured one
//! end = "2026-04-12T16:30"
//! ```
//!
//! More may stand in it than is read here.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use toml_edit::{DocumentMut, Item};
use unbroken_probes::text::Text;

use super::Window;
use crate::port::share::RelPath;

/// Longest declaration that is read.
pub const DECLARATION_BYTES_MAX: u64 = 256 << 10;
/// Most folders above a file in which a declaration is looked for.
const FOLDERS_MAX: usize = 8;

/// What one `case.toml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Declaration {
    /// The flow's code.
    pub kind: Option<String>,
    /// The case's number as written.
    pub number: Option<String>,
    /// The institution that is reviewed.
    pub institution: Option<String>,
    /// When the visit took place.
    pub visit: Option<Window>,
    /// Why it cannot be used, if it cannot.
    pub fault: Option<Text>,
}

impl Declaration {
    /// Reads the bytes of a `case.toml`; a fault stands in the result.
    pub fn parse(bytes: &[u8], offset: FixedOffset) -> Self {
        match Self::try_parse(bytes, offset) {
            Ok(this) => this,
            Err(why) => Self {
                fault: Some(Text::new(
                    format!("case.toml 无法使用:{why}"),
                    format!("case.toml cannot be used: {why}"),
                )),
                ..Self::default()
            },
        }
    }

    fn try_parse(bytes: &[u8], offset: FixedOffset) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|e| format!("UTF-8: {e}"))?;
        let document: DocumentMut = text
            .trim_start_matches('\u{feff}')
            .parse()
            .map_err(|e: toml_edit::TomlError| e.message().to_owned())?;
        let word = |key: &str| document.get(key).and_then(Item::as_str).map(str::to_owned);
        match document.get("version").map(Item::as_integer) {
            None | Some(Some(1)) => {}
            Some(_) => return Err("version 应为 1 / must be 1".to_owned()),
        }
        let visit = match document.get("visit") {
            None => None,
            Some(visit) => {
                let at = |key| {
                    visit
                        .get(key)
                        .and_then(|item| instant(item, offset))
                        .ok_or_else(|| {
                            format!("visit.{key} 应为 2026-04-12T09:00 / must look like that")
                        })
                };
                let window = Window {
                    start: at("start")?,
                    end: at("end")?,
                };
                if window.end < window.start {
                    return Err("visit.end 早于 visit.start / is before visit.start".to_owned());
                }
                Some(window)
            }
        };
        Ok(Self {
            kind: word("kind"),
            number: word("number"),
            institution: word("institution"),
            visit,
            fault: None,
        })
    }
}

/// A moment as a string or as TOML's own kind, with or without a zone.
fn instant(item: &Item, offset: FixedOffset) -> Option<DateTime<Utc>> {
    let text = match item.as_datetime() {
        Some(moment) => moment.to_string(),
        None => item.as_str()?.trim().to_owned(),
    };
    if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
        return Some(at.to_utc());
    }
    let text = text.replace(' ', "T");
    let local = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())?;
    local
        .and_local_timezone(offset)
        .single()
        .map(|at| at.to_utc())
}

/// Where a `case.toml` for this file may lie, nearest first.
pub fn declaration_paths(path: &RelPath) -> Vec<RelPath> {
    let parts: Vec<&[u8]> = path.parts().collect();
    (1..parts.len())
        .rev()
        .take(FOLDERS_MAX)
        .filter_map(|depth| {
            let mut at = parts.get(..depth)?.join(&b'/');
            at.extend_from_slice(b"/case.toml");
            RelPath::new(at)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shanghai() -> FixedOffset {
        FixedOffset::east_opt(8 * 3600).unwrap()
    }

    #[test]
    fn a_declaration_is_read_with_and_without_zone() {
        let text = "kind = \"A\"\nnumber = \"YW2026040001\"\n[visit]\nstart = \"2026-04-12 09:00\"\nend = 2026-04-12T08:30:00Z\nteam = [\"张\"]";
        let declaration = Declaration::parse(text.as_bytes(), shanghai());
        let visit = declaration.visit.unwrap();
        assert_eq!(visit.start.to_rfc3339(), "2026-04-12T01:00:00+00:00");
        assert_eq!(visit.end.to_rfc3339(), "2026-04-12T08:30:00+00:00");
        assert_eq!(declaration.number.as_deref(), Some("YW2026040001"));
    }

    #[test]
    fn a_broken_declaration_says_why_and_declares_nothing() {
        for broken in [
            "visit = 3",
            "[visit]\nstart = \"x\"\nend = \"y\"",
            "=",
            "version = 2",
        ] {
            let declaration = Declaration::parse(broken.as_bytes(), shanghai());
            assert!(declaration.fault.is_some(), "{broken}");
            assert_eq!(declaration.number, None);
        }
        assert!(
            Declaration::parse(&[0xff, 0xfe], shanghai())
                .fault
                .is_some()
        );
    }

    #[test]
    fn it_is_looked_for_in_every_folder_above_nearest_first() {
        let path = RelPath::new("team/YW1/首次会议/a.jpg").unwrap();
        let found: Vec<String> = declaration_paths(&path)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "team/YW1/首次会议/case.toml",
                "team/YW1/case.toml",
                "team/case.toml"
            ]
        );
    }
}
