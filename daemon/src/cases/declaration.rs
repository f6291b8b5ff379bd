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
    /// What it says that nobody understands: keys that are not known.
    pub remarks: Vec<Text>,
    /// Why it cannot be used, if it cannot.
    pub fault: Option<Text>,
}

/// Keys that a declaration may have. Team, devices and statements are for
/// people; they are not read yet, and they are no slip of the pen.
const KEYS: [&str; 8] = [
    "version",
    "kind",
    "number",
    "institution",
    "visit",
    "team",
    "devices",
    "statements",
];
/// Keys of `[visit]`.
const VISIT_KEYS: [&str; 5] = ["start", "end", "team", "devices", "statements"];

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

    /// What all usable declarations above a file say together; for each thing
    /// the nearest that speaks of it counts.
    pub fn nearest_of(declarations: &[Self]) -> Self {
        let usable = || declarations.iter().filter(|d| d.fault.is_none());
        Self {
            kind: usable().find_map(|d| d.kind.clone()),
            number: usable().find_map(|d| d.number.clone()),
            institution: usable().find_map(|d| d.institution.clone()),
            visit: usable().find_map(|d| d.visit),
            remarks: usable().flat_map(|d| d.remarks.clone()).collect(),
            fault: None,
        }
    }

    /// Stands for a declaration that may be there and could not be read.
    pub fn unread(why: &str) -> Self {
        Self {
            fault: Some(Text::new(
                format!("case.toml 未能读取:{why}"),
                format!("case.toml could not be read: {why}"),
            )),
            ..Self::default()
        }
    }

    fn try_parse(bytes: &[u8], offset: FixedOffset) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|e| format!("UTF-8: {e}"))?;
        let document: DocumentMut = text
            .trim_start_matches('\u{feff}')
            .parse()
            .map_err(|e: toml_edit::TomlError| e.message().to_owned())?;
        let word = |key: &str| match document.get(key) {
            None => Ok(None),
            Some(item) => match item.as_str() {
                Some(text) if !text.trim().is_empty() => Ok(Some(text.trim().to_owned())),
                _ => Err(format!("{key} 应为加引号的文字 / must be a text in quotes")),
            },
        };
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
            kind: word("kind")?,
            number: word("number")?,
            institution: word("institution")?,
            visit,
            remarks: unknown_keys(&document),
            fault: None,
        })
    }
}

/// What stands in a declaration under keys that nobody reads.
fn unknown_keys(document: &DocumentMut) -> Vec<Text> {
    let top = document
        .iter()
        .filter(|(key, _)| !KEYS.contains(key))
        .map(|(key, _)| key.to_owned());
    let visit = document.get("visit").and_then(Item::as_table_like);
    let inner = visit
        .into_iter()
        .flat_map(|table| table.iter())
        .filter(|(key, _)| !VISIT_KEYS.contains(key))
        .map(|(key, _)| format!("visit.{key}"));
    top.chain(inner)
        .map(|key| {
            Text::new(
                format!("case.toml 中的 {key} 无法识别,未采用"),
                format!("{key} in case.toml is not known and was not used"),
            )
        })
        .collect()
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
            "number = 5",
            "kind = true",
            "institution = \"\"",
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
    fn a_key_that_nobody_knows_is_said_and_the_rest_counts() {
        let text = "number = \"YW2026040001\"\nnumer = \"x\"\nteam = [\"张\"]\n[visit]\n\
                    start = 2026-04-12T09:00:00\nend = 2026-04-12T17:00:00\nending = 1";
        let declaration = Declaration::parse(text.as_bytes(), shanghai());
        let said: Vec<&str> = declaration.remarks.iter().map(|r| r.en.as_str()).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("numer ") && said[1].starts_with("visit.ending "));
        assert_eq!(declaration.number.as_deref(), Some("YW2026040001"));
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
