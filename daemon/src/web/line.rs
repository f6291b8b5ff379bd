//! One file as a line of a list, and the words that all pages share.

use chrono::{DateTime, FixedOffset, Utc};
use unbroken_probes::judge::Verdict;
use unbroken_probes::text::StaticText;

use crate::cases::{Assignment, readable_path};
use crate::port::ledger::FileRow;
use crate::report::words;

/// The four results, in the order of screens.
pub(super) const VERDICTS: [Verdict; 4] = [
    Verdict::Fail,
    Verdict::Attention,
    Verdict::Unknown,
    Verdict::Pass,
];

/// The stable word of a result in ledger, metrics and addresses.
pub(super) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Unknown => "unknown",
        Verdict::Attention => "attention",
        Verdict::Fail => "fail",
    }
}

/// The result named by [`verdict_word`].
pub(super) fn verdict_of(word: &str) -> Option<Verdict> {
    VERDICTS
        .into_iter()
        .find(|verdict| verdict_word(*verdict) == word)
}

/// A result with its mark, class and words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    pub mark: &'static str,
    pub class: &'static str,
    pub text: StaticText,
}

impl Sign {
    pub(super) fn of(verdict: Verdict) -> Self {
        Self {
            mark: words::mark(verdict),
            class: words::verdict_class(verdict),
            text: words::verdict(verdict),
        }
    }
}

/// A text for people: Chinese, English.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pair {
    pub zh: String,
    pub en: String,
}

impl From<(String, String)> for Pair {
    fn from((zh, en): (String, String)) -> Self {
        Self { zh, en }
    }
}

impl From<(&str, &str)> for Pair {
    fn from((zh, en): (&str, &str)) -> Self {
        Self::from((zh.to_owned(), en.to_owned()))
    }
}

/// How long ago something happened; never negative, clocks are set back at times.
pub(super) fn age(since: DateTime<Utc>, now: DateTime<Utc>) -> Pair {
    let seconds = (now - since).num_seconds().max(0);
    words::duration(seconds as f64).into()
}

/// An instant in the configured zone.
pub(super) fn instant(at: DateTime<Utc>, zone: FixedOffset) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The original path, fit to be shown.
pub(super) fn original(row: &FileRow) -> String {
    words::plain_line(&readable_path(&row.path))
}

/// What keeps a file, in words; empty if nothing does.
pub(super) fn reason(row: &FileRow) -> String {
    let why = row.trouble.as_deref().or(row.waiting.as_deref());
    words::plain_line(why.unwrap_or_default())
}

/// One file of the list.
pub(super) struct FileLine {
    pub id: String,
    pub name: String,
    pub seen: String,
    pub state: StaticText,
    pub held: bool,
    pub verdict: Option<Sign>,
    pub number: String,
    pub official: String,
    pub has_report: bool,
}

impl FileLine {
    pub(super) fn of(row: &FileRow, zone: FixedOffset) -> Self {
        let (zh, en) = row.state.words();
        let number = Assignment::of(row).and_then(|assignment| assignment.number);
        Self {
            id: row.id.to_string(),
            name: original(row),
            seen: instant(row.seen, zone),
            state: StaticText { zh, en },
            held: row.held,
            verdict: row.verdict.as_deref().and_then(verdict_of).map(Sign::of),
            number: words::plain_line(&number.unwrap_or_default()),
            official: words::plain_line(row.official.as_deref().unwrap_or_default()),
            has_report: row.report_revision.is_some(),
        }
    }
}
