//! Opens the ledger: lock, connections, migrations.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _};

use super::trouble::fault;
use crate::port::fault::Fault;

/// Readers beside the one writer. Named guess: pages and metrics together.
const READERS: u32 = 4;

/// How long SQLite waits for another program's lock. Named guess: longer than
/// any checkpoint, shorter than a person's patience.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a caller waits for its turn to write. Named guess: the entry of a
/// share with 100,000 files takes seconds, also on a slow disk.
const TURN_TIMEOUT: Duration = Duration::from_secs(120);

/// The write-ahead log is cut back to this after a checkpoint, so that one
/// large entry does not keep its size for ever. Named guess.
const LOG_KEPT_BYTES: &str = "67108864";

fn migrations() -> Migrator {
    Migrator::with_migrations(vec![Migration::new(
        1,
        "ledger".into(),
        MigrationType::Simple,
        include_str!("../../../migrations/sqlite/0001_ledger.sql").into_sql_str(),
        false,
    )])
}

/// Takes the lock that keeps a second daemon out. It lasts as long as the file
/// is open, so a killed daemon leaves none behind.
pub(super) fn lock(ledger: &Path) -> Result<File, Fault> {
    let mut name = ledger.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let during = |why: std::io::Error| {
        Fault::Final(format!(
            "cannot use the lock file {}: {why}; check the folder and its permissions",
            path.display()
        ))
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(during)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            // Only words for the message: an unreadable name is no obstacle.
            let _ = (&file).take(200).read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => "another program",
                holder => holder,
            };
            return Err(Fault::Final(format!(
                "the ledger {} is in use by {holder}; stop that one first, or give this one a \
                 ledger of its own",
                ledger.display()
            )));
        }
        Err(error) => return Err(during(error.into())),
    }
    file.set_len(0).map_err(during)?;
    file.rewind().map_err(during)?;
    writeln!(file, "process {}", std::process::id()).map_err(during)?;
    Ok(file)
}

fn options(ledger: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(ledger)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cell_size_check", "ON")
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // When a disk is full SQLite may end a transaction by itself, and the
        // driver goes on believing that it is open. Such a connection is
        // closed here, and the next caller gets a fresh one.
        .after_release(|connection, _| {
            Box::pin(async move {
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

/// The one connection that writes; the ledger is made if there is none, and
/// brought up to this program's schema.
pub(super) async fn writer(ledger: &Path) -> Result<SqlitePool, Fault> {
    let options = options(ledger)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", LOG_KEPT_BYTES);
    let pool = pool(1).connect_with(options).await.map_err(fault)?;
    migrations().run(&pool).await.map_err(refusal)?;
    Ok(pool)
}

/// The connections that read.
pub(super) async fn readers(ledger: &Path) -> Result<SqlitePool, Fault> {
    let options = options(ledger).read_only(true);
    pool(READERS).connect_with(options).await.map_err(fault)
}

fn refusal(error: MigrateError) -> Fault {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => fault(error),
        MigrateError::VersionMissing(version) => Fault::Final(format!(
            "the ledger was written by a newer program (schema {version}); nothing was changed; \
             use that program again, or a newer one"
        )),
        other => Fault::Final(format!(
            "the ledger's schema is not one that this program knows: {other}; use the program \
             that wrote it"
        )),
    }
}
