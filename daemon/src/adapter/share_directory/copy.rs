//! Staging: one read of the source makes a private, durable copy and its digests.

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Advice, AtFlags, FallocateFlags, Mode, OFlags};
use rustix::io::Errno;

use super::beneath::{self, Place};
use super::lease::{Asked, Lease};
use super::{Inner, Stop};
use crate::adapter::digester::{Buffers, CHUNK_BYTES, Digester, read_full};
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::share::{DigestChoice, Fingerprint, RelPath, Stage, Staged};

/// From here on pages are given back to the system while copying, so that one
/// long video does not push everything else out of the page cache. Shorter
/// files stay in it: the prober reads the copy next (named guess).
const HUGE_BYTES: u64 = 256 << 20;

/// How much is copied between two such hand-backs (named guess).
const FLUSH_BYTES: u64 = 16 << 20;

/// Why copying stopped before its end.
enum Broke {
    /// The source is no longer what was expected.
    Changed,
    Fault(Fault),
}

impl From<Fault> for Broke {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// See [`crate::port::share::Share::stage`].
pub(super) fn stage(
    inner: &Inner,
    path: &RelPath,
    expected: &Fingerprint,
    target: &Path,
    choice: DigestChoice,
    stop: &Stop,
) -> Result<Stage, Fault> {
    let root = inner.root()?;
    let at = |error| inner.trouble(path, error);
    let Some(place) = Place::find(root.as_fd(), path).map_err(at)? else {
        return Ok(Stage::Vanished);
    };
    let Some(stat) = place.stat().map_err(at)? else {
        return Ok(Stage::Vanished);
    };
    match beneath::kind(&stat) {
        Some(crate::port::share::EntryKind::Regular) => {}
        Some(kind) => return Ok(Stage::Declined(kind)),
        None => return Ok(Stage::Vanished),
    }
    if beneath::fingerprint(&stat) != *expected {
        return Ok(Stage::Changed);
    }
    let Some(source) = place.open().map_err(at)? else {
        return Ok(Stage::Vanished);
    };
    let lease = match inner.ask_lease(&source) {
        Asked::Held(lease) => Some(lease),
        Asked::Busy => return Ok(Stage::Busy),
        Asked::Unknown => None,
    };
    // Looked at again under the lease, and through the descriptor that is read.
    let now = rustix::fs::fstat(&source).map_err(at)?;
    if beneath::fingerprint(&now) != *expected || now.st_nlink != 1 {
        return Ok(Stage::Changed);
    }
    let job = Job {
        path,
        source: &source,
        lease: lease.as_ref(),
        expected,
        stop,
    };
    let partial = Partial::create(target, expected.size_bytes)?;
    let digests = match job.copy(&partial, choice) {
        Ok(digests) => digests,
        Err(Broke::Changed) => return Ok(Stage::Changed),
        Err(Broke::Fault(fault)) => return Err(fault),
    };
    partial.sync()?;
    // The same file through its descriptor, and the same file at its path.
    if !job.is_unchanged().map_err(at)? {
        return Ok(Stage::Changed);
    }
    let there = match Place::find(root.as_fd(), path).map_err(at)? {
        Some(place) => place.stat().map_err(at)?,
        None => None,
    };
    match there {
        None => return Ok(Stage::Vanished),
        Some(stat) if beneath::fingerprint(&stat) != *expected => return Ok(Stage::Changed),
        Some(_) => {}
    }
    partial.publish()?;
    Ok(Stage::Staged(Staged {
        digests,
        lease_held: lease.is_some(),
    }))
}

/// Reads an open file from where it stands to its end and hashes it, if it has
/// exactly `expected_bytes`; `None` if it has not or was changed meanwhile.
pub(super) fn digest_open(
    mut file: &File,
    lease: Option<&Lease<'_>>,
    expected_bytes: u64,
    sm3: bool,
    stop: &Stop,
) -> Result<Option<Digests>, Fault> {
    let _ = rustix::fs::fadvise(file, 0, None, Advice::Sequential);
    let buffers = Buffers::default();
    let mut digester = Digester::new(sm3);
    let mut read_bytes = 0_u64;
    loop {
        stop.check()?;
        let mut buffer = buffers.take();
        let filled = read_full(&mut file, buffer.space())?;
        read_bytes = read_bytes.saturating_add(filled as u64);
        if read_bytes > expected_bytes || lease.is_some_and(|lease| !lease.is_unbroken()) {
            return Ok(None);
        }
        if filled == 0 {
            return Ok((read_bytes == expected_bytes).then(|| digester.finish()));
        }
        digester.update(buffer.share(filled));
        if expected_bytes > HUGE_BYTES && read_bytes.is_multiple_of(FLUSH_BYTES) {
            give_back(file, read_bytes);
        }
    }
}

/// Lets the system forget the pages before `end`. On a file being written this
/// also starts writing them out, so that the last sync has little left to do.
fn give_back(file: &File, end: u64) {
    // Two rounds: what the last round only started to write is clean by now.
    let start = end.saturating_sub(2 * FLUSH_BYTES);
    let length = std::num::NonZeroU64::new(end.saturating_sub(start));
    // Advice only; a file system that does not take it loses nothing.
    let _ = rustix::fs::fadvise(file, start, length, Advice::DontNeed);
}

/// One copy under way.
struct Job<'a> {
    path: &'a RelPath,
    source: &'a File,
    lease: Option<&'a Lease<'a>>,
    expected: &'a Fingerprint,
    stop: &'a Stop,
}

