//! Opening what lies beneath the share's root, and nothing else.
//!
//! A team can put anything into a share, at any moment: a link to a system file,
//! a folder that turns into a link while we look at it. So no path is ever
//! handed to the system as a whole: folders are opened beneath the root with all
//! links refused, and the last name is used relative to its open folder.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use crate::port::share::{EntryKind, Fingerprint, RelPath};

/// Longest piece of a path given to one system call. Linux takes 4,096 bytes
/// (`PATH_MAX`); nested folders may be longer, so they are opened in pieces.
const PIECE_BYTES: usize = 2048;

/// How often an open is tried again that raced with a rename (openat2(2): EAGAIN).
const RACES_MAX: u32 = 16;

/// A folder of the share and a name in it. What the name stands for may change
/// at any time; the folder cannot be exchanged under our hands.
pub(super) struct Place {
    /// The folder.
    pub(super) folder: OwnedFd,
    /// The last part of the path.
    pub(super) name: CString,
}

impl Place {
    /// Finds the folder of `path`. `None` if there is no such folder, or if a
    /// part of it is not a folder of the share (any more).
    pub(super) fn find(root: BorrowedFd<'_>, path: &RelPath) -> rustix::io::Result<Option<Self>> {
        let name = CString::new(path.name()).map_err(|_| Errno::INVAL)?;
        let bytes = path.as_bytes();
        let above = bytes
            .len()
            .saturating_sub(path.name().len())
            .saturating_sub(1);
        let folders = bytes.get(..above).unwrap_or_default();
        match folder(root, folders) {
            Ok(folder) => Ok(Some(Self { folder, name })),
            Err(error) if is_absence(error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the name stands for now; a link is looked at, not followed.
    pub(super) fn stat(&self) -> rustix::io::Result<Option<Stat>> {
        stat_at(self.folder.as_fd(), &self.name)
    }

    /// Opens the name for reading without following it, without waiting (a FIFO
    /// without writer), and, where we may, without touching its access time.
    pub(super) fn open(&self) -> rustix::io::Result<Option<File>> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let opened = match open_one(self.folder.as_fd(), &self.name, flags | OFlags::NOATIME) {
            Err(Errno::PERM) => open_one(self.folder.as_fd(), &self.name, flags),
            other => other,
        };
        match opened {
            Ok(fd) => Ok(Some(File::from(fd))),
            Err(error) if is_absence(error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What `name` in `folder` stands for; `None` if for nothing.
pub(super) fn stat_at(
    folder: BorrowedFd<'_>,
    name: &std::ffi::CStr,
) -> rustix::io::Result<Option<Stat>> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(error) if is_absence(error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// True if the error says that there is no such thing beneath the share: no
/// entry, or a link or a file where a folder was.
pub(super) fn is_absence(error: Errno) -> bool {
    matches!(
        error,
        Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV
    )
}

/// Opens the folder at `path` (parts separated by `/`; empty for the root).
pub(super) fn folder(root: BorrowedFd<'_>, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let mut at: Option<OwnedFd> = None;
    for piece in pieces(path) {
        let from = at.as_ref().map_or(root, |fd| fd.as_fd());
        let piece = CString::new(piece).map_err(|_| Errno::INVAL)?;
        at = Some(open_beneath(from, &piece, flags)?);
    }
    match at {
        Some(folder) => Ok(folder),
        None => open_one(root, c".", flags),
    }
}

/// Opens one folder by its name.
pub(super) fn subfolder(
    parent: BorrowedFd<'_>,
    name: &std::ffi::CStr,
) -> rustix::io::Result<OwnedFd> {
    open_one(parent, name, OFlags::RDONLY | OFlags::DIRECTORY)
}

/// A single name: there is no way out of the folder, with openat2 or without.
fn open_one(
    folder: BorrowedFd<'_>,
    name: &std::ffi::CStr,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    loop {
        match rustix::fs::openat(folder, name, flags, Mode::empty()) {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Several names at once, with the kernel seeing to it that no link is followed.
fn open_beneath(
    folder: BorrowedFd<'_>,
    path: &CString,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let how = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for _ in 0..RACES_MAX {
        match rustix::fs::openat2(folder, path.as_c_str(), how, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Kernels before 5.6 do not know it; some containers forbid it.
            Err(Errno::NOSYS | Errno::PERM) => return open_stepwise(folder, path, flags),
            other => return other,
        }
    }
    open_stepwise(folder, path, flags)
}

/// The same without openat2: name by name, each without following a link.
fn open_stepwise(
    folder: BorrowedFd<'_>,
    path: &CString,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    let mut at: Option<OwnedFd> = None;
    for part in path.as_bytes().split(|b| *b == b'/') {
        if matches!(part, b"" | b"." | b"..") {
            return Err(Errno::INVAL);
        }
        let name = CString::new(part).map_err(|_| Errno::INVAL)?;
        let from = at.as_ref().map_or(folder, |fd| fd.as_fd());
        at = Some(open_one(from, &name, flags)?);
    }
    at.ok_or(Errno::INVAL)
}

/// Cuts a path at its separators into pieces that a system call takes.
fn pieces(path: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    for part in path.split(|b| *b == b'/').filter(|part| !part.is_empty()) {
        match pieces.last_mut() {
            Some(piece) if piece.len() + 1 + part.len() <= PIECE_BYTES => {
                piece.push(b'/');
                piece.extend_from_slice(part);
            }
            _ => pieces.push(part.to_vec()),
        }
    }
    pieces
}

/// The outside of a file.
pub(super) fn fingerprint(stat: &Stat) -> Fingerprint {
    Fingerprint {
        dev: stat.st_dev,
        ino: stat.st_ino,
        size_bytes: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        blocks: u64::try_from(stat.st_blocks).unwrap_or(0),
    }
}

/// Saturates outside the years 1678 to 2262; equality is all that is asked.
fn nanoseconds(seconds: i64, nanoseconds: impl TryInto<i64>) -> i64 {
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(nanoseconds.try_into().unwrap_or(0))
}

/// What an entry is; `None` for a folder.
pub(super) fn kind(stat: &Stat) -> Option<EntryKind> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => None,
        FileType::RegularFile if stat.st_nlink == 1 => Some(EntryKind::Regular),
        FileType::RegularFile => Some(EntryKind::HardLinked),
        FileType::Symlink => Some(EntryKind::Symlink),
        _ => Some(EntryKind::Special),
    }
}

/// A folder's bytes as a path for messages.
pub(super) fn shown(path: &[u8]) -> std::path::PathBuf {
    std::path::PathBuf::from(OsStr::from_bytes(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_short_and_lose_nothing() {
        let part = "x".repeat(255);
        let long = vec![part.as_str(); 40].join("/");
        let pieces = pieces(long.as_bytes());
        assert!(
            pieces
                .iter()
                .all(|p| p.len() <= PIECE_BYTES && !p.is_empty())
        );
        assert_eq!(pieces.join(&b'/'), long.as_bytes());
        assert!(super::pieces(b"").is_empty());
    }

    /// Both ways of opening give the same answers.
    #[test]
    fn stepwise_and_openat2_refuse_the_same() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("l")).unwrap();
        std::os::unix::fs::symlink("/", dir.path().join("a/out")).unwrap();
        std::fs::write(dir.path().join("f"), b"x").unwrap();
        let root = File::open(dir.path()).unwrap();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        for (path, opens) in [
            ("a", true),
            ("a/b", true),
            ("l", false),
            ("l/b", false),
            ("a/out", false),
            ("a/out/etc", false),
            ("a/../a", false),
            ("f", false),
            ("none", false),
        ] {
            let path = CString::new(path).unwrap();
            let stepwise = open_stepwise(root.as_fd(), &path, flags);
            assert_eq!(stepwise.is_ok(), opens, "{path:?} stepwise: {stepwise:?}");
            if path.as_bytes() != b"a/../a" {
                let openat2 = open_beneath(root.as_fd(), &path, flags);
                assert_eq!(openat2.is_ok(), opens, "{path:?} openat2: {openat2:?}");
            }
        }
        assert!(open_beneath(root.as_fd(), &CString::new("../").unwrap(), flags).is_err());
    }
}
