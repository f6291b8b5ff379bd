//! A share that is a folder: local, or mounted from elsewhere.
//!
//! Every call opens what it needs beneath the root without following any link
//! (see `beneath`), works in a thread that may block, and stops early if its
//! caller has gone away. Nothing of a team's is ever written to; nothing is
//! removed but by [`Share::remove`].

mod beneath;
mod copy;
mod gates;
mod ignore;
mod lease;
mod own;
mod remove;
mod wake;
mod walk;

use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::share::{
    DigestChoice, Entry, Fingerprint, Gates, RelPath, Removal, Scan, Share, Stage,
};
use beneath::Place;
use ignore::Ignore;
use wake::Waker;

/// How a share is to be treated.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names of files that are counted and left alone; `*` stands for any run of
    /// characters, letters are compared without regard to case.
    pub ignore_names: Vec<String>,
    /// Names of files that are still under way, in the same form.
    pub temp_names: Vec<String>,
    /// Names of folders whose whole content is counted and left alone.
    pub ignore_dirs: Vec<String>,
    /// Our own folder for receipts, beneath the root; left out of every scan.
    pub receipts_dir: RelPath,
    /// True if the share lies on another machine: no leases, no notifications.
    pub client_mount: bool,
    /// Ask for read leases where the file system gives them.
    pub use_lease: bool,
    /// Use the system's file notifications as a wake-up.
    pub notify: bool,
}

/// A share in a folder.
pub struct DirectoryShare {
    inner: Arc<Inner>,
    waker: Waker,
}

/// What the blocking threads share.
struct Inner {
    name: String,
    root: PathBuf,
    /// Device and inode of the root as last accepted.
    identity: Mutex<(u64, u64)>,
    ignore: Ignore,
    temporary: Ignore,
    receipts: RelPath,
    use_lease: bool,
    /// Held while a source is put aside and removed: the hidden folder is for one at a time.
    removing: Mutex<()>,
    /// Held while a file of ours is written.
    writing: Mutex<()>,
}

impl DirectoryShare {
    /// Opens the share at `root`, starts to watch it if asked to, and puts back
    /// what a crash during a removal left aside. Blocks for one walk.
    pub fn open(root: &Path, settings: Settings) -> Result<Self, Fault> {
        let opening = |error: Errno| unavailable(root, error);
        let opened = open_root(root).map_err(opening)?;
        let stat = rustix::fs::fstat(&opened).map_err(opening)?;
        let inner = Inner {
            name: root.display().to_string(),
            root: root.to_path_buf(),
            identity: Mutex::new(identity(&stat)),
            ignore: Ignore::new(&settings.ignore_names, &settings.ignore_dirs),
            temporary: Ignore::new(&settings.temp_names, &[]),
            receipts: settings.receipts_dir,
            use_lease: settings.use_lease && !settings.client_mount,
            removing: Mutex::new(()),
            writing: Mutex::new(()),
        };
        inner.put_back(&opened);
        let waker = if settings.notify && !settings.client_mount {
            Waker::start(root, inner.receipts.as_bytes())
        } else {
            Waker::silent()
        };
        Ok(Self {
            inner: Arc::new(inner),
            waker,
        })
    }

    /// Notifications heard since the share was opened; for metrics.
    pub fn events(&self) -> u64 {
        self.waker.events()
    }

    /// Runs `work` where it may block. If the caller goes away, `work` is told to
    /// stop, so that no shutdown waits for a long copy.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner, &Stop) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let inner = self.inner.clone();
        let stop = Stop::default();
        let guard = StopOnDrop(stop.clone());
        let done = tokio::task::spawn_blocking(move || work(&inner, &stop)).await;
        drop(guard);
        done.unwrap_or_else(|error| {
            Err(Fault::Final(format!(
                "working on the share {} broke off: {error}; this is a fault of the program, \
                 please report it",
                self.inner.name
            )))
        })
    }
}

#[async_trait::async_trait]
impl Share for DirectoryShare {
    fn name(&self) -> &str {
        &self.inner.name
    }

    async fn scan(&self) -> Result<Scan, Fault> {
        self.blocking(|inner, _| {
            let root = inner.root()?;
            Ok(inner.walk(&root).scan)
        })
        .await
    }

    async fn look(&self, path: &RelPath) -> Result<Option<Entry>, Fault> {
        let path = path.clone();
        self.blocking(move |inner, _| inner.look(&path)).await
    }

    async fn gates(&self, path: &RelPath) -> Result<Option<Gates>, Fault> {
        let path = path.clone();
        self.blocking(move |inner, stop| gates::gates(inner, &path, stop))
            .await
    }

    async fn digests(
        &self,
        path: &RelPath,
        expected: &Fingerprint,
        choice: DigestChoice,
    ) -> Result<Option<Digests>, Fault> {
        let (path, expected) = (path.clone(), *expected);
        self.blocking(move |inner, stop| gates::digests(inner, &path, &expected, choice, stop))
            .await
    }

    async fn stage(
        &self,
        path: &RelPath,
        expected: &Fingerprint,
        target: &Path,
        choice: DigestChoice,
    ) -> Result<Stage, Fault> {
        let (path, expected, target) = (path.clone(), *expected, target.to_path_buf());
        self.blocking(move |inner, stop| {
            copy::stage(inner, &path, &expected, &target, choice, stop)
        })
        .await
    }

