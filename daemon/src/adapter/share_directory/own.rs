//! What we write into a share ourselves: receipts, each whole or not at all.

use std::ffi::CString;
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::Inner;
use super::beneath;
use super::remove::sync;
use crate::port::fault::Fault;
use crate::port::share::RelPath;

/// See [`crate::port::share::Share::write_own`].
pub(super) fn write(inner: &Inner, path: &RelPath, bytes: &[u8]) -> Result<(), Fault> {
    let receipts = inner.receipts.as_bytes();
    let is_ours = path
        .as_bytes()
        .strip_prefix(receipts)
        .is_some_and(|rest| rest.first() == Some(&b'/'));
    if !is_ours {
        return Err(Fault::Final(format!(
            "{path} is not beneath our own folder {}; nothing is written elsewhere in a share",
            inner.receipts
        )));
    }
    let _one_at_a_time = inner
        .writing
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let root = inner.root()?;
    write_whole(&root, path, bytes).map_err(|error| inner.trouble(path, error))
}

fn write_whole(root: &File, path: &RelPath, bytes: &[u8]) -> rustix::io::Result<()> {
    let mut folder: OwnedFd = beneath::folder(root.as_fd(), b"")?;
    let mut parts = path.parts();
    let name = CString::new(parts.next_back().unwrap_or_default()).map_err(|_| Errno::INVAL)?;
    for part in parts {
        let part = CString::new(part).map_err(|_| Errno::INVAL)?;
        folder = enter(&folder, &part)?;
    }
    // Always the same temporary name for the same file, so that a crash leaves
    // at most one, which the next attempt replaces.
    let short = blake3::hash(name.as_bytes()).to_hex();
    let short = short.as_str().get(..16).unwrap_or_default();
    let temporary = CString::new(format!(".unbroken-{short}.tmp")).map_err(|_| Errno::INVAL)?;
    match rustix::fs::unlinkat(&folder, &temporary, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    // Teams read it: everybody may, nobody but us may write.
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let mut file = File::from(rustix::fs::openat(&folder, &temporary, flags, mode)?);
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
        .and_then(|()| rustix::fs::renameat(&folder, &temporary, &folder, &name));
    if let Err(error) = written {
        // The first failure is the one to tell.
        let _ = rustix::fs::unlinkat(&folder, &temporary, AtFlags::empty());
        return Err(error);
    }
    sync(folder.as_fd())
}

/// Opens a folder of ours, made durably if it is not there.
fn enter(parent: &OwnedFd, name: &CString) -> rustix::io::Result<OwnedFd> {
    match rustix::fs::mkdirat(
        parent,
        name,
        Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH,
    ) {
        Ok(()) => sync(parent.as_fd())?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    beneath::subfolder(parent.as_fd(), name)
}
