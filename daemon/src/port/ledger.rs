//! The ledger: what is known about every file, and the chain of all events.
//!
//! Contract, tested against every adapter:
//! - every method is one transaction, durable when it returns;
//! - every change appends to the chain in the same transaction: each event
//!   holds the hash of the one before; rows of the chain are never changed;
//! - [`Ledger::advance`] moves a file only if it is still in the state that the
//!   caller saw, so two drives can never move one file twice.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unbroken_probes::measurements::Position;

use super::digest::Digests;
use super::fault::Fault;
use super::share::{Fingerprint, RelPath};
use super::store::{ObjectKey, UploadJournal};
use crate::life::{Effect, Event, State};
use crate::likeness::Asked;

/// The ledger's number of a file (one arrival at one path). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub i64);

impl std::fmt::Display for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "F{:08}", self.0)
    }
}

/// A file to be entered: seen for the first time.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The share.
    pub share: String,
    /// Where in it.
    pub path: RelPath,
    /// Its outside.
    pub fingerprint: Fingerprint,
    /// `Seen`, `Ignored` or `Refused`.
    pub state: State,
    /// Why it is ignored or refused.
    pub why: Option<String>,
}

/// What the scanner compares with: the newest row of each path.
#[derive(Clone, Debug)]
pub struct Known {
    /// The file.
    pub id: FileId,
    /// Its share.
    pub share: String,
    /// Its path.
    pub path: RelPath,
    /// Its outside when last looked at.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub state: State,
}

/// One file, whole.
#[derive(Clone, Debug)]
pub struct FileRow {
    /// Its number.
    pub id: FileId,
    /// The share.
    pub share: String,
    /// Original path in it, as bytes.
    pub path: RelPath,
    /// Its outside when last looked at.
    pub fingerprint: Fingerprint,
    /// What has been done.
    pub state: State,
    /// First seen in the share.
    pub seen: DateTime<Utc>,
    /// Complete and stable in the share.
    pub received: Option<DateTime<Utc>>,
    /// Durable and read back.
    pub stored: Option<DateTime<Utc>>,
    /// Content, once staged.
    pub digests: Option<Digests>,
    /// True if a lease was held while copying: the source need not be read
    /// again before it is removed.
    pub lease_held: bool,
    /// False if it was taken in although its structure is incomplete: then
    /// its source is never removed.
    pub complete: bool,
    /// Case, node and how they were found; shape owned by the `cases` room.
    pub assignment: Option<Value>,
    /// The official name.
    pub official: Option<String>,
    /// The key of the object that holds its content.
    pub object: Option<ObjectKey>,
    /// The newest report's revision, from 1.
    pub report_revision: Option<u32>,
    /// The newest verdict, as in the report.
    pub verdict: Option<String>,
    /// Interval in which the recording ended, for deadlines.
    pub capture_earliest: Option<DateTime<Utc>>,
    /// See `capture_earliest`.
    pub capture_latest: Option<DateTime<Utc>>,
    /// What it waits for, in words, while it waits.
    pub waiting: Option<String>,
    /// Failed attempts at the effect that is owed.
    pub attempts: u32,
    /// Not before this instant.
    pub not_before: Option<DateTime<Utc>>,
    /// The last failure.
    pub trouble: Option<String>,
    /// True if it is held: our own failure, needs a person.
    pub held: bool,
}

/// What a transition writes besides the state. `None` leaves as it was.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Where it stands now: it was renamed while it waited.
    pub path: Option<RelPath>,
    /// The outside as seen now.
    pub fingerprint: Option<Fingerprint>,
    /// When it was received.
    pub received: Option<DateTime<Utc>>,
    /// When the copy was read back.
    pub stored: Option<DateTime<Utc>>,
    /// The content.
    pub digests: Option<Digests>,
    /// See [`FileRow::lease_held`].
    pub lease_held: Option<bool>,
    /// See [`FileRow::complete`].
    pub complete: Option<bool>,
    /// See [`FileRow::assignment`].
    pub assignment: Option<Value>,
    /// The official name.
    pub official: Option<String>,
    /// The object that holds the content.
    pub object: Option<ObjectKey>,
    /// The verdict.
    pub verdict: Option<String>,
    /// Interval in which the recording ended.
    pub capture: Option<Between>,
    /// Measurements of the content, entered with the transition.
    pub measured: Option<Measured>,
    /// A report, entered with the transition.
    pub report: Option<ReportRow>,
}

/// An interval in which something happened; an open end is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Between {
    /// Not before.
    pub earliest: Option<DateTime<Utc>>,
    /// Not after.
    pub latest: Option<DateTime<Utc>>,
}

/// Measurements, stills and series of one content.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The measurements as JSON, with their schema inside.
    pub measurements: Value,
    /// Small pictures: label, milliseconds, JPEG bytes.
    pub stills: Vec<(String, u64, Vec<u8>)>,
    /// What was measured over time, `unbroken.series/1`; empty if nothing was.
    pub series: Vec<u8>,
}

