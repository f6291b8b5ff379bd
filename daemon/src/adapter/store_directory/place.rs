//! The directory itself: objects put under their keys, whole or not at all.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;

use super::{TEMP_DIRECTORY, marker, temp};
use crate::adapter::digester::digest_reader;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{ObjectKey, Put, ReadBack, Source};

/// The directory, held open: if its disk is unmounted by force, writing fails
/// instead of filling the mount point beneath.
pub(super) struct Place {
    pub(super) id: String,
    pub(super) path: PathBuf,
    pub(super) root: OwnedFd,
    pub(super) temp: OwnedFd,
    /// Flushing a directory failed. The kernel reports that once and then
    /// forgets, so later success would mean nothing.
    pub(super) distrusted: AtomicBool,
}

impl Place {
    pub(super) fn create(
        &self,
        key: &ObjectKey,
        source: &Source,
        digests: &Digests,
    ) -> Result<Put, Fault> {
        if let Some(own @ (TEMP_DIRECTORY | marker::MARKER)) = key.as_str().split('/').next() {
            return Err(Fault::Final(format!(
                "the store keeps `{own}` for itself; choose another key"
            )));
        }
        if self.distrusted.load(Ordering::Acquire) {
            return Err(Fault::Final(format!(
                "an earlier flush of a directory below {} failed, so the disk may lose what it \
                 acknowledges; check it (dmesg, smartctl), mount it anew, then start again",
                self.path.display()
            )));
        }
        if let Some(put) = self.compare(key, digests)? {
            return Ok(put);
        }
        self.require_space(digests.size_bytes)?;
        let written = temp::Temp::write(&self.temp, source, digests)?;
        self.make_parents(key)?;
        match written.place_at(&self.root, Path::new(key.as_str())) {
            Ok(()) => {
                self.flush_directories(key)?;
                Ok(Put::Created { version: None })
            }
            Err(Errno::EXIST) => self.compare(key, digests)?.ok_or_else(|| {
                Fault::Fleeting("the key was taken and free again a moment later".into())
            }),
            Err(error) => Err(explain(error.into())),
        }
    }

    /// What stands under the key: nothing, the same, or something else.
    fn compare(&self, key: &ObjectKey, digests: &Digests) -> Result<Option<Put>, Fault> {
        let Some(mut file) = self.find(key)? else {
            return Ok(None);
        };
        if file.metadata()?.len() != digests.size_bytes {
            return Ok(Some(Put::Taken));
        }
        let found = digest_reader(&mut file, false)?;
        if !same_content(&found, digests) {
            return Ok(Some(Put::Taken));
        }
        // An earlier attempt may have ended between the rename and this.
        self.flush_directories(key)?;
        Ok(Some(Put::Created { version: None }))
    }

