//! What the pages of figures have in common: goals, names of checks, rows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use unbroken_probes::registry::by_code;

use super::score::Share;

/// Places named in a row of false alarms.
const PLACES_NAMED: usize = 6;

/// The table of goals begins so.
pub const GOALS: &str =
    "\n## 目标 Goals\n\n| goal | wanted | tune | report | met on report |\n|---|---|---|---|---|\n";

/// What a goal asks for.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// This or less, 0.0 to 1.0.
    AtMost(f64),
    /// This or more, 0.0 to 1.0.
    AtLeast(f64),
    /// Nothing: the figure is shown only.
    Nothing,
}

impl Wanted {
    /// In words, a share as per cent.
    pub fn words(self) -> String {
        match self {
            Self::AtMost(share) => format!("≤ {} %", share * 100.0),
            Self::AtLeast(share) => format!("≥ {} %", share * 100.0),
            Self::Nothing => "–".to_owned(),
        }
    }

    /// Whether this figure meets it, in words.
    pub fn met(self, value: Option<f64>) -> &'static str {
        match (self, value) {
            (Self::Nothing, _) | (_, None) => "–",
            (Self::AtMost(most), Some(value)) if value <= most => "yes",
            (Self::AtLeast(least), Some(value)) if value >= least => "yes",
            _ => "**no**",
        }
    }

    /// A row of the table of goals, shares of the half to tune on and of the
    /// half to report.
    pub fn row(self, what: &str, tune: &Share, report: &Share, out: &mut String) {
        let value = (report.of > 0).then(|| report.hits as f64 / report.of as f64);
        writeln!(
            out,
            "| {what} | {} | {tune} | {report} | {} |",
            self.words(),
            self.met(value)
        )
        .ok();
    }
}

/// The code of a check that ought to speak, and whether it is built.
pub fn built(code: &str) -> String {
    match by_code(code) {
        Some(_) => format!("`{code}`"),
        None => format!("`{code}` *not built*"),
    }
}

/// A row of the table of false alarms: where the check raised them.
pub fn alarms_row(
    code: &str,
    tune: &Share,
    report: &Share,
    places: &BTreeSet<String>,
    out: &mut String,
) {
    let more = places.len().saturating_sub(PLACES_NAMED);
    let mut named: Vec<String> = places.iter().take(PLACES_NAMED).cloned().collect();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    writeln!(
        out,
        "| `{code}` | {tune} | {report} | {} |",
        named.join("; ")
    )
    .ok();
}
