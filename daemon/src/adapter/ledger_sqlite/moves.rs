//! Changes files: entry, transitions, failures, holding and resuming.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::events::{BATCH, Entry, append, append_all};
use super::rows::{get, us};
use super::trouble::{damaged, fault};
use super::{contents, files};
use crate::chain::canonical;
use crate::life::{Effect, State, next};
use crate::port::fault::Fault;
use crate::port::ledger::{Advance, Change, FileId, FileRow, Measured, Notice, ReportRow};
use crate::port::share::Fingerprint;

/// Enters files in order.
pub(super) async fn notice(
    conn: &mut SqliteConnection,
    at: DateTime<Utc>,
    notices: &[Notice],
) -> Result<Vec<FileId>, Fault> {
    let row = sqlx::query("SELECT last_file FROM meta WHERE id = 1")
        .fetch_one(&mut *conn)
        .await
        .map_err(fault)?;
    let mut last: i64 = get(&row, "last_file")?;
    let mut ids = Vec::with_capacity(notices.len());
    for batch in notices.chunks(BATCH) {
        let mut numbered = Vec::with_capacity(batch.len());
        for notice in batch {
            if !matches!(notice.state, State::Seen | State::Ignored | State::Refused) {
                return Err(Fault::Final(format!(
                    "a file cannot be entered as {}; this is a fault of the program",
                    notice.state
                )));
            }
            last = last
                .checked_add(1)
                .ok_or_else(|| damaged("no number is left for another file"))?;
            numbered.push((FileId(last), notice));
        }
        insert(conn, at, &numbered).await?;
        ids.extend(numbered.iter().map(|(id, _)| *id));
    }
    sqlx::query("UPDATE meta SET last_file = $1 WHERE id = 1")
        .bind(last)
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(ids)
}

async fn insert(
    conn: &mut SqliteConnection,
    at: DateTime<Utc>,
    numbered: &[(FileId, &Notice)],
) -> Result<(), Fault> {
    let mut insert = QueryBuilder::<Sqlite>::new(
        "INSERT INTO files (id, share, path, dev, ino, size_bytes, mtime_ns, ctime_ns, blocks, \
         state, seen_us, waiting) ",
    );
    insert.push_values(numbered, |mut row, (id, notice)| {
        let outside = &notice.fingerprint;
        row.push_bind(id.0)
            .push_bind(notice.share.clone())
            .push_bind(notice.path.as_bytes().to_vec())
            .push_bind(outside.dev.cast_signed())
            .push_bind(outside.ino.cast_signed())
            .push_bind(outside.size_bytes.cast_signed())
            .push_bind(outside.mtime_ns)
            .push_bind(outside.ctime_ns)
            .push_bind(outside.blocks.cast_signed())
            .push_bind(notice.state.as_str())
            .push_bind(us(at))
            .push_bind(notice.why.clone());
    });
    insert.build().execute(&mut *conn).await.map_err(fault)?;
    let entries: Vec<Entry> = numbered
        .iter()
        .map(|(id, notice)| Entry {
            at,
            file: Some(*id),
            kind: "noticed",
            detail: json!({
                "share": notice.share,
                "path": notice.path.to_string(),
                "path_hex": hex::encode(notice.path.as_bytes()),
                "outside": notice.fingerprint,
                "state": notice.state,
                "why": notice.why,
            }),
        })
        .collect();
    append_all(conn, &entries).await
}

/// The file's row; it must be there.
async fn existing(conn: &mut SqliteConnection, id: FileId) -> Result<FileRow, Fault> {
    files::file(conn, id)
        .await?
        .ok_or_else(|| Fault::Final(format!("there is no file {id} in the ledger")))
}

/// Commits the intent before an effect.
pub(super) async fn begin(
    conn: &mut SqliteConnection,
    id: FileId,
    effect: Effect,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let state = existing(conn, id).await?.state;
    if state.owed() != effect {
        return Err(Fault::Final(format!(
            "{id} is {state} and owed {}, not {}; another drive may have moved it",
            state.owed().as_str(),
            effect.as_str()
        )));
    }
    let (file, kind) = (Some(id), "began");
    let detail = json!({ "effect": effect, "state": state });
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await
}

