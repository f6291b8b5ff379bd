//! Reads files: what is owed, what waits, listings, counts.

use chrono::{DateTime, Utc};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::rows::{self, FILE, get, us};
use super::trouble::fault;
use crate::life::State;
use crate::port::fault::Fault;
use crate::port::ledger::{Counts, FileId, FileRow, Filter, Known};

async fn fetch(
    conn: &mut SqliteConnection,
    mut query: QueryBuilder<Sqlite>,
) -> Result<Vec<FileRow>, Fault> {
    let found = query.build().fetch_all(conn).await.map_err(fault)?;
    found.iter().map(rows::file).collect()
}

/// Adds ` f.state IN (…)`.
fn push_states(query: &mut QueryBuilder<Sqlite>, states: impl Iterator<Item = State>) {
    query.push(" f.state IN (");
    let mut list = query.separated(", ");
    for state in states {
        list.push_bind(state.as_str());
    }
    query.push(")");
}

pub(super) async fn known(conn: &mut SqliteConnection) -> Result<Vec<Known>, Fault> {
    let found = sqlx::query(
        "SELECT id, share, path, dev, ino, size_bytes, mtime_ns, ctime_ns, blocks, state \
         FROM files WHERE id IN (SELECT MAX(id) FROM files GROUP BY share, path) \
         AND state NOT IN ('gone', 'released') ORDER BY id",
    )
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    let known = found.iter().map(|row| {
        Ok(Known {
            id: FileId(get(row, "id")?),
            share: get(row, "share")?,
            path: rows::path(row)?,
            fingerprint: rows::fingerprint(row)?,
            state: rows::state(get(row, "state")?)?,
        })
    });
    known.collect()
}

pub(super) async fn due(
    conn: &mut SqliteConnection,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<FileRow>, Fault> {
    let mut query = QueryBuilder::new(FILE);
    // Spelled out as in the partial index `files_due`, or SQLite does not use it.
    let working: Vec<String> = State::ALL
        .into_iter()
        .filter(|s| s.is_working())
        .map(|s| format!("'{s}'"))
        .collect();
    query.push(format_args!("WHERE f.state IN ({})", working.join(", ")));
    query.push(" AND f.held = 0 AND (f.not_before_us IS NULL OR f.not_before_us <= ");
    query.push_bind(us(now));
    query.push(") ORDER BY f.id LIMIT ");
    query.push_bind(i64::from(limit));
    fetch(conn, query).await
}

pub(super) async fn waiting(conn: &mut SqliteConnection) -> Result<Vec<FileRow>, Fault> {
    let mut query = QueryBuilder::new(FILE);
    query.push("WHERE f.state = ");
    query.push_bind(State::Seen.as_str());
    query.push(" ORDER BY f.id");
    fetch(conn, query).await
}

pub(super) async fn in_share(
    conn: &mut SqliteConnection,
    share: &str,
) -> Result<Vec<(FileId, State)>, Fault> {
    let found = sqlx::query(
        "SELECT id, state FROM files WHERE state IN ('seen', 'settled') AND share = $1 ORDER BY id",
    )
    .bind(share)
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    let states = found
        .iter()
        .map(|row| Ok((FileId(get(row, "id")?), rows::state(get(row, "state")?)?)));
    states.collect()
}

pub(super) async fn file(
    conn: &mut SqliteConnection,
    id: FileId,
) -> Result<Option<FileRow>, Fault> {
    let mut query = QueryBuilder::new(FILE);
    query.push("WHERE f.id = ");
    query.push_bind(id.0);
    Ok(fetch(conn, query).await?.pop())
}

pub(super) async fn list(
    conn: &mut SqliteConnection,
    filter: &Filter,
) -> Result<Vec<FileRow>, Fault> {
    let mut query = QueryBuilder::new(FILE);
    query.push("WHERE 1 = 1");
    if !filter.states.is_empty() {
        query.push(" AND");
        push_states(&mut query, filter.states.iter().copied());
    }
    if filter.held {
        query.push(" AND f.held = 1");
    }
    if let Some(verdict) = &filter.verdict {
        query.push(" AND f.verdict = ").push_bind(verdict.clone());
    }
    if let Some(number) = &filter.case_number {
        query
            .push(" AND f.case_number = ")
            .push_bind(number.clone());
    }
    if let Some(before) = filter.before {
        query.push(" AND f.id < ").push_bind(before.0);
    }
    query.push(" ORDER BY f.id DESC LIMIT ");
    query.push_bind(i64::from(filter.limit));
    fetch(conn, query).await
}

pub(super) async fn with_content(
    conn: &mut SqliteConnection,
    blake3: &str,
    limit: u32,
) -> Result<Vec<FileRow>, Fault> {
    let mut query = QueryBuilder::new(FILE);
    query.push("WHERE f.blake3 = ").push_bind(blake3.to_owned());
    query.push(" ORDER BY f.id LIMIT ");
    query.push_bind(i64::from(limit));
    fetch(conn, query).await
}

pub(super) async fn counts(conn: &mut SqliteConnection) -> Result<Counts, Fault> {
    let mut counts = Counts::default();
    let states =
        sqlx::query("SELECT state, COUNT(*) AS files, SUM(held) AS held FROM files GROUP BY state")
            .fetch_all(&mut *conn)
            .await
            .map_err(fault)?;
    for row in &states {
        let state = rows::state(get(row, "state")?)?;
        counts.by_state.push((state, whole(get(row, "files")?)));
        counts.held = counts.held.saturating_add(whole(get(row, "held")?));
    }
    counts
        .by_state
        .sort_by_key(|(state, _)| State::ALL.iter().position(|s| s == state));
    let verdicts = sqlx::query(
        "SELECT verdict, COUNT(*) AS files FROM files WHERE verdict IS NOT NULL \
         GROUP BY verdict ORDER BY verdict",
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    for row in &verdicts {
        let files = whole(get(row, "files")?);
        counts.by_verdict.push((get(row, "verdict")?, files));
    }
    // Among the stored files of one content the oldest brought it, the others
    // are its aliases: so stored files minus distinct contents.
    let mut aliases = QueryBuilder::<Sqlite>::new(
        "SELECT COUNT(f.blake3) - COUNT(DISTINCT f.blake3) AS aliases FROM files f WHERE",
    );
    push_states(
        &mut aliases,
        State::ALL.into_iter().filter(|s| s.is_stored()),
    );
    let row = aliases.build().fetch_one(conn).await.map_err(fault)?;
    counts.aliases = whole(get(&row, "aliases")?);
    Ok(counts)
}

/// A count is never negative.
fn whole(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
