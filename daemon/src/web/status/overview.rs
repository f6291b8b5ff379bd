//! What needs somebody: the system's own state, held files, deadlines, files
//! that wait, and the sum of everything that was ever seen.

use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset, Utc};
use unbroken_probes::deadline::Remaining;
use unbroken_probes::text::StaticText;

use super::super::health::{Reason, reasons};
use super::super::line::{Pair, age, instant, original, reason};
use crate::cases::offset;
use crate::deadlines::{Pending, pending};
use crate::house::House;
use crate::life::State;
use crate::port::fault::Fault;
use crate::port::ledger::{Counts, FileRow, Filter};
use crate::reconciliation::Sum;
use crate::report::words;

/// Rows of one table; how many more there are is said. A named guess: one
/// screen a table.
const ROWS_SHOWN: usize = 20;
/// Most files looked at that are stored and whose report or release is owed.
const AFTER_STORING_MAX: u32 = 200;

pub(super) struct Overview {
    pub reasons: Vec<Reason>,
    pub held: Table,
    pub deadlines: Table,
    pub waiting: Table,
    pub sum: Sum,
}

/// The first rows of a table, and how many more there are.
pub(super) struct Table {
    pub rows: Vec<Row>,
    pub more: u64,
}

/// One file that needs somebody.
pub(super) struct Row {
    pub id: String,
    pub name: String,
    pub state: StaticText,
    pub age: Pair,
    pub reason: String,
    pub left: Option<Left>,
}

/// How long a file has left.
pub(super) struct Left {
    pub class: &'static str,
    pub mark: &'static str,
    pub text: Pair,
    pub until: String,
}

impl Overview {
    pub(super) async fn of(house: &House, counts: &Counts) -> Result<Self, Fault> {
        let now = house.clock.now();
        let reasons = reasons(house).await;
        let pending = pending(house).await?;
        Ok(Self {
            reasons,
            held: held(house, counts, now).await?,
            waiting: waiting(house, &pending, now).await?,
            deadlines: deadlines(house, pending, now),
            sum: Sum::of(counts),
        })
    }
}

impl Row {
    fn of(row: &FileRow, now: DateTime<Utc>) -> Self {
        let (zh, en) = row.state.words();
        Self {
            id: row.id.to_string(),
            name: original(row),
            state: StaticText { zh, en },
            age: age(row.seen, now),
            reason: reason(row),
            left: None,
        }
    }
}

impl Table {
    fn of<T>(mut all: Vec<T>, more: u64, row: impl Fn(&T) -> Row) -> Self {
        let beyond = all.len().saturating_sub(ROWS_SHOWN) as u64;
        all.truncate(ROWS_SHOWN);
        Self {
            rows: all.iter().map(row).collect(),
            more: beyond.saturating_add(more),
        }
    }
}

async fn held(house: &House, counts: &Counts, now: DateTime<Utc>) -> Result<Table, Fault> {
    let filter = Filter {
        held: true,
        limit: ROWS_SHOWN as u32,
        ..Filter::default()
    };
    let rows = house.ledger.list(&filter).await?;
    let more = counts.held.saturating_sub(rows.len() as u64);
    Ok(Table::of(rows, more, |row| Row::of(row, now)))
}

/// Files whose time is known, the most urgent first.
fn deadlines(house: &House, pending: Vec<Pending>, now: DateTime<Utc>) -> Table {
    let config = house.config();
    let zone = offset(&config);
    let warn_s = config
        .deadline
        .warn_left_h
        .iter()
        .copied()
        .fold(0.0, f64::max)
        * 3600.0;
    let mut timed: Vec<(FileRow, Left, f64)> = pending
        .into_iter()
        .filter_map(|Pending { row, remaining }| {
            let left_s = remaining.left_s_min?;
            Some((row, Left::of(&remaining, warn_s, zone)?, left_s))
        })
        .collect();
    timed.sort_by(|a, b| a.2.partial_cmp(&b.2).unwrap_or(Ordering::Equal));
    let beyond = timed.len().saturating_sub(ROWS_SHOWN) as u64;
    let rows = timed.into_iter().take(ROWS_SHOWN);
    Table {
        rows: rows
            .map(|(row, left, _)| Row {
                left: Some(left),
                ..Row::of(&row, now)
            })
            .collect(),
        more: beyond,
    }
}

impl Left {
    /// `None` if nothing is known of the capture time.
    pub(in super::super) fn of(
        remaining: &Remaining,
        warn_s: f64,
        zone: FixedOffset,
    ) -> Option<Self> {
        let left_s = remaining.left_s_min?;
        let (zh, en) = words::duration(left_s.abs());
        let (class, mark, text) = if left_s >= 0.0 {
            let near = left_s <= warn_s;
            let text = (format!("还有 {zh}"), format!("{en} left"));
            if near {
                ("attention", "◐", text)
            } else {
                ("info", "–", text)
            }
        } else if remaining.left_s_max.is_some_and(|left_s| left_s < 0.0) {
            (
                "fail",
                "✕",
                (format!("已超过 {zh}"), format!("over by {en}")),
            )
        } else {
            let text = (
                format!("按最早的拍摄时间已超过 {zh}"),
                format!("over by {en} under the earliest reading"),
            );
            ("attention", "◐", text)
        };
        Some(Self {
            class,
            mark,
            text: text.into(),
            until: remaining
                .latest_safe
                .map(|at| instant(at, zone))
                .unwrap_or_default(),
        })
    }
}

/// Files that wait in the share, and files that wait for something outside us
/// at any step; the longest waiting first.
async fn waiting(house: &House, pending: &[Pending], now: DateTime<Utc>) -> Result<Table, Fault> {
    let in_trouble = |row: &&FileRow| row.trouble.is_some() && !row.held;
    let mut all = house.ledger.waiting().await?;
    all.retain(|row| !row.held);
    let under_way = pending.iter().map(|pending| &pending.row);
    all.extend(
        under_way
            .filter(|row| row.state != State::Seen)
            .filter(in_trouble)
            .cloned(),
    );
    let after = Filter {
        states: vec![State::Stored, State::Reported],
        limit: AFTER_STORING_MAX,
        ..Filter::default()
    };
    let after = house.ledger.list(&after).await?;
    all.extend(after.iter().filter(in_trouble).cloned());
    all.sort_by_key(|row| (row.seen, row.id));
    Ok(Table::of(all, 0, |row| Row::of(row, now)))
}