    /// The object, opened for reading.
    fn find(&self, key: &ObjectKey) -> Result<Option<File>, Fault> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file: File = match fs::openat(&self.root, key.as_str(), flags, Mode::empty()) {
            Ok(file) => file.into(),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR) => {
                return Err(Fault::Final(
                    "a part of this key is itself an object; choose another key".into(),
                ));
            }
            Err(Errno::LOOP) => {
                return Err(Fault::Final(
                    "a link stands in the place of this object; a person must look".into(),
                ));
            }
            Err(error) => return Err(explain(error.into())),
        };
        if !file.metadata()?.is_file() {
            return Err(Fault::Final(
                "something that is not a file stands in the place of this object".into(),
            ));
        }
        Ok(Some(file))
    }

    /// Refuses early, with figures, what cannot fit.
    fn require_space(&self, size_bytes: u64) -> Result<(), Fault> {
        /// Left to directories, to the file system and to reports (named guess).
        const RESERVE_BYTES: u64 = 16 << 20;
        let space = fs::fstatvfs(&self.root).map_err(|e| explain(e.into()))?;
        let free_bytes = space.f_bavail.saturating_mul(space.f_frsize);
        if free_bytes >= size_bytes.saturating_add(RESERVE_BYTES) {
            return Ok(());
        }
        Err(Fault::Fleeting(format!(
            "not enough space in {}: {} MiB are free, {} MiB and a reserve of {} MiB are needed; \
             free some space, it goes on by itself",
            self.path.display(),
            free_bytes >> 20,
            size_bytes.div_ceil(1 << 20),
            RESERVE_BYTES >> 20,
        )))
    }

    fn make_parents(&self, key: &ObjectKey) -> Result<(), Fault> {
        for parent in parents(key) {
            make_directory(self.root.as_fd(), parent).map_err(|e| explain(e.into()))?;
        }
        Ok(())
    }

    /// Flushes every directory from the object up to the root. All of them, new
    /// or not: whoever made one may not have flushed it yet.
    fn flush_directories(&self, key: &ObjectKey) -> Result<(), Fault> {
        let above: Vec<&str> = parents(key).collect();
        let opened = above.iter().rev().map(|p| open_directory(&self.root, *p));
        for directory in opened.chain([open_directory(&self.root, ".")]) {
            let directory = directory.map_err(|e| explain(e.into()))?;
            if let Err(error) = flush_directory(&directory) {
                self.distrusted.store(true, Ordering::Release);
                return Err(Fault::Fleeting(format!(
                    "flushing a directory of {} failed: {error}",
                    self.path.display()
                )));
            }
        }
        Ok(())
    }

    /// A relative link, so that the store can be moved whole. What stands there
    /// already is never replaced.
    pub(super) fn show(&self, at: &ObjectKey, key: &ObjectKey) -> Result<(), Fault> {
        let up = "../".repeat(parents(at).count());
        let target = format!("{up}{key}");
        if let Ok(standing) = fs::readlinkat(&self.root, at.as_str(), Vec::new()) {
            if standing.as_bytes() == target.as_bytes() {
                return Ok(());
            }
            return Err(Fault::Final(format!("{at} already shows another object")));
        }
        self.make_parents(at)?;
        fs::symlinkat(&target, &self.root, at.as_str()).map_err(|e| explain(e.into()))
    }

    pub(super) fn read_back(&self, key: &ObjectKey, sm3: bool) -> Result<Option<ReadBack>, Fault> {
        let Some(mut file) = self.find(key)? else {
            return Ok(None);
        };
        // Asks for the medium's bytes, not for those still in memory. Where the
        // system cannot, memory is what there is.
        let _ = fs::fadvise(&file, 0, None, fs::Advice::DontNeed);
        Ok(Some(ReadBack {
            digests: digest_reader(&mut file, sm3)?,
            version: None,
        }))
    }

    pub(super) fn read_small(
        &self,
        key: &ObjectKey,
        max_bytes: u64,
    ) -> Result<Option<Bytes>, Fault> {
        let Some(file) = self.find(key)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= max_bytes) {
            return Ok(Some(bytes.into()));
        }
        Err(Fault::Final(format!("longer than {max_bytes} bytes")))
    }
}

/// Same bytes, as far as two digests and the length can tell.
pub(in crate::adapter) fn same_content(found: &Digests, wanted: &Digests) -> bool {
    found.size_bytes == wanted.size_bytes
        && found.blake3 == wanted.blake3
        && found.sha256 == wanted.sha256
}

/// The directories above a key, from the outermost inwards.
pub(super) fn parents(key: &ObjectKey) -> impl Iterator<Item = &str> {
    let key = key.as_str();
    key.match_indices('/').filter_map(|(end, _)| key.get(..end))
}

pub(super) fn open_directory(
    at: impl AsFd,
    path: impl rustix::path::Arg,
) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fs::openat(at, path, flags, Mode::empty())
}

pub(super) fn make_directory(at: impl AsFd, path: &str) -> Result<(), Errno> {
    match fs::mkdirat(at, path, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Some network file systems cannot flush a directory; they can flush all.
pub(super) fn flush_directory(directory: &OwnedFd) -> Result<(), Errno> {
    match fs::fsync(directory) {
        Err(Errno::INVAL) => fs::syncfs(directory),
        result => result,
    }
}

/// Says what an error means for the person who has to act on it.
pub(super) fn explain(error: io::Error) -> Fault {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    match errno {
        Some(Errno::NOSPC | Errno::DQUOT) => Fault::Fleeting(format!(
            "the store's disk or quota is full ({error}); free some space, it goes on by itself"
        )),
        Some(Errno::ACCESS | Errno::PERM) => Fault::Final(format!(
            "the store does not let us write ({error}); give its directory to the daemon's user"
        )),
        Some(Errno::ROFS) => Fault::Final(format!(
            "the store is mounted read-only ({error}); if it became so by itself, check the disk"
        )),
        Some(Errno::NAMETOOLONG) => Fault::Final(format!(
            "the store's file system does not take a name this long ({error})"
        )),
        Some(Errno::FBIG) => Fault::Final(format!(
            "the store's file system does not take a file this large ({error})"
        )),
        Some(Errno::NOSYS) => Fault::Final(format!(
            "the store's file system can neither rename without replacing nor link ({error}); \
             put the store on another one (ext4, XFS, Btrfs, ZFS, NFS)"
        )),
        _ => Fault::from(error),
    }
}
