//! Removing a source, so that nothing but that source can ever be removed.
//!
//! `unlink` takes a name, and a name can be given to another file between the
//! last look and the call. So the source is first put aside: moved into a hidden
//! folder of ours beside it, where no team and no client puts files. There it is
//! looked at again: only if it is the very inode that was looked at before is it
//! removed. If another file was caught, it is moved back, never over anything.
//!
//! What remains: a program that has the file open for writing, where no lease can
//! be held, could write between the last look and the removal and lose just
//! these writes; the quiet time and the second reading make that a matter of
//! microseconds after many quiet seconds. Where a lease is held the writer waits.
//! And a name that vanishes for the moment in which a stranger is caught and put
//! back: its content and inode are untouched.
//!
//! After a crash in between, the file lies in the hidden folder under its own
//! name; [`put_back`] returns it at the next start, and it is then removed
//! again, with its content compared once more because its change time moved.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Mode, RawDir, RenameFlags, Stat};
use rustix::io::Errno;

use super::beneath::{self, Place};
use super::copy::digest_open;
use super::lease::{Asked, Lease};
use super::{Inner, Stop};
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::share::{EntryKind, Fingerprint, RelPath, Removal};

/// Name of the hidden folder, beside the file that is being removed.
pub(super) const RELEASING: &[u8] = b".unbroken-releasing";
const RELEASING_NAME: &CStr = c".unbroken-releasing";

/// How many other names are tried for a file whose own name was taken.
const NAMES_MAX: u32 = 1000;

/// See [`crate::port::share::Share::remove`].
pub(super) fn remove(
    inner: &Inner,
    path: &RelPath,
    expected: &Fingerprint,
    digests: &Digests,
    reread: bool,
    stop: &Stop,
) -> Result<Removal, Fault> {
    let at = |error| inner.trouble(path, error);
    let one_at_a_time = || {
        inner
            .removing
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    };
    let root = inner.root()?;
    let Some(place) = Place::find(root.as_fd(), path).map_err(at)? else {
        return Ok(Removal::AlreadyGone);
    };
    // An earlier attempt may have failed half-way; its file is not gone.
    if let Ok(aside) = beneath::subfolder(place.folder.as_fd(), RELEASING_NAME) {
        let _alone = one_at_a_time();
        return_all(aside.as_fd(), place.folder.as_fd()).map_err(at)?;
    }
    let Some(stat) = place.stat().map_err(at)? else {
        return Ok(Removal::AlreadyGone);
    };
    if beneath::kind(&stat) != Some(EntryKind::Regular) || !is_same(&stat, expected) {
        return Ok(Removal::Changed);
    }
    let Some(file) = place.open().map_err(at)? else {
        return Ok(Removal::AlreadyGone);
    };
    let lease = match inner.ask_lease(&file) {
        Asked::Held(lease) => Some(lease),
        Asked::Busy => {
            return Err(Fault::Fleeting(format!(
                "a program has {path} open for writing, so it is not removed yet"
            )));
        }
        Asked::Unknown => None,
    };
    let before = rustix::fs::fstat(&file).map_err(at)?;
    if !is_same(&before, expected) || before.st_nlink != 1 {
        return Ok(Removal::Changed);
    }
    // Change time and blocks move without the content (a new mode, a late
    // allocation, our own putting aside). Then the content has the last word.
    let is_touched = beneath::fingerprint(&before) != *expected;
    if reread || is_touched {
        let found = digest_open(
            &file,
            lease.as_ref(),
            expected.size_bytes,
            digests.sm3.is_some(),
            stop,
        )
        .map_err(|fault| fault.while_doing(format!("reading {path} again before its removal")))?;
        if found.as_ref() != Some(digests) {
            return Ok(Removal::Changed);
        }
    }
    let removal = Removing {
        path,
        place: &place,
        file: &file,
        lease: lease.as_ref(),
        before,
    };
    // Not before: reading a long video again would make every other removal wait.
    let _alone = one_at_a_time();
    removal.put_aside_and_unlink(inner.trouble_of(path))
}

/// True if it may still be that file; if anything of its outside moved, its
/// bytes have the last word.
fn is_same(stat: &Stat, expected: &Fingerprint) -> bool {
    beneath::fingerprint(stat).looks_like(expected)
}

/// A source that passed every look and is now being removed.
struct Removing<'a> {
    path: &'a RelPath,
    place: &'a Place,
    file: &'a File,
    lease: Option<&'a Lease<'a>>,
    /// Its outside when it had passed.
    before: Stat,
}

