//! The watched share: where teams drop files and where receipts go back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use unbroken_probes::container::Completeness;

use super::digest::Digests;
use super::fault::Fault;

/// A path beneath the share, as the bytes that the file system holds, parts
/// separated by `/`; never empty, never absolute, no `.` or `..` part.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Vec<u8>);

impl RelPath {
    /// Takes the bytes if they are a clean relative path.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        let clean = !bytes.is_empty()
            && !bytes.contains(&0)
            && bytes
                .split(|b| *b == b'/')
                .all(|part| !matches!(part, b"" | b"." | b".."));
        clean.then_some(Self(bytes))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The parts: folders, then the file's name.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|b| *b == b'/')
    }

    /// The last part.
    pub fn name(&self) -> &[u8] {
        self.parts().next_back().unwrap_or(&self.0)
    }
}

impl std::fmt::Debug for RelPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

impl std::fmt::Display for RelPath {
    /// For logs and screens: control characters escaped, bad bytes replaced.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in String::from_utf8_lossy(&self.0).chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?
            } else {
                write!(f, "{c}")?
            }
        }
        Ok(())
    }
}

/// All by which a change of a file shows from outside. Times are the server's
/// view and are compared for equality only, never with our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Fingerprint {
    /// Device number.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Length.
    pub size_bytes: u64,
    /// Modification time, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Change time, nanoseconds since 1970.
    pub ctime_ns: i64,
    /// Allocated blocks of 512 bytes.
    pub blocks: u64,
}

impl Fingerprint {
    /// True if it is the same inode with the same length and modification time.
    /// A remount changes the device number, a new mode or owner the change time;
    /// only the bytes can say whether the content is still the same.
    pub fn looks_like(&self, other: &Self) -> bool {
        (self.ino, self.size_bytes, self.mtime_ns) == (other.ino, other.size_bytes, other.mtime_ns)
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file with one name.
    Regular,
    /// A regular file with several names (hard links).
    HardLinked,
    /// A symbolic link.
    Symlink,
    /// FIFO, socket or device.
    Special,
}

/// One entry of the share that is not a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub path: RelPath,
    /// What.
    pub kind: EntryKind,
    /// Its outside.
    pub fingerprint: Fingerprint,
    /// True if its name, or a folder's above it, is on the ignore list.
    pub ignored: bool,
    /// True if its name says that it is still under way; it waits to be renamed.
    pub temporary: bool,
}

/// One whole walk over the share.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Every entry, in no particular order. Our own receipts folder is left out.
    pub entries: Vec<Entry>,
    /// Folders found.
    pub folders: u64,
    /// Folders or entries that could not be read, with the reason. While this
    /// is not empty, an entry that is missing must not be called vanished.
    pub unread: Vec<(PathBuf, String)>,
}

/// What the gates say of a file that was quiet long enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Gates {
    /// `Some(true)`: a writer has it open; `Some(false)`: none has; `None`:
    /// the file system cannot say.
    pub writer: Option<bool>,
    /// What the structure says.
    pub structure: Completeness,
    /// `Some(true)`: a sidecar digest agrees; `Some(false)`: it does not.
    pub sidecar: Option<bool>,
}

/// A private, durable copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Digests of the bytes that were copied.
    pub digests: Digests,
    /// True if a read lease was held from before the first to after the last byte.
    pub lease_held: bool,
}

/// How an attempt to stage ended.
#[derive(Debug)]
pub enum Stage {
    /// Done.
    Staged(Staged),
    /// The source is no longer what was expected; nothing is left behind.
    Changed,
    /// A writer has it open; nothing is left behind.
    Busy,
    /// The source is gone; nothing is left behind.
    Vanished,
    /// It is no regular file of its own (any more).
    Declined(EntryKind),
}

/// How an attempt to remove a source ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Removal {
    /// Removed, and the folder was synced.
    Removed,
    /// It was gone already.
    AlreadyGone,
    /// Something else stands there now, or it changed; left alone.
    Changed,
}

/// Which digests to compute.
#[derive(Clone, Copy, Debug)]
pub struct DigestChoice {
    /// Compute SM3 too.
    pub sm3: bool,
}

/// One share. Every call opens what it needs beneath the share's root without
/// following any link.
#[async_trait::async_trait]
pub trait Share: Send + Sync {
    /// The share's name in ledger and logs: its configured path.
    fn name(&self) -> &str;

    /// Walks the whole share.
    async fn scan(&self) -> Result<Scan, Fault>;

    /// What stands at `path` now.
    async fn look(&self, path: &RelPath) -> Result<Option<Entry>, Fault>;

    /// Asks writer, structure and sidecar gates. Reads, never writes.
    async fn gates(&self, path: &RelPath) -> Result<Option<Gates>, Fault>;

    /// Digests of the bytes that stand at `path`; `None` if its outside is not (or
    /// does not stay) `expected`.
    async fn digests(
        &self,
        path: &RelPath,
        expected: &Fingerprint,
        choice: DigestChoice,
    ) -> Result<Option<Digests>, Fault>;

    /// Copies the file into `target` (which must not exist under its final
    /// name before the copy is whole and durable), hashing in the same read. The
    /// source must equal `expected` before and after.
    async fn stage(
        &self,
        path: &RelPath,
        expected: &Fingerprint,
        target: &Path,
        choice: DigestChoice,
    ) -> Result<Stage, Fault>;

    /// Removes the source if it is still the same inode with the same
    /// fingerprint, reads it once more and compares `digests` if
    /// `reread` is set (used where no lease could be held while copying).
    async fn remove(
        &self,
        path: &RelPath,
        expected: &Fingerprint,
        digests: &Digests,
        reread: bool,
    ) -> Result<Removal, Fault>;

    /// The bytes of a small regular file (`case.toml`), at most `bytes_max`: a
    /// longer file, a link or a missing file is `None`.
    async fn read_small(&self, path: &RelPath, bytes_max: u64) -> Result<Option<Vec<u8>>, Fault>;

    /// Writes (or replaces) a file of ours beneath the share, whole or not at
    /// all: receipts. `path` is beneath the receipts folder.
    async fn write_own(&self, path: &RelPath, bytes: &[u8]) -> Result<(), Fault>;

    /// Returns when something may have changed, or after `at_most`. A hint;
    /// correctness never rests on it.
    async fn wake(&self, at_most: Duration);
}
