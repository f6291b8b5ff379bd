//! The temporary file that becomes an object.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use bytes::Bytes;
use rustix::fs::{self, AtFlags, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::place::{explain, same_content};
use crate::adapter::digester::{Buffers, Digester, digest_reader, read_full};
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::Source;

/// Names of temporary files end so.
const SUFFIX: &str = ".part";

/// A complete, flushed, read-only file without a key yet. Dropped, it is gone.
pub(super) struct Temp<'a> {
    directory: &'a OwnedFd,
    name: String,
    /// Held locked, so that no sweeper takes it for a leftover.
    file: File,
}

impl<'a> Temp<'a> {
    /// Copies the source, checks it against its digests and flushes it.
    pub(super) fn write(
        directory: &'a OwnedFd,
        source: &Source,
        digests: &Digests,
    ) -> Result<Self, Fault> {
        let mut temp = Self::make(directory).map_err(explain)?;
        let found = match source {
            Source::Bytes(bytes) => temp.fill_from_bytes(bytes)?,
            Source::File(path) => temp.fill_from_file(path)?,
        };
        if !same_content(&found, digests) {
            return Err(Fault::Final(format!(
                "the content to be stored is not the one that was announced: announced {} bytes \
                 with SHA-256 {}, found {} bytes with {}; nothing was stored, stage the file again",
                digests.size_bytes, digests.sha256, found.size_bytes, found.sha256
            )));
        }
        fs::fchmod(&temp.file, Mode::from_raw_mode(0o444)).map_err(|e| explain(e.into()))?;
        // After a failed flush the kernel may drop the pages and call the next
        // flush a success, so this file is given up and written anew.
        fs::fsync(&temp.file).map_err(|error| {
            Fault::Fleeting(format!(
                "flushing to disk failed ({error}); this copy is given up and made again; \
                 if it happens twice, check the disk"
            ))
        })?;
        Ok(temp)
    }

    fn make(directory: &'a OwnedFd) -> io::Result<Self> {
        let mut random = [0_u8; 16];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        let name = format!("{}{SUFFIX}", hex::encode(random));
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file: File = fs::openat(directory, &name, flags, Mode::from_raw_mode(0o600))?.into();
        // Where locks do not exist, the sweeper finds none either and keeps off.
        let _ = fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Self {
            directory,
            name,
            file,
        })
    }

    fn fill_from_bytes(&mut self, bytes: &Bytes) -> Result<Digests, Fault> {
        self.file.write_all(bytes).map_err(explain)?;
        let mut digester = Digester::new(false);
        digester.update(bytes.clone());
        Ok(digester.finish())
    }

    /// One read feeds both the copy and the digests. Where the file system can
    /// share blocks, it writes nothing and only the digests are read.
    fn fill_from_file(&mut self, path: &Path) -> Result<Digests, Fault> {
        let reading = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Fault::Final(format!(
                "the staged file {} is gone; stage it again",
                path.display()
            )),
            _ => Fault::from(error).while_doing(format!("reading {}", path.display())),
        };
        let mut source = File::open(path).map_err(reading)?;
        if fs::ioctl_ficlone(&self.file, &source).is_ok() {
            self.file.rewind().map_err(explain)?;
            return digest_reader(&mut self.file, false).map_err(explain);
        }
        let buffers = Buffers::default();
        let mut digester = Digester::new(false);
        loop {
            let mut buffer = buffers.take();
            let filled = read_full(&mut source, buffer.space()).map_err(reading)?;
            if filled == 0 {
                return Ok(digester.finish());
            }
            let chunk = buffer.share(filled);
            digester.update(chunk.clone());
            self.file.write_all(&chunk).map_err(explain)?;
        }
    }

    /// Moves the file to its key, if nothing stands there. `EXIST` if something
    /// does, `NOSYS` if this file system cannot do it in one step.
    pub(super) fn place_at(self, root: &OwnedFd, key: &Path) -> Result<(), Errno> {
        let moved = fs::renameat_with(
            self.directory,
            &self.name,
            root,
            key,
            RenameFlags::NOREPLACE,
        );
        match moved {
            // This file system cannot rename so; a hard link refuses likewise.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match fs::linkat(self.directory, &self.name, root, key, AtFlags::empty()) {
                    Err(Errno::PERM | Errno::OPNOTSUPP) => Err(Errno::NOSYS),
                    result => result,
                }
            }
            result => result,
        }
    }
}

impl Drop for Temp<'_> {
    fn drop(&mut self) {
        // Gone already if it was renamed; a leftover is swept at the next start.
        let _ = fs::unlinkat(self.directory, &self.name, AtFlags::empty());
    }
}

/// Removes the temporary files that no process holds locked; how many it were.
pub(super) fn sweep(directory: &OwnedFd) -> Result<u64, Errno> {
    let mut swept = 0_u64;
    for entry in fs::Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_bytes().ends_with(SUFFIX.as_bytes()) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let Ok(file) = fs::openat(directory, name, flags, Mode::empty()) else {
            continue;
        };
        if fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            && fs::unlinkat(directory, name, AtFlags::empty()).is_ok()
        {
            swept = swept.saturating_add(1);
        }
    }
    Ok(swept)
}