impl Job<'_> {
    /// Copies and hashes. Where the file system can share blocks (Btrfs, XFS) the
    /// copy is made at once and then read for its digests; `copy_file_range`
    /// would save nothing elsewhere, since hashing has to read every byte.
    fn copy(&self, partial: &Partial, choice: DigestChoice) -> Result<Digests, Broke> {
        if rustix::fs::ioctl_ficlone(&partial.file, self.source).is_ok() {
            let (length, stop) = (self.expected.size_bytes, self.stop);
            let digests = digest_open(&partial.file, self.lease, length, choice.sm3, stop)
                .map_err(|fault| fault.while_doing(format!("reading the copy of {}", self.path)))?;
            return digests.ok_or(Broke::Changed);
        }
        partial.reserve()?;
        let _ = rustix::fs::fadvise(self.source, 0, None, Advice::Sequential);
        let is_huge = self.expected.size_bytes > HUGE_BYTES;
        let buffers = Buffers::default();
        let mut digester = Digester::new(choice.sm3);
        let mut copied = 0_u64;
        loop {
            self.stop.check()?;
            if self.lease.is_some_and(|lease| !lease.is_unbroken()) {
                return Err(Broke::Changed);
            }
            let mut buffer = buffers.take();
            let mut source = self.source;
            let filled = read_full(&mut source, buffer.space()).map_err(|e| self.unreadable(&e))?;
            copied = copied.saturating_add(filled as u64);
            if copied > self.expected.size_bytes {
                return Err(Broke::Changed);
            }
            if filled > 0 {
                let chunk = buffer.share(filled);
                partial.write(&chunk)?;
                digester.update(chunk);
            }
            if filled < CHUNK_BYTES {
                break;
            }
            if is_huge && copied.is_multiple_of(FLUSH_BYTES) {
                give_back(self.source, copied);
                give_back(&partial.file, copied);
            }
        }
        if copied != self.expected.size_bytes || self.has_more()? {
            return Err(Broke::Changed);
        }
        Ok(digester.finish())
    }

    /// True if the source goes on beyond what was read.
    fn has_more(&self) -> Result<bool, Fault> {
        let mut source = self.source;
        let count = read_full(&mut source, &mut [0; 1]).map_err(|e| self.unreadable(&e))?;
        Ok(count > 0)
    }

    /// True if no writer came and the outside is still what it was.
    fn is_unchanged(&self) -> rustix::io::Result<bool> {
        let stat = rustix::fs::fstat(self.source)?;
        Ok(self.lease.is_none_or(Lease::is_unbroken)
            && stat.st_nlink == 1
            && beneath::fingerprint(&stat) == *self.expected)
    }

    fn unreadable(&self, error: &std::io::Error) -> Fault {
        Fault::Fleeting(format!(
            "the source {} cannot be read from the share: {error}; it is tried again, check the \
             share's disk or connection if this stays",
            self.path
        ))
    }
}