/// Commits a transition and what it writes.
pub(super) async fn advance(
    conn: &mut SqliteConnection,
    advance: &Advance,
) -> Result<FileRow, Fault> {
    let Advance {
        id, from, event, ..
    } = *advance;
    let row = existing(conn, id).await?;
    if row.state != from {
        return Err(Fault::Final(format!(
            "{id} is {}, no longer {from}; another drive has moved it, nothing was changed",
            row.state
        )));
    }
    let (to, _) = next(from, event).map_err(|why| Fault::Final(why.to_string()))?;
    let change = &advance.change;
    if let Some(digests) = &change.digests {
        contents::enter(conn, digests).await?;
    }
    write(conn, id, to, change).await?;
    if let Some(measured) = &change.measured {
        let blake3 = (change.digests.as_ref().or(row.digests.as_ref()))
            .map(|digests| digests.blake3.as_str())
            .ok_or_else(|| {
                Fault::Final(format!(
                    "measurements of {id} belong to no content; this is a fault of the program"
                ))
            })?;
        contents::measure(conn, blake3, measured).await?;
    }
    if let Some(report) = &change.report {
        contents::enter_report(conn, id, report).await?;
    }
    let detail = json!({
        "from": from, "on": event, "to": to,
        "wrote": wrote(change), "detail": advance.detail,
    });
    let (at, file, kind) = (advance.at, Some(id), "advanced");
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await?;
    existing(conn, id).await
}

/// Adds `column = value` for what is written; the rest stays as it was.
async fn write(
    conn: &mut SqliteConnection,
    id: FileId,
    to: State,
    change: &Change,
) -> Result<(), Fault> {
    let mut update = QueryBuilder::<Sqlite>::new(
        "UPDATE files SET attempts = 0, trouble = NULL, waiting = NULL, not_before_us = NULL, \
         held = 0, state = ",
    );
    update.push_bind(to.as_str());
    let integers = [
        ("received_us", change.received.map(us)),
        ("stored_us", change.stored.map(us)),
        ("lease_held", change.lease_held.map(i64::from)),
        ("complete", change.complete.map(i64::from)),
    ];
    let outside = change
        .fingerprint
        .iter()
        .flat_map(outside)
        .map(|(column, value)| (column, Some(value)));
    for (column, value) in integers.into_iter().chain(outside) {
        if let Some(value) = value {
            update.push(format_args!(", {column} = ")).push_bind(value);
        }
    }
    if let Some(path) = &change.path {
        update.push(", path = ").push_bind(path.as_bytes().to_vec());
    }
    let assignment = change.assignment.as_ref();
    let texts = [
        ("blake3", change.digests.as_ref().map(|d| d.blake3.clone())),
        ("assignment", assignment.map(Value::to_string)),
        ("official", change.official.clone()),
        (
            "object_key",
            change.object.as_ref().map(ToString::to_string),
        ),
        ("verdict", change.verdict.clone()),
    ];
    for (column, value) in texts {
        if let Some(value) = value {
            update.push(format_args!(", {column} = ")).push_bind(value);
        }
    }
    if let Some(assignment) = assignment {
        let number = assignment.get("number").and_then(Value::as_str);
        update
            .push(", case_number = ")
            .push_bind(number.map(str::to_owned));
    }
    if let Some(capture) = change.capture {
        update.push(", capture_earliest_us = ");
        update.push_bind(capture.earliest.map(us));
        update.push(", capture_latest_us = ");
        update.push_bind(capture.latest.map(us));
    }
    update.push(" WHERE id = ").push_bind(id.0);
    update.build().execute(conn).await.map_err(fault)?;
    Ok(())
}

