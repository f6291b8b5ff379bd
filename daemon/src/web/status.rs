//! The status page: what needs somebody first, then the files.

mod filter;
mod overview;

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Given};
use axum::response::Html;
use unbroken_probes::text::StaticText;

use self::filter::{Asked, Chosen};
use self::overview::Overview;
use super::line::{FileLine, Sign, VERDICTS, instant, verdict_word};
use super::refusal::Refusal;
use crate::cases::offset;
use crate::house::House;
use crate::life::State;
use crate::port::fault::Fault;
use crate::port::ledger::{Counts, FileRow, Filter};

/// Files on one page. A named guess: about three screens.
const FILES_SHOWN: u32 = 50;
/// Most files that are counted under a filter; then the count is a lower bound.
const COUNTED_MAX: u32 = 10_000;
/// How often the first page shows itself anew.
const REFRESH_S: u32 = 10;

/// `/`.
pub(super) async fn page(
    Given(house): Given<Arc<House>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Html<String>, Refusal> {
    let Query(asked) = asked.map_err(|_| filter::unreadable())?;
    let config = house.config();
    let chosen = Chosen::of(asked, &config)?;
    let zone = offset(&config);
    let counts = house.ledger.counts().await?;
    let overview = if chosen.is_first_page() {
        Some(Overview::of(&house, &counts).await?)
    } else {
        None
    };
    let mut rows = house.ledger.list(&chosen.page(FILES_SHOWN + 1)).await?;
    let shown = FILES_SHOWN as usize;
    let has_more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().filter(|_| has_more);
    let page = Page {
        now: instant(house.clock.now(), zone),
        zone: zone.to_string(),
        overview,
        held: counts.held,
        states: states(&house, &chosen, &counts).await?,
        verdicts: verdicts(&house, &chosen, &counts).await?,
        next: next.map(|row| chosen.before(row.id).link()),
        files: rows.iter().map(|row| FileLine::of(row, zone)).collect(),
        chosen,
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "status.html")]
struct Page {
    now: String,
    zone: String,
    overview: Option<Overview>,
    held: u64,
    chosen: Chosen,
    states: Vec<Choice>,
    verdicts: Vec<Choice>,
    files: Vec<FileLine>,
    next: Option<String>,
}

/// One value of a filter, with the number of files that it would show.
struct Choice {
    value: &'static str,
    text: StaticText,
    sign: Option<Sign>,
    files: String,
    link: String,
    is_chosen: bool,
}

/// Files by one property, among those that match a filter.
struct Tally {
    files: Vec<u64>,
    is_whole: bool,
}

impl Tally {
    /// Asks the ledger for its counts if the filter is open, else counts.
    async fn of(
        house: &House,
        filter: Filter,
        known: Vec<u64>,
        place: impl Fn(&FileRow) -> Option<usize>,
    ) -> Result<Self, Fault> {
        let is_open =
            filter.states.is_empty() && filter.verdict.is_none() && filter.case_number.is_none();
        if is_open {
            return Ok(Self {
                files: known,
                is_whole: true,
            });
        }
        let rows = house.ledger.list(&filter).await?;
        let mut files = vec![0; known.len()];
        for row in &rows {
            if let Some(count) = place(row).and_then(|place| files.get_mut(place)) {
                *count += 1;
            }
        }
        Ok(Self {
            files,
            is_whole: rows.len() < COUNTED_MAX as usize,
        })
    }

    /// The count at a place; `≥` where not everything was counted.
    fn words(&self, place: usize) -> String {
        let files = self.files.get(place).copied().unwrap_or_default();
        if self.is_whole {
            files.to_string()
        } else {
            format!("≥{files}")
        }
    }
}

async fn states(house: &House, chosen: &Chosen, counts: &Counts) -> Result<Vec<Choice>, Fault> {
    let known = State::ALL.map(|state| {
        let of_state = counts.by_state.iter().filter(|(s, _)| *s == state);
        of_state.map(|(_, files)| files).sum()
    });
    let place = |row: &FileRow| State::ALL.iter().position(|state| *state == row.state);
    let filter = chosen.in_state(None).all(COUNTED_MAX);
    let tally = Tally::of(house, filter, known.to_vec(), place).await?;
    let choices = State::ALL.into_iter().enumerate().map(|(i, state)| {
        let (zh, en) = state.words();
        let is_chosen = chosen.state == Some(state);
        let other = (!is_chosen).then_some(state);
        Choice {
            value: state.as_str(),
            text: StaticText { zh, en },
            sign: None,
            files: tally.words(i),
            link: chosen.in_state(other).link(),
            is_chosen,
        }
    });
    Ok(choices.collect())
}

async fn verdicts(house: &House, chosen: &Chosen, counts: &Counts) -> Result<Vec<Choice>, Fault> {
    let known = VERDICTS.map(|verdict| {
        let with = counts.by_verdict.iter();
        with.filter(|(word, _)| word == verdict_word(verdict))
            .map(|(_, files)| files)
            .sum()
    });
    let place = |row: &FileRow| {
        let word = row.verdict.as_deref()?;
        VERDICTS.iter().position(|v| verdict_word(*v) == word)
    };
    let filter = chosen.with_verdict(None).all(COUNTED_MAX);
    let tally = Tally::of(house, filter, known.to_vec(), place).await?;
    let choices = VERDICTS.into_iter().enumerate().map(|(i, verdict)| {
        let is_chosen = chosen.verdict == Some(verdict);
        let other = (!is_chosen).then_some(verdict);
        let sign = Sign::of(verdict);
        Choice {
            value: verdict_word(verdict),
            text: sign.text,
            sign: Some(sign),
            files: tally.words(i),
            link: chosen.with_verdict(other).link(),
            is_chosen,
        }
    });
    Ok(choices.collect())
}