impl Removing<'_> {
    fn put_aside_and_unlink(&self, at: impl Fn(Errno) -> Fault) -> Result<Removal, Fault> {
        let folder = self.place.folder.as_fd();
        let aside = open_aside(folder).map_err(&at)?;
        match rename_free(folder, &self.place.name, aside.as_fd(), &self.place.name) {
            Ok(()) => {}
            Err(Errno::NOENT) => {
                close_aside(folder);
                return Ok(Removal::AlreadyGone);
            }
            Err(error) => {
                close_aside(folder);
                return Err(at(error));
            }
        }
        let caught = beneath::stat_at(aside.as_fd(), &self.place.name).map_err(&at)?;
        let ours = rustix::fs::fstat(self.file).map_err(&at)?;
        if !caught.is_some_and(|caught| self.is_it(&caught)) || !self.is_it(&ours) {
            let back = put_one_back(aside.as_fd(), folder, &self.place.name);
            close_aside(folder);
            back.map_err(|error| {
                Fault::Final(format!(
                    "{} changed while it was being removed and could not be put back ({error}); it \
                     lies in the folder {} beside its place, move it back by hand",
                    self.path,
                    RELEASING_NAME.to_string_lossy()
                ))
            })?;
            return Ok(Removal::Changed);
        }
        rustix::fs::unlinkat(&aside, &self.place.name, AtFlags::empty()).map_err(&at)?;
        close_aside(folder);
        sync(folder).map_err(&at)?;
        Ok(Removal::Removed)
    }

    /// True if it is the file that was looked at, and nobody has written to it.
    /// The change time is left out: putting it aside moves it.
    fn is_it(&self, stat: &Stat) -> bool {
        let (found, before) = (
            beneath::fingerprint(stat),
            beneath::fingerprint(&self.before),
        );
        found
            == Fingerprint {
                ctime_ns: found.ctime_ns,
                ..before
            }
            && stat.st_nlink == 1
            && self.lease.is_none_or(Lease::is_unbroken)
    }
}

/// The hidden folder beside the file, made if it is not there.
fn open_aside(folder: BorrowedFd<'_>) -> rustix::io::Result<File> {
    match rustix::fs::mkdirat(folder, RELEASING_NAME, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    Ok(File::from(beneath::subfolder(folder, RELEASING_NAME)?))
}

/// Removes the hidden folder if it is empty.
fn close_aside(folder: BorrowedFd<'_>) {
    match rustix::fs::unlinkat(folder, RELEASING_NAME, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
        Err(error) => tracing::warn!(%error, "the hidden folder for removals could not be removed"),
    }
}

/// Returns whatever a crash left in the hidden folder beneath `folder`. Says how
/// many files.
pub(super) fn put_back(root: BorrowedFd<'_>, folder: &[u8]) -> rustix::io::Result<u32> {
    let folder = beneath::folder(root, folder)?;
    let aside = match beneath::subfolder(folder.as_fd(), RELEASING_NAME) {
        Ok(aside) => aside,
        Err(error) if beneath::is_absence(error) => return Ok(0),
        Err(error) => return Err(error),
    };
    let returned = return_all(aside.as_fd(), folder.as_fd())?;
    close_aside(folder.as_fd());
    sync(folder.as_fd())?;
    Ok(returned)
}

fn return_all(aside: BorrowedFd<'_>, folder: BorrowedFd<'_>) -> rustix::io::Result<u32> {
    let mut returned = 0_u32;
    let mut names: Vec<CString> = Vec::new();
    let mut buffer = [MaybeUninit::uninit(); 8192];
    let mut dir = RawDir::new(aside, &mut buffer);
    while let Some(item) = dir.next() {
        let item = item?;
        if !matches!(item.file_name().to_bytes(), b"." | b"..") {
            names.push(item.file_name().to_owned());
        }
    }
    for name in names {
        put_one_back(aside, folder, &name)?;
        returned = returned.saturating_add(1);
    }
    Ok(returned)
}

/// Moves a file back to its name, or, if that was given to another file in the
/// meantime, to a free one in the same folder: both stay.
fn put_one_back(
    aside: BorrowedFd<'_>,
    folder: BorrowedFd<'_>,
    name: &CStr,
) -> rustix::io::Result<()> {
    match rename_free(aside, name, folder, name) {
        Err(Errno::EXIST) => {}
        other => return other,
    }
    // Without an exclusive rename a crash can leave both names of one file.
    if let (Some(a), Some(b)) = (
        beneath::stat_at(aside, name)?,
        beneath::stat_at(folder, name)?,
    ) && (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
        && b.st_nlink > 1
    {
        return rustix::fs::unlinkat(aside, name, AtFlags::empty());
    }
    for number in 1..=NAMES_MAX {
        let mut other = format!("restored-{number}-").into_bytes();
        // The end of a long name is kept: it holds the extension.
        let room = 255_usize.saturating_sub(other.len());
        let bytes = name.to_bytes();
        other.extend_from_slice(
            bytes
                .get(bytes.len().saturating_sub(room)..)
                .unwrap_or(bytes),
        );
        let other = CString::new(other).map_err(|_| Errno::INVAL)?;
        match rename_free(aside, name, folder, &other) {
            Err(Errno::EXIST) => {}
            done => return done,
        }
    }
    Err(Errno::EXIST)
}

/// Renames if the new name is free.
fn rename_free(
    from: BorrowedFd<'_>,
    name: &CStr,
    to: BorrowedFd<'_>,
    new: &CStr,
) -> rustix::io::Result<()> {
    match rustix::fs::renameat_with(from, name, to, new, RenameFlags::NOREPLACE) {
        // The file system has no such rename (NFS, some FUSE). A hard link is
        // as safe: it fails if the name is taken.
        Err(Errno::INVAL | Errno::NOSYS) => {
            rustix::fs::linkat(from, name, to, new, AtFlags::empty())?;
            rustix::fs::unlinkat(from, name, AtFlags::empty())
        }
        other => other,
    }
}

/// Makes the folder's names durable. File systems that cannot are told apart
/// from disks that fail.
pub(super) fn sync(folder: BorrowedFd<'_>) -> rustix::io::Result<()> {
    match rustix::fs::fsync(folder) {
        Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        other => other,
    }
}