    async fn remove(
        &self,
        path: &RelPath,
        expected: &Fingerprint,
        digests: &Digests,
        reread: bool,
    ) -> Result<Removal, Fault> {
        let (path, expected, digests) = (path.clone(), *expected, digests.clone());
        self.blocking(move |inner, stop| {
            remove::remove(inner, &path, &expected, &digests, reread, stop)
        })
        .await
    }

    async fn read_small(&self, path: &RelPath, bytes_max: u64) -> Result<Option<Vec<u8>>, Fault> {
        let path = path.clone();
        self.blocking(move |inner, _| gates::read_small(inner, &path, bytes_max))
            .await
    }

    async fn write_own(&self, path: &RelPath, bytes: &[u8]) -> Result<(), Fault> {
        let (path, bytes) = (path.clone(), bytes.to_vec());
        self.blocking(move |inner, _| own::write(inner, &path, &bytes))
            .await
    }

    async fn wake(&self, at_most: Duration) {
        self.waker.wake(at_most).await;
    }
}

impl Inner {
    /// The root, if it is still the folder that it was. A mount that dropped
    /// leaves an empty folder behind, from which every file seems to have
    /// vanished; that must never be taken for the share.
    fn root(&self) -> Result<File, Fault> {
        let root = open_root(&self.root).map_err(|error| unavailable(&self.root, error))?;
        let stat = rustix::fs::fstat(&root).map_err(|error| unavailable(&self.root, error))?;
        let mut known = self
            .identity
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if identity(&stat) == *known {
            return Ok(root);
        }
        // Mounted anew it may have another number; our receipts tell that it is it.
        if let Ok(_receipts) = beneath::folder(root.as_fd(), self.receipts.as_bytes()) {
            tracing::info!(share = self.name, "the share was mounted anew");
            *known = identity(&stat);
            return Ok(root);
        }
        Err(Fault::Fleeting(format!(
            "the folder {} is not the share that was opened: its mount may have dropped; mount it \
             again, or restart if it was replaced on purpose",
            self.root.display()
        )))
    }

    fn look(&self, path: &RelPath) -> Result<Option<Entry>, Fault> {
        let at = |error| self.trouble(path, error);
        let root = self.root()?;
        let Some(place) = Place::find(root.as_fd(), path).map_err(at)? else {
            return Ok(None);
        };
        let Some(stat) = place.stat().map_err(at)? else {
            return Ok(None);
        };
        let mut parts = path.parts();
        let name = parts.next_back().unwrap_or_default();
        let ignored = self.ignore.name(name) || parts.any(|part| self.ignore.folder(part));
        Ok(beneath::kind(&stat).map(|kind| Entry {
            path: path.clone(),
            kind,
            fingerprint: beneath::fingerprint(&stat),
            ignored,
            temporary: self.temporary.name(name),
        }))
    }

    fn walk(&self, root: &File) -> walk::Walked {
        let names = walk::Names {
            ignore: &self.ignore,
            temporary: &self.temporary,
            receipts: self.receipts.as_bytes(),
        };
        walk::walk(root.as_fd(), &names)
    }

    fn ask_lease<'a>(&self, file: &'a File) -> lease::Asked<'a> {
        if self.use_lease {
            lease::ask(file)
        } else {
            lease::Asked::Unknown
        }
    }

    /// Returns what a crash left aside. What cannot be returned stays where it
    /// is, and that is said: it must not keep the daemon from starting.
    fn put_back(&self, root: &File) {
        for folder in self.walk(root).put_aside {
            let shown = beneath::shown(&folder);
            match remove::put_back(root.as_fd(), &folder) {
                Ok(0) => {}
                Ok(files) => tracing::info!(
                    share = self.name, folder = %shown.display(), files,
                    "put back what an interrupted removal had put aside"
                ),
                Err(error) => tracing::error!(
                    share = self.name, folder = %shown.display(), %error,
                    "a file that an interrupted removal put aside cannot be put back; it lies in \
                     the hidden folder .unbroken-releasing there, move it back by hand"
                ),
            }
        }
    }

    /// A failure at a path of the share, with what to do about it.
    fn trouble(&self, path: &RelPath, error: Errno) -> Fault {
        let advice = match error {
            Errno::ACCESS | Errno::PERM | Errno::ROFS => {
                "give the daemon's user the right to read and write in the share"
            }
            Errno::NOSPC | Errno::DQUOT => "free space on the share's disk",
            Errno::MFILE | Errno::NFILE => "raise the limit of open files",
            _ => "it is tried again; check the share's disk or connection if this stays",
        };
        Fault::Fleeting(format!(
            "{path} in the share {}: {error}; {advice}",
            self.name
        ))
    }

    fn trouble_of<'a>(&'a self, path: &'a RelPath) -> impl Fn(Errno) -> Fault + 'a {
        move |error| self.trouble(path, error)
    }
}

/// Opens the root itself; it alone may be named through links, by the config.
fn open_root(root: &Path) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(root, flags, Mode::empty())?))
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

fn unavailable(root: &Path, error: Errno) -> Fault {
    Fault::Fleeting(format!(
        "the share {} cannot be opened: {error}; check that the folder exists, is mounted and may \
         be read by the daemon's user",
        root.display()
    ))
}

/// Tells work in a blocking thread that nobody waits for it any more.
#[derive(Clone, Default)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    fn check(&self) -> Result<(), Fault> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Fault::Fleeting("stopped before it was done".to_owned()));
        }
        Ok(())
    }
}

struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