/// A content whose picture looks like one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooksAlike {
    /// The content.
    pub blake3: String,
    /// How many bits differ.
    pub distance_bits: u32,
    /// Which of the bits that were asked for is the nearest.
    pub asked: usize,
}

/// One revision of a file's report.
#[derive(Clone, Debug)]
pub struct ReportRow {
    /// Revision, from 1.
    pub revision: u32,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Hash of the rules in force.
    pub rules: String,
    /// The report object.
    pub report: Value,
    /// Where the report's JSON is stored.
    pub json_key: ObjectKey,
    /// Where its page is stored.
    pub html_key: ObjectKey,
}

/// A transition to be committed.
#[derive(Clone, Debug)]
pub struct Advance {
    /// The file.
    pub id: FileId,
    /// The state in which the caller saw it.
    pub from: State,
    /// What happened.
    pub event: Event,
    /// When.
    pub at: DateTime<Utc>,
    /// What else is written.
    pub change: Change,
    /// What the chain says of it.
    pub detail: Value,
}

/// One stored object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRow {
    /// Its key.
    pub key: ObjectKey,
    /// `evidence`, `measurements`, `report`.
    pub kind: String,
    /// The store that holds it.
    pub store: String,
    /// Its version there.
    pub version: Option<String>,
    /// Its content.
    pub digests: Digests,
    /// When it was read back for the first time.
    pub verified: DateTime<Utc>,
}

/// One event of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRow {
    /// Position, from 1, without holes.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The file that it concerns.
    pub file: Option<FileId>,
    /// `noticed`, `touched`, `began`, `advanced`, `failed`, `held`, `resumed`, `object`,
    /// `number`, `started`, `stopped`, `reconciled`, `config` …
    pub kind: String,
    /// What happened: canonical JSON, sorted keys.
    pub detail: String,
    /// Hash of the event before; 64 zeros for the first.
    pub prev_hash: String,
    /// SHA-256 over version, seq, at, file, kind, detail and `prev_hash`.
    pub hash: String,
}

/// What a check of the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainCheck {
    /// Events read.
    pub events: u64,
    /// The newest hash.
    pub head: Option<String>,
    /// The first event that does not fit, and why.
    pub broken: Option<(i64, String)>,
}

/// What holding the ledger's rows against its chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowCheck {
    /// Rows held against the chain.
    pub rows: u64,
    /// Every row that does not say what the chain says, and how.
    pub misfits: Vec<String>,
}

/// How many files are in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files by state.
    pub by_state: Vec<(State, u64)>,
    /// Files that are held.
    pub held: u64,
    /// Stored files whose content an earlier file brought.
    pub aliases: u64,
    /// Files by verdict.
    pub by_verdict: Vec<(String, u64)>,
}

/// Which files a listing wants; newest first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only these states; empty for all.
    pub states: Vec<State>,
    /// Only held ones.
    pub held: bool,
    /// Only with this verdict.
    pub verdict: Option<String>,
    /// Only of this case number.
    pub case_number: Option<String>,
    /// Only older than this file.
    pub before: Option<FileId>,
    /// At most this many.
    pub limit: u32,
}

/// Files asked for at once by [`next_page`].
const PAGE_FILES: u32 = 1_000;

/// The next page of the files in these states, newest first; empty behind the
/// last. `before` says where the page before ended and starts as `None`.
pub async fn next_page(
    ledger: &dyn Ledger,
    states: &[State],
    before: &mut Option<FileId>,
) -> Result<Vec<FileRow>, Fault> {
    let filter = Filter {
        states: states.to_vec(),
        before: *before,
        limit: PAGE_FILES,
        ..Filter::default()
    };
    let rows = ledger.list(&filter).await?;
    *before = rows.last().map(|row| row.id);
    Ok(rows)
}

/// The ledger.
#[async_trait::async_trait]
pub trait Ledger: UploadJournal {
    /// The newest row of every path at which something may still stand: not of
    /// a file that disappeared or whose source was removed, because whatever
    /// stands there now is another arrival, even if it looks the same.
    async fn known(&self) -> Result<Vec<Known>, Fault>;

    /// Enters files seen for the first time, in order, in one transaction.
    async fn notice(&self, at: DateTime<Utc>, notices: &[Notice]) -> Result<Vec<FileId>, Fault>;

