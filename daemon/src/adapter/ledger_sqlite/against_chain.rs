//! Holds the rows of the ledger against its chain. A row says how things stand,
//! the chain says how they came to stand so; a row that was changed behind the
//! chain's back says something else. Memory stays flat but for 16 bytes and a
//! little an object.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};
use sqlx::SqliteConnection;

use super::moves::{measured_facts, report_facts};
use super::rows::{get, us};
use super::trouble::fault;
use super::{contents, events, files, likenesses, objects, places};
use crate::chain::canonical;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::ledger::{ChainRow, FileId, FileRow, ObjectRow, RowCheck};

/// Rows read at once.
const PAGE: i64 = 1000;

/// Holds files, reports, numbers, contents with their looks and places, and
/// objects against the chain.
pub(super) async fn check(conn: &mut SqliteConnection) -> Result<RowCheck, Fault> {
    let mut found = RowCheck::default();
    every_file(conn, &mut found).await?;
    files_without_row(conn, &mut found).await?;
    every_content(conn, &mut found).await?;
    every_object(conn, &mut found).await?;
    Ok(found)
}

/// What the events of one file say.
#[derive(Default)]
struct Told {
    /// Its row, field by field.
    row: Map<String, Value>,
    /// Its reports by revision.
    reports: BTreeMap<u64, Value>,
    /// Its running numbers by series.
    numbers: BTreeMap<String, u64>,
    /// Measurements entered with it: position in the chain, facts.
    measured: Vec<(i64, Value)>,
}

impl Told {
    fn by(history: &[ChainRow]) -> Result<Self, String> {
        let mut told = Self::default();
        for event in history {
            let detail: Value = serde_json::from_str(&event.detail)
                .map_err(|error| format!("event {} is no JSON: {error}", event.seq))?;
            told.take(event, &detail);
        }
        Ok(told)
    }

    fn take(&mut self, event: &ChainRow, detail: &Value) {
        match event.kind.as_str() {
            "noticed" => {
                for name in ["share", "path_hex", "outside", "state"] {
                    self.set(name, &detail[name]);
                }
                self.set("seen_us", &json!(us(event.at)));
                self.set("lease_held", &json!(false));
                self.set("complete", &json!(true));
                self.set("held", &json!(false));
            }
            "advanced" => {
                self.set("state", &detail["to"]);
                self.set("held", &json!(false));
                for (name, value) in detail["wrote"].as_object().into_iter().flatten() {
                    match name.as_str() {
                        "measured" => self.measured.push((event.seq, value.clone())),
                        "report" => self.report(value),
                        _ => self.set(name, value),
                    }
                }
            }
            "reported" => {
                self.set("verdict", &detail["verdict"]);
                self.report(&detail["report"]);
            }
            "held" => self.set("held", &json!(true)),
            "resumed" => self.set("held", &json!(false)),
            "number" => {
                let series = detail["series"].as_str().unwrap_or_default();
                let number = detail["number"].as_u64().unwrap_or_default();
                self.numbers.insert(series.to_owned(), number);
            }
            _ => {}
        }
    }

    fn set(&mut self, name: &str, value: &Value) {
        self.row.insert(name.to_owned(), value.clone());
    }

    fn report(&mut self, facts: &Value) {
        self.set("report_revision", &facts["revision"]);
        let revision = facts["revision"].as_u64().unwrap_or_default();
        self.reports.insert(revision, facts.clone());
    }
}

