//! The walk over a whole share: what stands where.
//!
//! One `getdents` a buffer and one `fstatat` a file, relative to open folders;
//! no recursion, a bounded number of open folders, no link followed.

use std::cell::Cell;
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::fs::{FileType, RawDir};
use rustix::io::Errno;

use super::beneath;
use super::ignore::Ignore;
use super::remove::RELEASING;
use crate::port::share::{Entry, RelPath, Scan};

/// Longest path that is walked into: four times what Linux takes in one call.
/// Nobody can open anything deeper by its path, and the paths of a chain of
/// folders grow with the square of its length (named guess).
const PATH_BYTES_MAX: usize = 16 * 1024;

/// How much of such a path is shown.
const SHOWN_BYTES: usize = 1024;

/// Folders kept open while their subfolders wait; the rest is found again by
/// path. Well below the usual limit of 1,024 open files (named guess).
const OPEN_MAX: usize = 128;

/// Buffer for directory entries: about 1,000 names a system call.
const BUFFER_BYTES: usize = 64 * 1024;

/// What a walk found.
pub(super) struct Walked {
    /// For the caller of the port.
    pub(super) scan: Scan,
    /// Folders in which we put files aside for removal (see `remove`), by the
    /// folder that contains them.
    pub(super) put_aside: Vec<Vec<u8>>,
}

/// An open folder, counted while it is open.
struct Open {
    fd: OwnedFd,
    count: Rc<Cell<usize>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.count.set(self.count.get().saturating_sub(1));
    }
}

/// A folder that is still to be read.
struct Pending {
    /// The folder above, if it is still open.
    parent: Option<Rc<Open>>,
    /// Path beneath the root; empty for the root.
    path: Vec<u8>,
    /// Where its own name starts in `path`.
    name_at: usize,
    /// True if it, or a folder above it, is on the ignore list.
    ignored: bool,
}

/// The names that a walk treats differently.
pub(super) struct Names<'a> {
    /// Counted and left alone.
    pub(super) ignore: &'a Ignore,
    /// Still under way.
    pub(super) temporary: &'a Ignore,
    /// Our own folder, left out.
    pub(super) receipts: &'a [u8],
}

/// Walks everything beneath `root`.
pub(super) fn walk(root: BorrowedFd<'_>, names: &Names<'_>) -> Walked {
    let mut walk = Walk {
        root,
        names,
        found: Walked {
            scan: Scan::default(),
            put_aside: Vec::new(),
        },
        pending: vec![Pending {
            parent: None,
            path: Vec::new(),
            name_at: 0,
            ignored: false,
        }],
        open: Rc::new(Cell::new(0)),
        prefix: Vec::new(),
    };
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
    while let Some(next) = walk.pending.pop() {
        walk.read(next, &mut buffer);
    }
    walk.found
}

struct Walk<'a> {
    root: BorrowedFd<'a>,
    names: &'a Names<'a>,
    found: Walked,
    /// Last in, first out: what is open is needed soon.
    pending: Vec<Pending>,
    /// Folders open at the moment.
    open: Rc<Cell<usize>>,
    /// The path of the folder being read with a `/` behind it, or nothing.
    prefix: Vec<u8>,
}

impl Walk<'_> {
    fn read(&mut self, next: Pending, buffer: &mut [MaybeUninit<u8>]) {
        let folder = match self.open(&next) {
            Ok(folder) => folder,
            // Renamed, removed or exchanged since it was listed: the next walk
            // sees what became of it.
            Err(error) if beneath::is_absence(error) && !next.path.is_empty() => return,
            Err(error) => return self.unread(&next.path, error),
        };
        drop(next.parent);
        self.prefix.clear();
        self.prefix.extend_from_slice(&next.path);
        if !next.path.is_empty() {
            self.found.scan.folders += 1;
            self.prefix.push(b'/');
        }
        let waiting_before = self.pending.len();
        let mut dir = RawDir::new(folder.fd.as_fd(), buffer);
        while let Some(item) = dir.next() {
            match item {
                Ok(item) => self.item(&folder.fd, item.file_name(), item.file_type(), next.ignored),
                // Removed while it was read.
                Err(Errno::NOENT) => break,
                Err(error) => {
                    self.unread(&next.path, error);
                    break;
                }
            }
        }
        // Its subfolders find it open, unless too many are.
        if self.open.get() < OPEN_MAX {
            let folder = Rc::new(folder);
            for pending in self.pending.iter_mut().skip(waiting_before) {
                pending.parent = Some(folder.clone());
            }
        }
    }

    fn open(&self, next: &Pending) -> rustix::io::Result<Open> {
        let fd = match &next.parent {
            None => beneath::folder(self.root, &next.path)?,
            Some(parent) => {
                let name = next.path.get(next.name_at..).unwrap_or_default();
                let name = CString::new(name).map_err(|_| Errno::INVAL)?;
                beneath::subfolder(parent.fd.as_fd(), &name)?
            }
        };
        self.open.set(self.open.get().saturating_add(1));
        Ok(Open {
            fd,
            count: self.open.clone(),
        })
    }

    fn item(&mut self, folder: &OwnedFd, name: &std::ffi::CStr, kind: FileType, ignored: bool) {
        let bytes = name.to_bytes();
        if matches!(bytes, b"." | b"..") {
            return;
        }
        let mut path = Vec::with_capacity(self.prefix.len() + bytes.len());
        path.extend_from_slice(&self.prefix);
        path.extend_from_slice(bytes);
        if kind == FileType::Directory {
            return self.folder(path, bytes, ignored);
        }
        let stat = match beneath::stat_at(folder.as_fd(), name) {
            Ok(Some(stat)) => stat,
            Ok(None) => return,
            Err(error) => return self.unread(&path, error),
        };
        let Some(kind) = beneath::kind(&stat) else {
            return self.folder(path, bytes, ignored);
        };
        let ignored = ignored || self.names.ignore.name(bytes);
        let fingerprint = beneath::fingerprint(&stat);
        if let Some(path) = RelPath::new(path) {
            self.found.scan.entries.push(Entry {
                path,
                kind,
                fingerprint,
                ignored,
                temporary: self.names.temporary.name(bytes),
            });
        }
    }

    fn folder(&mut self, path: Vec<u8>, name: &[u8], ignored: bool) {
        if path == self.names.receipts {
            return;
        }
        if name == RELEASING {
            let above = path.len().saturating_sub(name.len()).saturating_sub(1);
            let mut above_path = path;
            above_path.truncate(above);
            self.found.put_aside.push(above_path);
            return;
        }
        if path.len() > PATH_BYTES_MAX {
            let why = format!("nested too deeply: its path is longer than {PATH_BYTES_MAX} bytes");
            // Its beginning is enough to find it by.
            let head = path.get(..SHOWN_BYTES).unwrap_or(&path);
            self.found.scan.unread.push((beneath::shown(head), why));
            return;
        }
        let name_at = path.len().saturating_sub(name.len());
        let ignored = ignored || self.names.ignore.folder(name);
        self.pending.push(Pending {
            parent: None,
            path,
            name_at,
            ignored,
        });
    }

    fn unread(&mut self, path: &[u8], error: Errno) {
        self.found
            .scan
            .unread
            .push((beneath::shown(path), error.to_string()));
    }
}