    /// Files that are owed an effect now: in a working state, not held,
    /// `not_before` passed. Oldest first.
    async fn due(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<FileRow>, Fault>;

    /// Files that wait in the share.
    async fn waiting(&self) -> Result<Vec<FileRow>, Fault>;

    /// Every file of a share that waits in it or is being copied from it, and
    /// which of the two.
    async fn in_share(&self, share: &str) -> Result<Vec<(FileId, State)>, Fault>;

    /// Enters a new outside of a file whose content was found to be the same.
    async fn touched(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        fingerprint: Fingerprint,
    ) -> Result<(), Fault>;

    /// One file.
    async fn file(&self, id: FileId) -> Result<Option<FileRow>, Fault>;

    /// A listing.
    async fn list(&self, filter: &Filter) -> Result<Vec<FileRow>, Fault>;

    /// Files with this content, oldest first, at most `limit`.
    async fn with_content(&self, blake3: &str, limit: u32) -> Result<Vec<FileRow>, Fault>;

    /// Commits the intent before an effect starts.
    async fn begin(&self, id: FileId, effect: Effect, at: DateTime<Utc>) -> Result<(), Fault>;

    /// Commits a transition through [`crate::life::next`]; resets attempts,
    /// trouble, waiting and `not_before`. `Err(Final)` if the file is no longer in `from`
    /// or the table has no such row. `stored` set for the first time enters no
    /// object: that is [`Ledger::enter_object`]'s.
    async fn advance(&self, advance: Advance) -> Result<FileRow, Fault>;

    /// Says what a waiting file waits for. No event unless the words changed.
    async fn wait_for(&self, id: FileId, at: DateTime<Utc>, why: &str) -> Result<(), Fault>;

    /// Says what a file waits for, and until when it is not to be asked again. No
    /// event unless the words changed.
    async fn postpone(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        why: &str,
        not_before: DateTime<Utc>,
    ) -> Result<(), Fault>;

    /// Counts a failed attempt and says when to try again.
    async fn failed(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        why: &str,
        not_before: DateTime<Utc>,
    ) -> Result<(), Fault>;

    /// Holds a file for a person.
    async fn hold(&self, id: FileId, at: DateTime<Utc>, why: &str) -> Result<(), Fault>;

    /// Lets held files go on; all of them if `id` is `None`. Says how many.
    async fn resume(&self, id: Option<FileId>, at: DateTime<Utc>) -> Result<u64, Fault>;

    /// Measurements, stills and series of a content.
    async fn measured(&self, blake3: &str) -> Result<Option<Measured>, Fault>;

    /// Every content with measurements, for re-judging, in pages by BLAKE3.
    async fn measured_after(&self, blake3: &str, limit: u32)
    -> Result<Vec<(String, Value)>, Fault>;

    /// Contents whose pictures are within `within_bits` of what is asked for, the
    /// nearest first, at most `limit`. Within 31 bits of a position none is
    /// missed.
    async fn alike(
        &self,
        asked: Asked,
        within_bits: u32,
        limit: u32,
    ) -> Result<Vec<LooksAlike>, Fault>;

    /// Contents whose decoded pixels have this digest, at most `limit`.
    async fn with_pixels(&self, pixels_blake3: &str, limit: u32) -> Result<Vec<String>, Fault>;

    /// Where the other files of a case say that they were taken, the newest
    /// first, at most `limit`.
    async fn places(
        &self,
        case_number: &str,
        but: FileId,
        limit: u32,
    ) -> Result<Vec<Position>, Fault>;

    /// The object that holds this content as evidence: the one in `store`, if
    /// there is one, else the oldest in another.
    async fn evidence(&self, blake3: &str, store: &str) -> Result<Option<ObjectRow>, Fault>;

    /// Enters a stored and verified object; again is no error if it is equal.
    async fn enter_object(&self, at: DateTime<Utc>, row: &ObjectRow) -> Result<(), Fault>;

    /// Every object, in pages by key and store: what comes after this pair.
    async fn objects_after(&self, after: (&str, &str), limit: u32)
    -> Result<Vec<ObjectRow>, Fault>;

    /// An object that stands in this store, if the ledger knows any.
    async fn any_object(&self, store: &str) -> Result<Option<ObjectKey>, Fault>;

    /// The ids of all uploads under way.
    async fn upload_ids(&self) -> Result<HashSet<String>, Fault>;

    /// The newest report of a file.
    async fn report(&self, id: FileId) -> Result<Option<ReportRow>, Fault>;

    /// Enters a later report of a reported file, with its verdict.
    async fn enter_report(
        &self,
        id: FileId,
        at: DateTime<Utc>,
        verdict: &str,
        row: &ReportRow,
    ) -> Result<(), Fault>;

    /// A running number for a file within `series` (case number and node),
    /// from 1. The same file gets the same number again; a number is never
    /// given to another file, not after a crash either.
    async fn number(&self, series: &str, id: FileId, at: DateTime<Utc>) -> Result<u32, Fault>;

    /// Appends an event that concerns no transition.
    async fn note(
        &self,
        at: DateTime<Utc>,
        file: Option<FileId>,
        kind: &str,
        detail: Value,
    ) -> Result<(), Fault>;

    /// Events of one file, oldest first.
    async fn history(&self, id: FileId) -> Result<Vec<ChainRow>, Fault>;

    /// The event at this position of the chain.
    async fn event(&self, seq: i64) -> Result<Option<ChainRow>, Fault>;

    /// Recomputes the whole chain.
    async fn check_chain(&self) -> Result<ChainCheck, Fault>;

    /// Holds every row of files, reports, numbers, contents and objects against
    /// the chain. Says nothing of the chain itself: that is
    /// [`Ledger::check_chain`]'s.
    async fn check_rows(&self) -> Result<RowCheck, Fault>;

    /// Counts for status page, metrics and the daily reconciliation.
    async fn counts(&self) -> Result<Counts, Fault>;
}