/// The row of a file in the words of the chain.
fn as_told(row: &FileRow) -> Map<String, Value> {
    let capture_us = [row.capture_earliest.map(us), row.capture_latest.map(us)];
    let always = [
        ("share", json!(row.share)),
        ("path_hex", json!(hex::encode(row.path.as_bytes()))),
        ("outside", json!(row.fingerprint)),
        ("state", json!(row.state)),
        ("seen_us", json!(us(row.seen))),
        ("lease_held", json!(row.lease_held)),
        ("complete", json!(row.complete)),
        ("held", json!(row.held)),
        ("capture_us", json!(capture_us)),
    ];
    let if_known = [
        ("received_us", row.received.map(|v| json!(us(v)))),
        ("stored_us", row.stored.map(|v| json!(us(v)))),
        ("digests", row.digests.as_ref().map(|v| json!(v))),
        ("assignment", row.assignment.clone()),
        ("official", row.official.as_ref().map(|v| json!(v))),
        ("object", row.object.as_ref().map(|v| json!(v))),
        ("verdict", row.verdict.as_ref().map(|v| json!(v))),
        ("report_revision", row.report_revision.map(|v| json!(v))),
    ];
    let known = if_known
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let fields = always.into_iter().chain(known);
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The fields in which a row differs from what the chain tells.
fn differences(told: &Told, row: &FileRow) -> Vec<String> {
    let mut told = told.row.clone();
    let mut stands = as_told(row);
    told.entry("capture_us").or_insert(json!([null, null]));
    forgive_later_sm3(&mut told, &mut stands);
    let mut names: Vec<&String> = told.keys().chain(stands.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let text = |fields: &Map<String, Value>, name: &str| {
        fields.get(name).map_or("nothing".to_owned(), canonical)
    };
    names
        .into_iter()
        .map(|name| (name, text(&stands, name), text(&told, name)))
        .filter(|(_, stands, told)| stands != told)
        .map(|(name, stands, told)| format!("{name} is {stands}, the chain says {told}"))
        .collect()
}

/// An SM3 that was switched off when this file came may have been filled in by a
/// later file with the same bytes, whose own events tell of it.
fn forgive_later_sm3(told: &mut Map<String, Value>, stands: &mut Map<String, Value>) {
    let Some(digests) = told.get("digests").and_then(Value::as_object) else {
        return;
    };
    if digests.get("sm3").is_none_or(Value::is_null)
        && let Some(stands) = stands.get_mut("digests").and_then(Value::as_object_mut)
    {
        stands.remove("sm3");
        if let Some(told) = told.get_mut("digests").and_then(Value::as_object_mut) {
            told.remove("sm3");
        }
    }
}

async fn every_file(conn: &mut SqliteConnection, found: &mut RowCheck) -> Result<(), Fault> {
    let mut after = i64::MIN;
    loop {
        let page = sqlx::query("SELECT id FROM files WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(PAGE)
            .fetch_all(&mut *conn)
            .await
            .map_err(fault)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = get(last, "id")?;
        for row in &page {
            found.rows = found.rows.saturating_add(1);
            one_file(conn, FileId(get(row, "id")?), found).await;
        }
    }
}

/// What cannot be read is a misfit as much as what differs.
async fn one_file(conn: &mut SqliteConnection, id: FileId, found: &mut RowCheck) {
    let misfits = match file_misfits(conn, id).await {
        Ok(misfits) => misfits,
        Err(error) => vec![error.to_string()],
    };
    let misfits = misfits.into_iter().map(|why| format!("file {id}: {why}"));
    found.misfits.extend(misfits);
}

async fn file_misfits(conn: &mut SqliteConnection, id: FileId) -> Result<Vec<String>, Fault> {
    let Some(row) = files::file(conn, id).await? else {
        return Ok(vec!["it has no row".to_owned()]);
    };
    let told = match Told::by(&events::history(conn, id).await?) {
        Ok(told) => told,
        Err(why) => return Ok(vec![why]),
    };
    let mut misfits = differences(&told, &row);
    let mut reports = BTreeMap::new();
    for report in contents::reports(conn, id).await? {
        reports.insert(u64::from(report.revision), report_facts(&report));
    }
    misfits.extend(unequal("report revision", &reports, &told.reports));
    let numbers = objects::numbers(conn, id).await?;
    misfits.extend(unequal("number of series", &numbers, &told.numbers));
    Ok(misfits)
}

/// Keys under which two maps hold different things, in words.
fn unequal<K: Ord + std::fmt::Display, V: PartialEq>(
    what: &str,
    stands: &BTreeMap<K, V>,
    told: &BTreeMap<K, V>,
) -> Vec<String> {
    let mut names: Vec<&K> = stands.keys().chain(told.keys()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| match (stands.get(name), told.get(name)) {
            (Some(stands), Some(told)) if stands == told => None,
            (Some(_), Some(_)) => Some(format!("{what} {name} is not the one that was entered")),
            (Some(_), None) => Some(format!("{what} {name} was entered without an event")),
            (None, _) => Some(format!("{what} {name} is missing")),
        })
        .collect()
}

async fn files_without_row(conn: &mut SqliteConnection, found: &mut RowCheck) -> Result<(), Fault> {
    let missing = sqlx::query(
        "SELECT DISTINCT file FROM events \
         WHERE file IS NOT NULL AND file NOT IN (SELECT id FROM files) ORDER BY file",
    )
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    for row in &missing {
        let id = FileId(get(row, "file")?);
        found.misfits.push(format!(
            "file {id}: the chain tells of it, but it has no row"
        ));
    }
    Ok(())
}

async fn every_content(conn: &mut SqliteConnection, found: &mut RowCheck) -> Result<(), Fault> {
    let mut after = String::new();
    loop {
        let page = sqlx::query(
            "SELECT blake3 FROM contents WHERE blake3 > $1 AND measurements IS NOT NULL \
             ORDER BY blake3 LIMIT $2",
        )
        .bind(&after)
        .bind(PAGE)
        .fetch_all(&mut *conn)
        .await
        .map_err(fault)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = get(last, "blake3")?;
        for row in &page {
            let blake3: String = get(row, "blake3")?;
            found.rows = found.rows.saturating_add(1);
            let why = match content_misfit(conn, &blake3).await {
                Ok(why) => why,
                Err(error) => Some(error.to_string()),
            };
            let misfit = why.map(|why| format!("content {blake3}: {why}"));
            found.misfits.extend(misfit);
        }
    }
}

/// Files with the same bytes may have been measured at once; the last counts.
/// What was made of the measurements must follow from them.
async fn content_misfit(
    conn: &mut SqliteConnection,
    blake3: &str,
) -> Result<Option<String>, Fault> {
    let mut measured = Vec::new();
    for row in files::with_content(conn, blake3, u32::MAX).await? {
        match Told::by(&events::history(conn, row.id).await?) {
            Ok(told) => measured.extend(told.measured),
            Err(why) => return Ok(Some(why)),
        }
    }
    let measurings = measured.len();
    let last = measured.into_iter().max_by_key(|(seq, _)| *seq);
    let Some(stands) = contents::measured(conn, blake3).await? else {
        return Ok(Some("its measurements cannot be found".to_owned()));
    };
    if last.map(|(_, facts)| facts) != Some(measured_facts(&stands)) {
        let why = "its measurements, stills or series are not those that were entered";
        return Ok(Some(why.to_owned()));
    }
    let facts = &stands.measurements;
    match likenesses::misfit(conn, blake3, facts, measurings).await? {
        Some(why) => Ok(Some(why)),
        None => places::misfit(conn, blake3, facts, measurings).await,
    }
}

async fn every_object(conn: &mut SqliteConnection, found: &mut RowCheck) -> Result<(), Fault> {
    let mut told = HashSet::new();
    let mut after = i64::MIN;
    loop {
        let page = events::of_kind(conn, "object", after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for event in &page {
            let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
            let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
            let (key, store) = (text("key"), text("store"));
            told.insert(name_of(&key, &store));
            let why = match objects::object(conn, &key, &store).await {
                Ok(None) => Some("it has no row".to_owned()),
                Ok(Some(row)) => (canonical(&object_facts(&row)) != event.detail)
                    .then(|| "its row is not the one that was entered".to_owned()),
                Err(error) => Some(error.to_string()),
            };
            let misfit = why.map(|why| format!("object {key} in {store}: {why}"));
            found.misfits.extend(misfit);
        }
    }
    let mut after = (String::new(), String::new());
    loop {
        let page = objects::names_after(conn, (&after.0, &after.1), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.clone();
        for (key, store) in &page {
            found.rows = found.rows.saturating_add(1);
            if !told.contains(&name_of(key, store)) {
                let misfit = format!("object {key} in {store}: it was entered without an event");
                found.misfits.push(misfit);
            }
        }
    }
}

/// What the chain says of an object that is entered.
pub(super) fn object_facts(row: &ObjectRow) -> Value {
    let digests: &Digests = &row.digests;
    json!({
        "key": row.key, "kind": row.kind, "store": row.store, "version": row.version,
        "digests": digests, "verified_us": us(row.verified),
    })
}

/// Half a digest of an object's full name: enough to tell objects apart.
fn name_of(key: &str, store: &str) -> [u8; 16] {
    let digest = blake3::hash(format!("{key}\n{store}").as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&digest.as_bytes()[..16]);
    half
}
