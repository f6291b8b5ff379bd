//! What every test of the ledger starts from.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{ConnectOptions as _, Connection as _};
use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::life::{Event, State};
use unbroken::port::digest::Digests;
use unbroken::port::ledger::{Advance, Change, FileId, Notice};
use unbroken::port::share::{Fingerprint, RelPath};
use unbroken::port::store::ObjectKey;

/// An instant with microseconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_764_000_000 + seconds, 123_456_000).unwrap()
}

pub fn notice(path: &[u8]) -> Notice {
    Notice {
        share: "drop".into(),
        path: RelPath::new(path).unwrap(),
        fingerprint: Fingerprint {
            dev: 1,
            ino: u64::MAX,
            size_bytes: 10,
            mtime_ns: -5,
            ctime_ns: 7,
            blocks: 8,
        },
        state: State::Seen,
        why: None,
    }
}

pub fn digests(letter: char) -> Digests {
    Digests {
        size_bytes: 10,
        blake3: letter.to_string().repeat(64),
        sha256: "b".repeat(64),
        sm3: None,
    }
}

pub fn step(id: FileId, from: State, event: Event) -> Advance {
    Advance {
        id,
        from,
        event,
        at: at(60),
        change: Change::default(),
        detail: json!({}),
    }
}

pub fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

/// The daemon's ledger in this folder.
pub async fn open(folder: &Path) -> SqliteLedger {
    SqliteLedger::open(&folder.join("ledger.db")).await.unwrap()
}

/// Changes the closed ledger behind its back.
pub async fn tamper(folder: &Path, statements: &'static str) -> Result<(), sqlx::Error> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("ledger.db"));
    let mut raw = options.connect().await?;
    let done = sqlx::raw_sql(statements).execute(&mut raw).await;
    raw.close().await?;
    done.map(|_| ())
}
