//! The chain: appends events, reads them, checks them all.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::rows::{self, get, us};
use super::trouble::{damaged, fault};
use crate::chain::{Verifier, canonical, event_hash, is_kind};
use crate::port::fault::Fault;
use crate::port::ledger::{ChainCheck, ChainRow, FileId};

/// Rows of one INSERT. Named guess: beyond some hundred, larger statements are
/// no faster.
pub(super) const BATCH: usize = 200;

/// Events read at once while the chain is checked, so that memory stays flat.
const PAGE: i64 = 2000;

/// An event to be appended.
pub(super) struct Entry<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) file: Option<FileId>,
    pub(super) kind: &'a str,
    pub(super) detail: Value,
}

struct Head {
    seq: i64,
    hash: String,
}

async fn head(conn: &mut SqliteConnection) -> Result<Head, Fault> {
    let row = sqlx::query("SELECT chain_seq, chain_hash FROM meta WHERE id = 1")
        .fetch_optional(conn)
        .await
        .map_err(fault)?
        .ok_or_else(|| damaged("the head of the chain is missing"))?;
    Ok(Head {
        seq: get(&row, "chain_seq")?,
        hash: get(&row, "chain_hash")?,
    })
}

/// Appends one event within the caller's transaction.
pub(super) async fn append(conn: &mut SqliteConnection, entry: Entry<'_>) -> Result<(), Fault> {
    append_all(conn, &[entry]).await
}

/// Appends events in order within the caller's transaction.
pub(super) async fn append_all(
    conn: &mut SqliteConnection,
    entries: &[Entry<'_>],
) -> Result<(), Fault> {
    let mut head = head(conn).await?;
    for batch in entries.chunks(BATCH) {
        let mut chained = Vec::with_capacity(batch.len());
        for entry in batch {
            chained.push(link(&mut head, entry)?);
        }
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO events (seq, at_us, file, kind, detail, prev_hash, hash) ",
        );
        insert.push_values(chained, |mut row, event| {
            row.push_bind(event.seq)
                .push_bind(us(event.at))
                .push_bind(event.file.map(|id| id.0))
                .push_bind(event.kind)
                .push_bind(event.detail)
                .push_bind(event.prev_hash)
                .push_bind(event.hash);
        });
        insert.build().execute(&mut *conn).await.map_err(fault)?;
    }
    sqlx::query("UPDATE meta SET chain_seq = $1, chain_hash = $2 WHERE id = 1")
        .bind(head.seq)
        .bind(head.hash)
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(())
}

/// The event that follows `head`, which moves on to it.
fn link(head: &mut Head, entry: &Entry<'_>) -> Result<ChainRow, Fault> {
    if !is_kind(entry.kind) {
        return Err(Fault::Final(format!(
            "{:?} is no kind of event (a-z, 0-9, _); this is a fault of the program",
            entry.kind
        )));
    }
    let seq = head
        .seq
        .checked_add(1)
        .ok_or_else(|| damaged("the chain has no room for another event"))?;
    let detail = canonical(&entry.detail);
    let hash = event_hash(
        seq,
        us(entry.at),
        entry.file,
        entry.kind,
        &detail,
        &head.hash,
    );
    head.seq = seq;
    let prev_hash = std::mem::replace(&mut head.hash, hash.clone());
    Ok(ChainRow {
        seq,
        at: entry.at,
        file: entry.file,
        kind: entry.kind.to_owned(),
        detail,
        prev_hash,
        hash,
    })
}

/// Events of one file, oldest first.
pub(super) async fn history(
    conn: &mut SqliteConnection,
    id: FileId,
) -> Result<Vec<ChainRow>, Fault> {
    sqlx::query(
        "SELECT seq, at_us, file, kind, detail, prev_hash, hash FROM events WHERE file = $1 \
         ORDER BY seq",
    )
    .bind(id.0)
    .fetch_all(conn)
    .await
    .map_err(fault)?
    .iter()
    .map(rows::event)
    .collect()
}

/// The event at this position.
pub(super) async fn event(
    conn: &mut SqliteConnection,
    seq: i64,
) -> Result<Option<ChainRow>, Fault> {
    sqlx::query("SELECT seq, at_us, file, kind, detail, prev_hash, hash FROM events WHERE seq = $1")
        .bind(seq)
        .fetch_optional(conn)
        .await
        .map_err(fault)?
        .as_ref()
        .map(rows::event)
        .transpose()
}

/// Events of one kind, in pages by their position.
pub(super) async fn of_kind(
    conn: &mut SqliteConnection,
    kind: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<ChainRow>, Fault> {
    sqlx::query(
        "SELECT seq, at_us, file, kind, detail, prev_hash, hash FROM events \
         WHERE seq > $1 AND kind = $2 ORDER BY seq LIMIT $3",
    )
    .bind(after)
    .bind(kind)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(fault)?
    .iter()
    .map(rows::event)
    .collect()
}

/// Recomputes the whole chain and holds it against the head kept in `meta`.
/// The caller's transaction makes it one view, whatever is written meanwhile.
pub(super) async fn check(conn: &mut SqliteConnection) -> Result<ChainCheck, Fault> {
    let mut verifier = Verifier::default();
    let mut after = i64::MIN;
    loop {
        let page = sqlx::query(
            "SELECT seq, at_us, file, kind, detail, prev_hash, hash FROM events \
             WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *conn)
        .await
        .map_err(fault)?;
        let Some(last) = page.last() else { break };
        after = get(last, "seq")?;
        for row in &page {
            verifier.push(&rows::event(row)?);
        }
    }
    let head = head(conn).await?;
    Ok(verifier.against(head.seq, &head.hash))
}
