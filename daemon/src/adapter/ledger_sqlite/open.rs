//! Opens the ledger: lock, connections, migrations.
//!
//! How the schema changes: what has been released is never edited, because a
//! migration's checksum stands in every ledger that went through it and another
//! one is refused. A change is a file of its own, `migrations/sqlite/NNNN_what.sql`,
//! with the next number and a line in [`migrations`]; it keeps every event as it
//! stands (the triggers see to that) and gives new columns a default, so that
//! earlier rows mean what they meant. Its test, beside those in `tests/ledger/`,
//! makes a ledger from the files before it with rows in it, opens that, and holds
//! rows and chain against what was entered.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, SqlSafeStr as _, SqliteConnection};

use super::rows::get;
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
    let one = |version, what: &'static str, statements: &'static str| {
        let statements = statements.into_sql_str();
        Migration::new(
            version,
            what.into(),
            MigrationType::Simple,
            statements,
            false,
        )
    };
    Migrator::with_migrations(vec![
        one(
            1,
            "ledger",
            include_str!("../../../migrations/sqlite/0001_ledger.sql"),
        ),
        one(
            2,
            "due",
            include_str!("../../../migrations/sqlite/0002_due.sql"),
        ),
        one(
            3,
            "series",
            include_str!("../../../migrations/sqlite/0003_series.sql"),
        ),
        one(
            4,
            "likenesses",
            include_str!("../../../migrations/sqlite/0004_likenesses.sql"),
        ),
    ])
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

/// Whoever works beside the daemon makes no ledger: an empty one would answer
/// every question wrongly and calmly.
pub(super) fn must_exist(ledger: &Path) -> Result<(), Fault> {
    match ledger.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Fault::Final(format!(
            "there is no ledger at {}; name the config of the daemon with --config, or start the \
             daemon once (`unbroken run`), which makes it",
            ledger.display()
        ))),
        Err(why) => Err(Fault::Final(format!(
            "the ledger {} cannot be reached: {why}; check the folder and its permissions",
            ledger.display()
        ))),
    }
}

/// One connection that writes beside the daemon's; nothing is made or migrated.
pub(super) async fn writer_beside(ledger: &Path) -> Result<SqlitePool, Fault> {
    // The journal mode stands in the file and is left as it is.
    let options = options(ledger)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", LOG_KEPT_BYTES);
    let pool = pool(1).connect_with(options).await.map_err(fault)?;
    let mut connection = pool.acquire().await.map_err(fault)?;
    same_schema(&mut connection).await?;
    drop(connection);
    Ok(pool)
}

/// Refuses a ledger of an older or a newer program.
pub(super) async fn same_schema(conn: &mut SqliteConnection) -> Result<(), Fault> {
    let table = sqlx::query(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(fault)?;
    if table.is_none() {
        return Err(Fault::Final(
            "this database is no ledger; name the config of the daemon with --config".to_owned(),
        ));
    }
    let rows = sqlx::query("SELECT version, checksum FROM _sqlx_migrations WHERE success")
        .fetch_all(conn)
        .await
        .map_err(fault)?;
    let migrations = migrations();
    let mut missing: BTreeMap<i64, &Migration> = migrations
        .iter()
        .map(|known| (known.version, known))
        .collect();
    for row in &rows {
        let version = get(row, "version")?;
        let Some(known) = missing.remove(&version) else {
            return Err(refusal(MigrateError::VersionMissing(version)));
        };
        if get::<&[u8]>(row, "checksum")? != known.checksum.as_ref() {
            return Err(refusal(MigrateError::VersionMismatch(version)));
        }
    }
    match missing.keys().next() {
        None => Ok(()),
        Some(version) => Err(Fault::Final(format!(
            "the ledger was written by an older program (schema {version} is not there yet); \
             nothing was changed; start this program's daemon once (`unbroken run`), which brings \
             it up to date"
        ))),
    }
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
