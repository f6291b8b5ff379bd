//! The ledger on SQLite: one file, one daemon, and commands beside it.
//!
//! Durable when a method returns: write-ahead log, synced at every commit. One
//! connection writes, in turn; a few others read, each from one view of the
//! whole. Statements are standard SQL with numbered places where they are
//! written by hand, so that other databases can follow.
//!
//! What a transition writes goes into the chain too (`wrote` in its detail;
//! large values by their SHA-256), so a verdict or digest changed behind our
//! back can be told from the one that was entered.

mod against_chain;
mod contents;
mod events;
mod files;
mod likenesses;
mod moves;
mod objects;
mod open;
mod places;
mod rows;
mod trouble;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};
use tokio::sync::Mutex;
use unbroken_probes::measurements::Position;

use self::trouble::fault;
use crate::life::{Effect, State};
use crate::likeness::{Asked, Index};
use crate::port::fault::Fault;
use crate::port::ledger::{
    Advance, ChainCheck, ChainRow, Counts, FileId, FileRow, Filter, Known, Ledger, LooksAlike,
    Measured, Notice, ObjectRow, ReportRow, RowCheck,
};
use crate::port::share::Fingerprint;
use crate::port::store::{ObjectKey, Upload, UploadJournal};

/// The ledger on SQLite.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    /// The daemon's, held open for its lock. Whoever works beside it has none.
    lock: Option<File>,
    /// What all pictures look like, from the first question on.
    likenesses: Arc<Mutex<Index>>,
}

impl SqliteLedger {
    /// Opens the ledger, or makes it with the folder that holds it. Refuses if
    /// another daemon has it or a newer program wrote it.
    pub async fn open(path: &Path) -> Result<Self, Fault> {
        let during = |fault: Fault| fault.while_doing(format_args!("ledger {}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|why| during(why.into()))?;
        }
        let lock = open::lock(path)?;
        let writer = open::writer(path).await.map_err(during)?;
        let readers = open::readers(path).await.map_err(during)?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers,
            lock: Some(lock),
            likenesses: Arc::default(),
        })
    }

    /// Opens a ledger that is there, beside a daemon that may be at work on it:
    /// for commands that look, take a note or resume. Makes and migrates
    /// nothing; refuses a ledger of another schema than this program's.
    ///
    /// Both may write: every transaction takes SQLite's write lock before it
    /// reads the head of the chain, and no head is kept in memory.
    pub async fn open_beside(path: &Path) -> Result<Self, Fault> {
        let during = |fault: Fault| fault.while_doing(format_args!("ledger {}", path.display()));
        open::must_exist(path)?;
        let writer = open::writer_beside(path).await.map_err(during)?;
        let readers = open::readers(path).await.map_err(during)?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers,
            lock: None,
            likenesses: Arc::default(),
        })
    }

    /// Ends all connections and folds the write-ahead log into the ledger. A
    /// ledger that is only dropped, or killed, loses nothing.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    fn during(&self, fault: Fault) -> Fault {
        fault.while_doing(format_args!("ledger {}", self.path.display()))
    }

    async fn writing(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        // The lock is taken at the start: a transaction that reads first and
        // writes later could be refused in the middle.
        let mut transaction = self
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(|error| self.during(fault(error)))?;
        if self.lock.is_none() {
            // Meanwhile a newer daemon may have taken the ledger over.
            open::same_schema(&mut transaction)
                .await
                .map_err(|fault| self.during(fault))?;
        }
        Ok(transaction)
    }

    async fn reading(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        self.readers
            .begin()
            .await
            .map_err(|error| self.during(fault(error)))
    }
}

/// Runs one function on a connection of the readers, within one view.
macro_rules! read {
    ($self:ident, $module:ident :: $function:ident ( $($argument:expr),* )) => {{
        let mut view = $self.reading().await?;
        $module::$function(&mut view, $($argument),*)
            .await
            .map_err(|fault| $self.during(fault))
    }};
}

/// Runs one function in a transaction of the writer, and commits it if it went
/// well; otherwise nothing was changed.
macro_rules! write {
    ($self:ident, $module:ident :: $function:ident ( $($argument:expr),* )) => {{
        let mut transaction = $self.writing().await?;
        let done = $module::$function(&mut transaction, $($argument),*)
            .await
            .map_err(|fault| $self.during(fault))?;
        transaction
            .commit()
            .await
            .map_err(|error| $self.during(fault(error)))?;
        Ok(done)
    }};
}

#[async_trait::async_trait]
impl UploadJournal for SqliteLedger {
    async fn load(&self, key: &ObjectKey) -> Result<Option<Upload>, Fault> {
        read!(self, objects::load(key))
    }

    /// An upload under way is a note to ourselves and no event of the chain.
    async fn save(&self, key: &ObjectKey, upload: &Upload) -> Result<(), Fault> {
        write!(self, objects::save(key, upload))
    }

    async fn clear(&self, key: &ObjectKey) -> Result<(), Fault> {
        write!(self, objects::clear(key))
    }
}

#[async_trait::async_trait]
impl Ledger for SqliteLedger {
    async fn known(&self) -> Result<Vec<Known>, Fault> {
        read!(self, files::known())
    }

    async fn notice(&self, at: DateTime<Utc>, notices: &[Notice]) -> Result<Vec<FileId>, Fault> {
        write!(self, moves::notice(at, notices))
    }

    async fn due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<FileRow>, Fault> {
        read!(self, files::due(now, limit))
    }

    async fn waiting(&self) -> Result<Vec<FileRow>, Fault> {
        read!(self, files::waiting())
    }

