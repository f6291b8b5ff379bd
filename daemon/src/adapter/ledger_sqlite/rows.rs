//! Rows as SQLite holds them, and as the port shows them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::trouble::{damaged, fault};
use crate::life::State;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::ledger::{ChainRow, FileId, FileRow, ObjectRow, ReportRow};
use crate::port::share::{Fingerprint, RelPath};
use crate::port::store::ObjectKey;

/// Every column of a file with its content, for [`file`].
pub(super) const FILE: &str = "SELECT f.id, f.share, f.path, f.dev, f.ino, f.size_bytes, \
     f.mtime_ns, f.ctime_ns, f.blocks, f.state, f.seen_us, f.received_us, f.stored_us, \
     f.blake3, c.size_bytes AS content_bytes, c.sha256, c.sm3, f.lease_held, f.complete, \
     f.assignment, f.official, f.object_key, f.report_revision, f.verdict, \
     f.capture_earliest_us, f.capture_latest_us, f.waiting, f.attempts, f.not_before_us, \
     f.trouble, f.held FROM files f LEFT JOIN contents c ON c.blake3 = f.blake3 ";

/// An instant as the ledger holds it: microseconds since 1970.
pub(super) fn us(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// A column of the type that is asked for.
pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Result<T, Fault>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(fault)
}

fn instant(at_us: i64) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_micros(at_us)
        .ok_or_else(|| damaged(format!("{at_us} µs is no instant")))
}

fn time(row: &SqliteRow, column: &str) -> Result<DateTime<Utc>, Fault> {
    instant(get(row, column)?)
}

fn time_if_any(row: &SqliteRow, column: &str) -> Result<Option<DateTime<Utc>>, Fault> {
    get::<Option<i64>>(row, column)?.map(instant).transpose()
}

fn count(row: &SqliteRow, column: &str) -> Result<u32, Fault> {
    let value: i64 = get(row, column)?;
    u32::try_from(value).map_err(|_| damaged(format!("{column} holds {value}")))
}

pub(super) fn key(text: String) -> Result<ObjectKey, Fault> {
    ObjectKey::new(text.clone()).ok_or_else(|| damaged(format!("{text:?} is no object key")))
}

pub(super) fn json(text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|why| damaged(format!("a value is no JSON: {why}")))
}

pub(super) fn state(word: &str) -> Result<State, Fault> {
    State::parse(word).ok_or_else(|| damaged(format!("{word:?} is no state")))
}

pub(super) fn path(row: &SqliteRow) -> Result<RelPath, Fault> {
    RelPath::new(get::<Vec<u8>>(row, "path")?).ok_or_else(|| damaged("a path is not clean"))
}

pub(super) fn fingerprint(row: &SqliteRow) -> Result<Fingerprint, Fault> {
    Ok(Fingerprint {
        dev: get::<i64>(row, "dev")?.cast_unsigned(),
        ino: get::<i64>(row, "ino")?.cast_unsigned(),
        size_bytes: get::<i64>(row, "size_bytes")?.cast_unsigned(),
        mtime_ns: get(row, "mtime_ns")?,
        ctime_ns: get(row, "ctime_ns")?,
        blocks: get::<i64>(row, "blocks")?.cast_unsigned(),
    })
}

fn digests_of_file(row: &SqliteRow) -> Result<Option<Digests>, Fault> {
    let Some(blake3) = get(row, "blake3")? else {
        return Ok(None);
    };
    Ok(Some(Digests {
        size_bytes: get::<i64>(row, "content_bytes")?.cast_unsigned(),
        blake3,
        sha256: get(row, "sha256")?,
        sm3: get(row, "sm3")?,
    }))
}

/// A row of [`FILE`].
pub(super) fn file(row: &SqliteRow) -> Result<FileRow, Fault> {
    let revision: Option<i64> = get(row, "report_revision")?;
    Ok(FileRow {
        id: FileId(get(row, "id")?),
        share: get(row, "share")?,
        path: path(row)?,
        fingerprint: fingerprint(row)?,
        state: state(get(row, "state")?)?,
        seen: time(row, "seen_us")?,
        received: time_if_any(row, "received_us")?,
        stored: time_if_any(row, "stored_us")?,
        digests: digests_of_file(row)?,
        lease_held: get::<i64>(row, "lease_held")? != 0,
        complete: get::<i64>(row, "complete")? != 0,
        assignment: get::<Option<&str>>(row, "assignment")?
            .map(json)
            .transpose()?,
        official: get(row, "official")?,
        object: get::<Option<String>>(row, "object_key")?
            .map(key)
            .transpose()?,
        report_revision: revision
            .map(|_| count(row, "report_revision"))
            .transpose()?,
        verdict: get(row, "verdict")?,
        capture_earliest: time_if_any(row, "capture_earliest_us")?,
        capture_latest: time_if_any(row, "capture_latest_us")?,
        waiting: get(row, "waiting")?,
        attempts: count(row, "attempts")?,
        not_before: time_if_any(row, "not_before_us")?,
        trouble: get(row, "trouble")?,
        held: get::<i64>(row, "held")? != 0,
    })
}

/// A row of `objects`.
pub(super) fn object(row: &SqliteRow) -> Result<ObjectRow, Fault> {
    Ok(ObjectRow {
        key: key(get(row, "object_key")?)?,
        kind: get(row, "kind")?,
        store: get(row, "store")?,
        version: get(row, "version")?,
        digests: Digests {
            size_bytes: get::<i64>(row, "size_bytes")?.cast_unsigned(),
            blake3: get(row, "blake3")?,
            sha256: get(row, "sha256")?,
            sm3: get(row, "sm3")?,
        },
        verified: time(row, "verified_us")?,
    })
}

/// A row of `reports`.
pub(super) fn report(row: &SqliteRow) -> Result<ReportRow, Fault> {
    Ok(ReportRow {
        revision: count(row, "revision")?,
        at: time(row, "at_us")?,
        rules: get(row, "rules")?,
        report: json(get(row, "report")?)?,
        json_key: key(get(row, "json_key")?)?,
        html_key: key(get(row, "html_key")?)?,
    })
}

/// A row of `events`.
pub(super) fn event(row: &SqliteRow) -> Result<ChainRow, Fault> {
    Ok(ChainRow {
        seq: get(row, "seq")?,
        at: time(row, "at_us")?,
        file: get::<Option<i64>>(row, "file")?.map(FileId),
        kind: get(row, "kind")?,
        detail: get(row, "detail")?,
        prev_hash: get(row, "prev_hash")?,
        hash: get(row, "hash")?,
    })
}
