//! The filters of the list: what the address asks, checked, and addresses that
//! ask something else.

use serde::Deserialize;
use unbroken_config::{Config, fold};
use unbroken_probes::judge::Verdict;

use super::super::file::file_id;
use super::super::line::{verdict_of, verdict_word};
use super::super::refusal::Refusal;
use crate::life::State;
use crate::port::ledger::{FileId, Filter};

/// Most characters of a case number; the longest pattern in use has about 20.
const NUMBER_CHARS_MAX: usize = 100;

/// What the address asks, unchecked. An empty field asks nothing: that is how
/// a form sends what was left open.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    before: String,
}

/// What is asked, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub state: Option<State>,
    pub verdict: Option<Verdict>,
    pub number: Option<String>,
    pub before: Option<FileId>,
}

/// The answer to an address that cannot be read at all.
pub(super) fn unreadable() -> Refusal {
    Refusal::wrong_request(
        "网址中的筛选条件无法识别;可用 state、verdict、number、before,各一次。",
        "The filter in the address cannot be read; it takes state, verdict, number and before, \
         each once.",
    )
}

impl Chosen {
    /// Checks what is asked.
    pub(super) fn of(asked: Asked, config: &Config) -> Result<Self, Refusal> {
        let state = open_or(&asked.state, State::parse).ok_or_else(|| {
            let known = State::ALL.map(State::as_str).join(", ");
            Refusal::wrong_request(
                format!("没有这个状态;可用:{known}"),
                format!("There is no such state; there are: {known}"),
            )
        })?;
        let verdict = open_or(&asked.verdict, verdict_of).ok_or_else(|| {
            let known = super::VERDICTS.map(verdict_word).join(", ");
            Refusal::wrong_request(
                format!("没有这个结论;可用:{known}"),
                format!("There is no such verdict; there are: {known}"),
            )
        })?;
        let number =
            open_or(asked.number.trim(), |text| number_of(text, config)).ok_or_else(|| {
                Refusal::wrong_request("编号无法识别。", "The case number cannot be read.")
            })?;
        let before = open_or(&asked.before, file_id).ok_or_else(|| {
            Refusal::wrong_request(
                "before 应为文件编号,形如 F00000012。",
                "before is the number of a file, such as F00000012.",
            )
        })?;
        Ok(Self {
            state,
            verdict,
            number,
            before,
        })
    }

    /// True if nothing is chosen.
    pub(super) fn is_first_page(&self) -> bool {
        *self == Self::default()
    }

    /// True if only some files are wanted.
    pub(super) fn is_filtered(&self) -> bool {
        self.state.is_some() || self.verdict.is_some() || self.number.is_some()
    }

    /// The same with another state, from the newest file on.
    pub(super) fn in_state(&self, state: Option<State>) -> Self {
        Self {
            state,
            before: None,
            ..self.clone()
        }
    }

    /// The same with another verdict, from the newest file on.
    pub(super) fn with_verdict(&self, verdict: Option<Verdict>) -> Self {
        Self {
            verdict,
            before: None,
            ..self.clone()
        }
    }

    /// The same, from the file before this one on.
    pub(super) fn before(&self, id: FileId) -> Self {
        Self {
            before: Some(id),
            ..self.clone()
        }
    }

    /// What the ledger is asked for this page.
    pub(super) fn page(&self, limit: u32) -> Filter {
        Filter {
            states: self.state.into_iter().collect(),
            held: false,
            verdict: self.verdict.map(|v| verdict_word(v).to_owned()),
            case_number: self.number.clone(),
            before: self.before,
            limit,
        }
    }

    /// What the ledger is asked for all pages together.
    pub(super) fn all(&self, limit: u32) -> Filter {
        Filter {
            before: None,
            ..self.page(limit)
        }
    }

    /// The address that asks this.
    pub(super) fn link(&self) -> String {
        let parts = [
            ("state", self.state.map(|s| s.as_str().to_owned())),
            ("verdict", self.verdict.map(|v| verdict_word(v).to_owned())),
            ("number", self.number.as_deref().map(percent_encoded)),
            ("before", self.before.map(|id| id.to_string())),
        ];
        let query: Vec<String> = parts
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}={}", value?)))
            .collect();
        if query.is_empty() {
            "/".to_owned()
        } else {
            format!("/?{}", query.join("&"))
        }
    }

    /// The number as the form shows it.
    pub(super) fn number_words(&self) -> &str {
        self.number.as_deref().unwrap_or_default()
    }
}

/// `Some(None)` if nothing is asked, `None` if it cannot be read.
fn open_or<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() {
        return Some(None);
    }
    read(text).map(Some)
}

/// The number as the ledger writes it, however it was typed. U+FFFD stands
/// where the address held no text.
fn number_of(text: &str, config: &Config) -> Option<String> {
    if text.chars().count() > NUMBER_CHARS_MAX
        || text.contains(|c: char| c.is_control() || c == '\u{fffd}')
    {
        return None;
    }
    let patterns = config.number_patterns();
    let found = patterns.iter().find_map(|pattern| pattern.matches(text));
    Some(found.map_or_else(|| fold(text), |found| found.canonical))
}

/// Text as a value within an address (RFC 3986: all but the unreserved).
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
