//! The file by which a directory is known as our store. A disk that is not
//! mounted leaves an empty directory behind, which must not be taken for an
//! empty store: what is stored there is hidden as soon as the disk comes back.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::place::{explain, flush_directory};
use crate::port::fault::Fault;
use crate::port::store::ObjectKey;

/// Name of the marker; not a key, because no key of ours is a single part.
pub(super) const MARKER: &str = ".unbroken-store";

/// What it says to whoever finds it.
const WORDS: &str = "unbroken.store/1\n\
    此文件表明本目录是 unbroken(全程)的存储,请勿删除或移动。\n\
    This file marks the directory as a store of unbroken. Leave it where it is.\n";

/// Refuses a directory that is not the store in which `known` stands. Looks only,
/// so that nothing is left behind on the wrong disk.
pub(super) fn recognise(directory: &Path, known: &ObjectKey) -> Result<(), Fault> {
    // A store of an earlier program has no marker, but it has its objects.
    for sign in [MARKER, known.as_str()] {
        let path = directory.join(sign);
        let there = path.try_exists().map_err(|error| {
            Fault::from(error).while_doing(format!("looking for {}", path.display()))
        })?;
        if there {
            return Ok(());
        }
    }
    Err(Fault::Final(format!(
        "{} is not the store that the ledger knows: neither its marker {MARKER} nor the object \
         {known} is there. If it lies on a disk or share of its own, mount that; nothing was \
         written",
        directory.display()
    )))
}

/// Writes the marker if there is none.
pub(super) fn mark(root: &OwnedFd) -> Result<(), Fault> {
    if fs::accessat(root, MARKER, fs::Access::EXISTS, AtFlags::empty()).is_ok() {
        return Ok(());
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let write = || -> io::Result<()> {
        let file = match fs::openat(root, MARKER, flags, Mode::from_raw_mode(0o444)) {
            Ok(file) => file,
            // Another opened the store at the same moment.
            Err(Errno::EXIST) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut file = std::fs::File::from(file);
        file.write_all(WORDS.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| explain(error).while_doing(format!("writing the marker {MARKER}")))?;
    flush_directory(root).map_err(|error| explain(error.into()))
}