/// The copy before it has its final name; removed again unless it was published.
struct Partial<'a> {
    target: &'a Path,
    folder: File,
    temporary: CString,
    name: CString,
    file: File,
    size_bytes: u64,
    published: std::cell::Cell<bool>,
}

impl<'a> Partial<'a> {
    fn create(target: &'a Path, size_bytes: u64) -> Result<Self, Fault> {
        let bad = || Fault::Final(format!("{} is no name for a copy", target.display()));
        let (Some(above), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(bad());
        };
        let mut temporary = OsString::from(name);
        temporary.push(".part");
        let temporary = CString::new(temporary.as_bytes()).map_err(|_| bad())?;
        let name = CString::new(name.as_bytes()).map_err(|_| bad())?;
        let above = if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        };
        let folder = File::open(above).map_err(|error| spoiled(target, &error))?;
        // Left over from a crash: nobody ever relied on it.
        match rustix::fs::unlinkat(&folder, &temporary, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(spoiled(target, &error.into())),
        }
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&folder, &temporary, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|error| spoiled(target, &error.into()))?;
        let file = File::from(fd);
        let published = std::cell::Cell::new(false);
        Ok(Self {
            target,
            folder,
            temporary,
            name,
            file,
            size_bytes,
            published,
        })
    }

    /// Reserves the space, so that a full disk shows before the copy, and other
    /// copies cannot take it meanwhile. The length is set by writing alone.
    fn reserve(&self) -> Result<(), Fault> {
        if self.size_bytes == 0 {
            return Ok(());
        }
        let flags = FallocateFlags::KEEP_SIZE;
        match rustix::fs::fallocate(&self.file, flags, 0, self.size_bytes) {
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => {
                Err(spoiled(self.target, &error.into()))
            }
            // Not every file system can; writing finds out instead.
            _ => Ok(()),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Fault> {
        let mut file = &self.file;
        file.write_all(bytes)
            .map_err(|error| spoiled(self.target, &error))
    }

    /// After a failed sync the pages count as clean though they are not, so it
    /// is never tried again: the copy is thrown away and made anew.
    fn sync(&self) -> Result<(), Fault> {
        self.file
            .sync_all()
            .map_err(|error| spoiled(self.target, &error))
    }

    /// Gives the copy its name, durably.
    fn publish(&self) -> Result<(), Fault> {
        let ours = rustix::fs::fstat(&self.file).map_err(|e| spoiled(self.target, &e.into()))?;
        let there = beneath::stat_at(self.folder.as_fd(), &self.temporary)
            .map_err(|e| spoiled(self.target, &e.into()))?;
        if there.is_none_or(|stat| (stat.st_dev, stat.st_ino) != (ours.st_dev, ours.st_ino)) {
            return Err(Fault::Fleeting(format!(
                "somebody else works at {} at the same time",
                self.target.display()
            )));
        }
        rustix::fs::renameat(&self.folder, &self.temporary, &self.folder, &self.name)
            .map_err(|error| spoiled(self.target, &error.into()))?;
        self.published.set(true);
        self.folder
            .sync_all()
            .map_err(|error| spoiled(self.target, &error))
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        if self.published.get() {
            return;
        }
        if let Err(error) = rustix::fs::unlinkat(&self.folder, &self.temporary, AtFlags::empty()) {
            tracing::warn!(target = %self.target.display(), %error, "an unfinished copy stays");
        }
    }
}

/// A failure on the side of the copy.
fn spoiled(target: &Path, error: &std::io::Error) -> Fault {
    let target = target.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::Fleeting(format!(
            "no space left for the private copy {target}; free space on the disk of the state \
             folder, the file is tried again by itself and its source is untouched"
        )),
        _ => Fault::Fleeting(format!(
            "the private copy {target} cannot be written: {error}"
        )),
    }
}
