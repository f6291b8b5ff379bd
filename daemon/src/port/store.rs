//! Write-once storage: what custody needs from it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::digest::Digests;
use super::fault::Fault;

/// Longest part of a key in bytes: what file systems take (255), less what stores
/// add to names (SeaweedFS refuses more than 246 where it keeps versions).
pub const PART_BYTES_MAX: usize = 240;

/// A key beneath the store's prefix: UTF-8, parts separated by `/`, no empty,
/// `.` or `..` part, each part at most [`PART_BYTES_MAX`] long, the whole at most 900
/// bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Takes the text if it is a clean key.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let clean = !text.is_empty()
            && text.len() <= 900
            && text.split('/').all(|part| {
                !matches!(part, "" | "." | "..")
                    && part.len() <= PART_BYTES_MAX
                    && !part.chars().any(char::is_control)
            });
        clean.then_some(Self(text))
    }

    /// Where the original bytes of a content stand, for ever: by their BLAKE3 alone,
    /// in ASCII. Names and cases are the ledger's and may change; this never
    /// does. One content is one object, whoever brings it and how often.
    /// `None` if the digest is no lower-case hex of 256 bits.
    pub fn original(blake3: &str) -> Option<Self> {
        Self::beside_original(blake3, "original")
    }

    /// Something of ours (a report) that stands beside the original bytes.
    pub fn beside_original(blake3: &str, name: &str) -> Option<Self> {
        let is_digest = blake3.len() == 64
            && blake3
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let shard = blake3.get(..2).filter(|_| is_digest)?;
        Self::new(format!("evidence/{shard}/{blake3}/{name}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the bytes come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A private staged file; it can be read again for a retry.
    File(PathBuf),
    /// A small object made by us.
    Bytes(Bytes),
}

/// How a create ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// The object was created by this call (or by an earlier attempt of ours
    /// with the same bytes).
    Created {
        /// The store's version id, where it keeps versions.
        version: Option<String>,
    },
    /// Another content stands under this key; nothing was changed.
    Taken,
}

/// A stored object, read back whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBack {
    /// Digests computed from the bytes that came back.
    pub digests: Digests,
    /// The version that was read.
    pub version: Option<String>,
}

/// A multipart upload under way, as the ledger remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The store's id of the upload.
    pub upload_id: String,
    /// Length of every part but the last.
    pub part_bytes: u64,
    /// Parts that the store acknowledged: number from 1, ETag, SHA-256 (base64).
    pub parts: Vec<(i32, String, String)>,
}

/// Remembers uploads across crashes; the ledger implements it.
#[async_trait::async_trait]
pub trait UploadJournal: Send + Sync {
    /// The upload under way for `key`.
    async fn load(&self, key: &ObjectKey) -> Result<Option<Upload>, Fault>;
    /// Remembers it; called before the first part and after each part.
    async fn save(&self, key: &ObjectKey, upload: &Upload) -> Result<(), Fault>;
    /// Forgets it.
    async fn clear(&self, key: &ObjectKey) -> Result<(), Fault>;
}

/// One thing that custody relies on, as found by `doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ability {
    /// `conditional_create`, `conditional_race`, `wrong_checksum_refused`,
    /// `read_back`, `unicode_key`, `object_lock`, `multipart` …
    pub name: String,
    /// Whether the store keeps it.
    pub kept: bool,
    /// Whether sources may be released without it.
    pub required: bool,
    /// What was seen.
    pub seen: String,
}

/// Write-once storage. Nothing is ever overwritten or deleted.
#[async_trait::async_trait]
pub trait Store: Send + Sync {
    /// Kind and place, for ledger and reports: `directory:/…`,
    /// `s3:https://host/bucket/prefix`.
    fn id(&self) -> &str;

    /// Whether objects that the ledger entered under this id are held here. An id
    /// in which earlier programs named the same store is answered to, too.
    fn answers_to(&self, id: &str) -> bool {
        id == self.id()
    }

    /// Creates the object if the key is free. Idempotent: if the same bytes
    /// stand there already, that is `Created`. Durable when it returns.
    async fn create(
        &self,
        key: &ObjectKey,
        source: &Source,
        digests: &Digests,
        journal: &dyn UploadJournal,
    ) -> Result<Put, Fault>;

    /// Reads the object (that version, where versions are kept) back whole and
    /// hashes it. `None` if there is none.
    async fn read_back(
        &self,
        key: &ObjectKey,
        version: Option<&str>,
        sm3: bool,
    ) -> Result<Option<ReadBack>, Fault>;

    /// The bytes of a small object of ours (reports), at most `max_bytes`.
    async fn read_small(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Fault>;

    /// Shows an object under a name that people browse by, where this store has
    /// such a view (links in a directory). The view is a convenience that can
    /// be made anew from the ledger: no evidence, and nothing relies on it.
    async fn show(&self, at: &ObjectKey, key: &ObjectKey) -> Result<(), Fault> {
        let _ = (at, key);
        Ok(())
    }

    /// Gives up uploads that began longer than `age` ago and whose id is not among
    /// `known`, where this store has such a thing. Says how many.
    async fn sweep_uploads(&self, known: &HashSet<String>, age: Duration) -> Result<u64, Fault> {
        let _ = (known, age);
        Ok(0)
    }

    /// Tries what custody relies on, with objects of its own under
    /// `_doctor/`, and says what was seen.
    async fn doctor(&self) -> Result<Vec<Ability>, Fault>;
}