/// The columns of a file's outside.
fn outside(outside: &Fingerprint) -> [(&'static str, i64); 6] {
    [
        ("dev", outside.dev.cast_signed()),
        ("ino", outside.ino.cast_signed()),
        ("size_bytes", outside.size_bytes.cast_signed()),
        ("mtime_ns", outside.mtime_ns),
        ("ctime_ns", outside.ctime_ns),
        ("blocks", outside.blocks.cast_signed()),
    ]
}

/// Enters a new outside of the same content.
pub(super) async fn touched(
    conn: &mut SqliteConnection,
    id: FileId,
    at: DateTime<Utc>,
    fingerprint: &Fingerprint,
) -> Result<(), Fault> {
    let before = existing(conn, id).await?.fingerprint;
    let mut update = QueryBuilder::<Sqlite>::new("UPDATE files SET ");
    let mut columns = update.separated(", ");
    for (column, value) in outside(fingerprint) {
        columns.push(format_args!("{column} = "));
        columns.push_bind_unseparated(value);
    }
    update.push(" WHERE id = ").push_bind(id.0);
    update.build().execute(&mut *conn).await.map_err(fault)?;
    let (file, kind) = (Some(id), "touched");
    let detail = json!({ "before": before, "outside": fingerprint });
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await
}

/// What a change writes, for the chain: facts as they are, large values by the
/// SHA-256 of their canonical JSON or of their bytes.
fn wrote(change: &Change) -> Value {
    let mut wrote = Map::new();
    let facts = [
        (
            "path_hex",
            change
                .path
                .as_ref()
                .map(|v| json!(hex::encode(v.as_bytes()))),
        ),
        ("outside", change.fingerprint.map(|v| json!(v))),
        ("received_us", change.received.map(|v| json!(us(v)))),
        ("stored_us", change.stored.map(|v| json!(us(v)))),
        ("digests", change.digests.as_ref().map(|v| json!(v))),
        ("lease_held", change.lease_held.map(|v| json!(v))),
        ("complete", change.complete.map(|v| json!(v))),
        ("assignment", change.assignment.clone()),
        ("official", change.official.as_ref().map(|v| json!(v))),
        ("object", change.object.as_ref().map(|v| json!(v))),
        ("verdict", change.verdict.as_ref().map(|v| json!(v))),
        (
            "capture_us",
            change
                .capture
                .map(|v| json!([v.earliest.map(us), v.latest.map(us)])),
        ),
        ("measured", change.measured.as_ref().map(measured_facts)),
        ("report", change.report.as_ref().map(report_facts)),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            wrote.insert(name.to_owned(), value);
        }
    }
    Value::Object(wrote)
}

fn sha256_of(value: &Value) -> String {
    hex::encode(Sha256::digest(canonical(value)))
}

/// What the chain says of measurements.
pub(super) fn measured_facts(measured: &Measured) -> Value {
    let stills = measured.stills.iter();
    let mut facts = json!({
        "sha256": sha256_of(&measured.measurements),
        "stills_sha256": stills
            .map(|(_, _, jpeg)| hex::encode(Sha256::digest(jpeg)))
            .collect::<Vec<_>>(),
    });
    // Events from before there were series say nothing of them, and stay true.
    if !measured.series.is_empty() {
        facts["series_sha256"] = hex::encode(Sha256::digest(&measured.series)).into();
    }
    facts
}

/// What the chain says of a report.
pub(super) fn report_facts(report: &ReportRow) -> Value {
    json!({
        "revision": report.revision, "at_us": us(report.at), "rules": report.rules,
        "sha256": sha256_of(&report.report),
        "json_key": report.json_key, "html_key": report.html_key,
    })
}

