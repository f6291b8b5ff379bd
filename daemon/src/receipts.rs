//! Keeps the receipts (回执) in the share up to date: what a team sees of its
//! drop without logging in. Receipts tell; custody never rests on them, so a
//! receipt that cannot be written is logged and written again later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
use tokio::sync::{mpsc, watch};
use unbroken_config::Config;

use crate::cases::{Assignment, folder_words, offset};
use crate::house::{House, Told};
use crate::life::State;
use crate::port::fault::Fault;
use crate::port::ledger::{FileId, FileRow, next_page};
use crate::port::share::RelPath;
use crate::report::object::Report;
use crate::report::receipt::{Line, Sheet, html, text};

/// How long changes are gathered before sheets are written.
const GATHER: Duration = Duration::from_millis(700);
/// Most lines on one sheet; then the next sheet of that day begins.
const LINES_MAX: usize = 1000;
/// How far back receipts are made again after a start.
const BACK: TimeDelta = TimeDelta::days(2);

#[derive(Debug)]
struct Entry {
    place: Place,
    id: FileId,
    line: Line,
}

/// One sheet: a share, a case's folder words, a local day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    share: String,
    folder: String,
    day: NaiveDate,
}

fn entry(row: &FileRow, report: &Report, offset: FixedOffset) -> Option<Entry> {
    let day = handed_in(row)?.with_timezone(&offset).date_naive();
    let assignment = Assignment::of(row)?;
    let place = Place {
        share: row.share.clone(),
        folder: folder_words(&assignment),
        day,
    };
    Some(Entry {
        place,
        id: row.id,
        line: Line::of(report),
    })
}

/// When the line became true: bytes that came again count as stored since the
/// first time, but their line belongs on the sheet of the day they came.
fn handed_in(row: &FileRow) -> Option<DateTime<Utc>> {
    let stored = row.stored?;
    Some(row.received.map_or(stored, |received| received.max(stored)))
}

/// Writes sheets until `stop` turns true.
pub async fn keep(
    house: Arc<House>,
    mut told: mpsc::Receiver<Told>,
    mut stop: watch::Receiver<bool>,
) {
    let mut sheets: BTreeMap<Place, BTreeMap<FileId, Line>> = BTreeMap::new();
    let mut dirty: Vec<Place> = Vec::new();
    if let Err(error) = remember(&house, &mut sheets).await {
        tracing::warn!(%error, "earlier receipts could not be made again");
    }
    // A stop may have come between a line and its sheet.
    dirty.extend(sheets.keys().cloned());
    loop {
        let first = tokio::select! {
            first = told.recv() => first,
            () = house.clock.sleep(Duration::from_secs(30)), if !dirty.is_empty() => None,
            _ = stop.changed() => None,
        };
        let mut next = first;
        if next.is_some() {
            house.clock.sleep(GATHER).await;
        }
        let zone = offset(&house.config());
        while let Some(Told { row, report }) = next {
            next = told.try_recv().ok();
            let Some(Entry { place, id, line }) = entry(&row, &report, zone) else {
                continue;
            };
            sheets.entry(place.clone()).or_default().insert(id, line);
            if !dirty.contains(&place) {
                dirty.push(place);
            }
        }
        let mut failed = Vec::new();
        for place in dirty.drain(..) {
            let lines = sheets
                .get(&place)
                .map(|lines| lines.values().cloned().collect());
            let config = house.config();
            if let Err(error) = write(&house, &config, &place, lines.unwrap_or_default()).await {
                tracing::warn!(share = place.share, folder = place.folder, %error, "a receipt could not be written; trying again");
                failed.push(place);
            }
        }
        dirty = failed;
        forget_old(&mut sheets, house.clock.now());
        if *stop.borrow() {
            return;
        }
    }
}

/// Takes up the lines of the last days, so that a sheet that goes on after a
/// restart keeps them.
async fn remember(
    house: &House,
    sheets: &mut BTreeMap<Place, BTreeMap<FileId, Line>>,
) -> Result<(), Fault> {
    let states = [State::Reported, State::Released, State::Kept];
    let zone = offset(&house.config());
    let not_before = house.clock.now() - BACK;
    let mut before = None;
    loop {
        let rows = next_page(&*house.ledger, &states, &mut before).await?;
        if rows.is_empty() {
            return Ok(());
        }
        // Files are numbered as they are seen: behind a page on which every
        // file was first seen too long ago there are only older ones.
        let is_past = rows.iter().all(|row| row.seen < not_before);
        for row in rows {
            if handed_in(&row).is_none_or(|at| at < not_before) {
                continue;
            }
            let Some(report) = house.ledger.report(row.id).await? else {
                continue;
            };
            let Ok(report) = serde_json::from_value::<Report>(report.report) else {
                continue;
            };
            if let Some(Entry { place, id, line }) = entry(&row, &report, zone) {
                sheets.entry(place).or_default().insert(id, line);
            }
        }
        if is_past {
            return Ok(());
        }
    }
}

async fn write(
    house: &House,
    config: &Config,
    place: &Place,
    lines: Vec<Line>,
) -> Result<(), Fault> {
    let Some(share) = house.share(&place.share) else {
        return Ok(());
    };
    for (index, part) in lines.chunks(LINES_MAX).enumerate() {
        let sheet = Sheet {
            case: place.folder.clone(),
            day: place.day,
            part: index + 1,
            written: house.clock.now().with_timezone(&offset(config)),
            lines: part.to_vec(),
        };
        let page = html(&sheet)
            .map_err(|e| Fault::Final(format!("the receipt's page cannot be made: {e}")))?;
        let stem = match index {
            0 => place.day.format("%Y%m%d").to_string(),
            _ => format!("{}-{}", place.day.format("%Y%m%d"), index + 1),
        };
        for (extension, bytes) in [
            ("html", page.into_bytes()),
            ("txt", text(&sheet).into_bytes()),
        ] {
            let path = format!(
                "{}/{}/{stem}_回执.{extension}",
                config.share.special.receipts, place.folder
            );
            let path = RelPath::new(path).ok_or_else(|| {
                Fault::Final(format!("{} is no folder name for a receipt", place.folder))
            })?;
            share.write_own(&path, &bytes).await?;
        }
    }
    Ok(())
}

fn forget_old(sheets: &mut BTreeMap<Place, BTreeMap<FileId, Line>>, now: DateTime<Utc>) {
    let oldest = (now - BACK - TimeDelta::days(1)).date_naive();
    sheets.retain(|place, _| place.day >= oldest);
}