    async fn in_share(&self, share: &str) -> Result<Vec<(FileId, State)>, Fault> {
        read!(self, files::in_share(share))
    }

    async fn touched(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        fingerprint: Fingerprint,
    ) -> Result<(), Fault> {
        write!(self, moves::touched(id, at, &fingerprint))
    }

    async fn file(&self, id: FileId) -> Result<Option<FileRow>, Fault> {
        read!(self, files::file(id))
    }

    async fn list(&self, filter: &Filter) -> Result<Vec<FileRow>, Fault> {
        read!(self, files::list(filter))
    }

    async fn with_content(&self, blake3: &str, limit: u32) -> Result<Vec<FileRow>, Fault> {
        read!(self, files::with_content(blake3, limit))
    }

    async fn begin(&self, id: FileId, effect: Effect, at: DateTime<Utc>) -> Result<(), Fault> {
        write!(self, moves::begin(id, effect, at))
    }

    async fn advance(&self, advance: Advance) -> Result<FileRow, Fault> {
        write!(self, moves::advance(&advance))
    }

    async fn wait_for(&self, id: FileId, at: DateTime<Utc>, why: &str) -> Result<(), Fault> {
        write!(self, moves::wait_for(id, at, why))
    }

    async fn postpone(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        why: &str,
        not_before: DateTime<Utc>,
    ) -> Result<(), Fault> {
        write!(self, moves::postpone(id, at, why, not_before))
    }

    async fn failed(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        why: &str,
        not_before: DateTime<Utc>,
    ) -> Result<(), Fault> {
        write!(self, moves::failed(id, at, why, not_before))
    }

    async fn hold(&self, id: FileId, at: DateTime<Utc>, why: &str) -> Result<(), Fault> {
        write!(self, moves::hold(id, at, why))
    }

    async fn resume(&self, id: Option<FileId>, at: DateTime<Utc>) -> Result<u64, Fault> {
        write!(self, moves::resume(id, at))
    }

    async fn measured(&self, blake3: &str) -> Result<Option<Measured>, Fault> {
        read!(self, contents::measured(blake3))
    }

    async fn measured_after(
        &self,
        blake3: &str,
        limit: u32,
    ) -> Result<Vec<(String, Value)>, Fault> {
        read!(self, contents::measured_after(blake3, limit))
    }

    async fn alike(
        &self,
        asked: Asked,
        within_bits: u32,
        limit: u32,
    ) -> Result<Vec<LooksAlike>, Fault> {
        let mut index = self.likenesses.clone().lock_owned().await;
        read!(self, likenesses::catch_up(&mut index))?;
        // Among millions this takes long enough for others to wait.
        let searched = tokio::task::spawn_blocking(move || {
            index.settle();
            let mut found = index.near(&asked, within_bits);
            found.truncate(limit as usize);
            found
        });
        let found = searched.await.map_err(|error| {
            Fault::Final(format!(
                "the search for like pictures broke down ({error}); a fault of the program"
            ))
        })?;
        read!(self, likenesses::contents(&found))
    }

    async fn with_pixels(&self, pixels_blake3: &str, limit: u32) -> Result<Vec<String>, Fault> {
        read!(self, likenesses::with_pixels(pixels_blake3, limit))
    }

    async fn places(
        &self,
        case_number: &str,
        but: FileId,
        limit: u32,
    ) -> Result<Vec<Position>, Fault> {
        read!(self, places::of_case(case_number, but, limit))
    }

    async fn evidence(&self, blake3: &str, store: &str) -> Result<Option<ObjectRow>, Fault> {
        read!(self, objects::evidence(blake3, store))
    }

    async fn enter_object(&self, at: DateTime<Utc>, row: &ObjectRow) -> Result<(), Fault> {
        write!(self, objects::enter_object(at, row))
    }

    async fn objects_after(
        &self,
        after: (&str, &str),
        limit: u32,
    ) -> Result<Vec<ObjectRow>, Fault> {
        read!(self, objects::objects_after(after, limit))
    }

    async fn any_object(&self, store: &str) -> Result<Option<ObjectKey>, Fault> {
        read!(self, objects::any_object(store))
    }

    async fn upload_ids(&self) -> Result<HashSet<String>, Fault> {
        read!(self, objects::upload_ids())
    }

    async fn report(&self, id: FileId) -> Result<Option<ReportRow>, Fault> {
        read!(self, contents::report(id))
    }

    async fn enter_report(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        verdict: &str,
        row: &ReportRow,
    ) -> Result<(), Fault> {
        write!(self, moves::enter_report(id, at, verdict, row))
    }

    async fn number(&self, series: &str, id: FileId, at: DateTime<Utc>) -> Result<u32, Fault> {
        write!(self, objects::number(series, id, at))
    }

    async fn note(
        &self,
        at: DateTime<Utc>,
        file: Option<FileId>,
        kind: &str,
        detail: Value,
    ) -> Result<(), Fault> {
        let entry = events::Entry {
            at,
            file,
            kind,
            detail,
        };
        write!(self, events::append(entry))
    }

    async fn history(&self, id: FileId) -> Result<Vec<ChainRow>, Fault> {
        read!(self, events::history(id))
    }

    async fn event(&self, seq: i64) -> Result<Option<ChainRow>, Fault> {
        read!(self, events::event(seq))
    }

    async fn check_chain(&self) -> Result<ChainCheck, Fault> {
        read!(self, events::check())
    }

    async fn check_rows(&self) -> Result<RowCheck, Fault> {
        read!(self, against_chain::check())
    }

    async fn counts(&self) -> Result<Counts, Fault> {
        read!(self, files::counts())
    }
}