/// Enters a later report of a file that has one, with its verdict.
pub(super) async fn enter_report(
    conn: &mut SqliteConnection,
    id: FileId,
    at: DateTime<Utc>,
    verdict: &str,
    report: &ReportRow,
) -> Result<(), Fault> {
    if existing(conn, id).await?.report_revision.is_none() {
        return Err(Fault::Final(format!(
            "{id} has no first report yet, so no later one can be entered"
        )));
    }
    contents::enter_report(conn, id, report).await?;
    sqlx::query("UPDATE files SET verdict = $1 WHERE id = $2")
        .bind(verdict)
        .bind(id.0)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let (file, kind) = (Some(id), "reported");
    let detail = json!({ "verdict": verdict, "report": report_facts(report) });
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await
}

/// Says what a file waits for.
pub(super) async fn wait_for(
    conn: &mut SqliteConnection,
    id: FileId,
    at: DateTime<Utc>,
    why: &str,
) -> Result<(), Fault> {
    if existing(conn, id).await?.waiting.as_deref() == Some(why) {
        return Ok(());
    }
    sqlx::query("UPDATE files SET waiting = $1 WHERE id = $2")
        .bind(why)
        .bind(id.0)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let (file, kind) = (Some(id), "waiting");
    let detail = json!({ "why": why });
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await
}

/// Says what a file waits for, and until when.
pub(super) async fn postpone(
    conn: &mut SqliteConnection,
    id: FileId,
    at: DateTime<Utc>,
    why: &str,
    not_before: DateTime<Utc>,
) -> Result<(), Fault> {
    sqlx::query("UPDATE files SET not_before_us = $1 WHERE id = $2")
        .bind(us(not_before))
        .bind(id.0)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    wait_for(conn, id, at, why).await
}

/// Counts a failed attempt.
pub(super) async fn failed(
    conn: &mut SqliteConnection,
    id: FileId,
    at: DateTime<Utc>,
    why: &str,
    not_before: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = existing(conn, id).await?;
    let attempts = row.attempts.saturating_add(1);
    sqlx::query("UPDATE files SET attempts = $1, trouble = $2, not_before_us = $3 WHERE id = $4")
        .bind(i64::from(attempts))
        .bind(why)
        .bind(us(not_before))
        .bind(id.0)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let (file, kind) = (Some(id), "failed");
    let detail = json!({
        "state": row.state, "why": why, "attempts": attempts, "not_before_us": us(not_before),
    });
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await
}

/// Holds a file for a person.
pub(super) async fn hold(
    conn: &mut SqliteConnection,
    id: FileId,
    at: DateTime<Utc>,
    why: &str,
) -> Result<(), Fault> {
    let state = existing(conn, id).await?.state;
    sqlx::query("UPDATE files SET held = 1, trouble = $1 WHERE id = $2")
        .bind(why)
        .bind(id.0)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let (file, kind) = (Some(id), "held");
    let detail = json!({ "state": state, "why": why });
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await
}

/// Lets held files go on at once, with their attempts counted anew; what
/// troubled them last stays to be read until they have moved.
pub(super) async fn resume(
    conn: &mut SqliteConnection,
    id: Option<FileId>,
    at: DateTime<Utc>,
) -> Result<u64, Fault> {
    let mut select = QueryBuilder::<Sqlite>::new("SELECT id, state FROM files WHERE held = 1");
    let mut update = QueryBuilder::<Sqlite>::new(
        "UPDATE files SET held = 0, attempts = 0, not_before_us = NULL WHERE held = 1",
    );
    if let Some(id) = id {
        select.push(" AND id = ").push_bind(id.0);
        update.push(" AND id = ").push_bind(id.0);
    }
    select.push(" ORDER BY id");
    let held = select.build().fetch_all(&mut *conn).await.map_err(fault)?;
    if held.is_empty() {
        return Ok(0);
    }
    update.build().execute(&mut *conn).await.map_err(fault)?;
    let mut entries = Vec::with_capacity(held.len());
    for row in &held {
        entries.push(Entry {
            at,
            file: Some(FileId(get(row, "id")?)),
            kind: "resumed",
            detail: json!({ "state": get::<&str>(row, "state")? }),
        });
    }
    append_all(conn, &entries).await?;
    Ok(u64::try_from(held.len()).unwrap_or(u64::MAX))
}
