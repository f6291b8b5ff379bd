//! A directory as write-once store.
//!
//! An object is written to a temporary file on the same file system, hashed on
//! the way, made read-only and flushed, then renamed to its key without ever
//! replacing anything, and every directory above it is flushed. What stands
//! under a key is therefore always whole.

mod marker;
mod temp;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;

use crate::adapter::digester::digest_reader;
use crate::adapter::store_doctor;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{Ability, ObjectKey, Put, ReadBack, Source, Store, UploadJournal};

/// Holds what is not an object yet; not a key, and on the same file system.
const TEMP_DIRECTORY: &str = ".tmp";

/// A directory as write-once store.
#[derive(Clone)]
pub struct DirectoryStore {
    place: Arc<Place>,
}

/// The directory, held open: if its disk is unmounted by force, writing fails
/// instead of filling the mount point beneath.
struct Place {
    id: String,
    path: PathBuf,
    root: OwnedFd,
    temp: OwnedFd,
    /// Flushing a directory failed. The kernel reports that once and then
    /// forgets, so later success would mean nothing.
    distrusted: AtomicBool,
}

impl DirectoryStore {
    /// The id that the store in this directory has, whether it is there or not.
    pub fn id_of(directory: &Path) -> String {
        let path = directory
            .canonicalize()
            .or_else(|_| std::path::absolute(directory))
            .unwrap_or_else(|_| directory.to_owned());
        format!("directory:{}", path.display())
    }

    /// Opens the store in which `known` stands. A directory that is another, such
    /// as the empty one beneath a disk that is not mounted, is refused and left
    /// as it is.
    pub fn open_known(directory: &Path, known: &ObjectKey) -> Result<Self, Fault> {
        marker::recognise(directory, known)?;
        Self::open(directory)
    }

    /// Opens the store, making the directory if there is none, and sweeps away
    /// temporary files that nobody writes any more.
    pub fn open(directory: &Path) -> Result<Self, Fault> {
        let opening = |error: io::Error| {
            explain(error).while_doing(format!("opening the store {}", directory.display()))
        };
        std::fs::create_dir_all(directory).map_err(opening)?;
        let path = directory.canonicalize().map_err(opening)?;
        let root = open_directory(fs::CWD, &path).map_err(|e| opening(e.into()))?;
        make_directory(root.as_fd(), TEMP_DIRECTORY).map_err(|e| opening(e.into()))?;
        let temp = open_directory(&root, TEMP_DIRECTORY).map_err(|e| opening(e.into()))?;
        marker::mark(&root)?;
        let swept = temp::sweep(&temp).map_err(|e| opening(e.into()))?;
        if swept > 0 {
            tracing::info!(store = %path.display(), swept, "removed unfinished temporary files");
        }
        Ok(Self {
            place: Arc::new(Place {
                id: Self::id_of(&path),
                path,
                root,
                temp,
                distrusted: AtomicBool::new(false),
            }),
        })
    }

    /// Runs blocking work on the place off the runtime.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Place) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = Arc::clone(&self.place);
        match tokio::task::spawn_blocking(move || work(&place)).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Fault::Fleeting("stopped while storing".into())),
            },
        }
    }
}

impl Place {
    fn create(&self, key: &ObjectKey, source: &Source, digests: &Digests) -> Result<Put, Fault> {
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
    fn show(&self, at: &ObjectKey, key: &ObjectKey) -> Result<(), Fault> {
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

    fn read_back(&self, key: &ObjectKey, sm3: bool) -> Result<Option<ReadBack>, Fault> {
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

    fn read_small(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Fault> {
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

#[async_trait::async_trait]
impl Store for DirectoryStore {
    fn id(&self) -> &str {
        &self.place.id
    }

    async fn create(
        &self,
        key: &ObjectKey,
        source: &Source,
        digests: &Digests,
        _journal: &dyn UploadJournal,
    ) -> Result<Put, Fault> {
        let (wanted, source, digests) = (key.clone(), source.clone(), digests.clone());
        self.blocking(move |place| place.create(&wanted, &source, &digests))
            .await
            .map_err(|fault| fault.while_doing(format!("storing {key}")))
    }

    async fn read_back(
        &self,
        key: &ObjectKey,
        _version: Option<&str>,
        sm3: bool,
    ) -> Result<Option<ReadBack>, Fault> {
        let wanted = key.clone();
        self.blocking(move |place| place.read_back(&wanted, sm3))
            .await
            .map_err(|fault| fault.while_doing(format!("reading {key} back")))
    }

    async fn read_small(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Fault> {
        let wanted = key.clone();
        self.blocking(move |place| place.read_small(&wanted, max_bytes))
            .await
            .map_err(|fault| fault.while_doing(format!("reading {key}")))
    }

    async fn show(&self, at: &ObjectKey, key: &ObjectKey) -> Result<(), Fault> {
        let (wanted, target) = (at.clone(), key.clone());
        self.blocking(move |place| place.show(&wanted, &target))
            .await
            .map_err(|fault| fault.while_doing(format!("showing {key} as {at}")))
    }

    async fn doctor(&self) -> Result<Vec<Ability>, Fault> {
        let mut abilities = store_doctor::examine(self).await?;
        let file_system = self
            .blocking(|place| {
                fs::fstatfs(&place.root)
                    .map(|found| found.f_type)
                    .map_err(|e| explain(e.into()))
            })
            .await?;
        let note = |name: &str, kept, seen: String| Ability {
            name: name.into(),
            kept,
            required: false,
            seen,
        };
        abilities.extend([
            note(
                "multipart",
                true,
                "not needed: a directory takes a file of any length in one piece".into(),
            ),
            note(
                "durability",
                true,
                format!(
                    "every object and every directory above it was flushed before it counted as \
                     stored (file system type {file_system:#x}); the disk's own cache and a \
                     second copy elsewhere are the administrator's care"
                ),
            ),
            note(
                "versioning",
                false,
                "a directory keeps no versions; nothing here is ever replaced".into(),
            ),
            note(
                "object_lock",
                false,
                "objects are read-only (mode 0444): that stops accidents, not an administrator"
                    .into(),
            ),
        ]);
        Ok(abilities)
    }
}

/// Same bytes, as far as two digests and the length can tell.
pub(super) fn same_content(found: &Digests, wanted: &Digests) -> bool {
    found.size_bytes == wanted.size_bytes
        && found.blake3 == wanted.blake3
        && found.sha256 == wanted.sha256
}

/// The directories above a key, from the outermost inwards.
fn parents(key: &ObjectKey) -> impl Iterator<Item = &str> {
    let key = key.as_str();
    key.match_indices('/').filter_map(|(end, _)| key.get(..end))
}

fn open_directory(at: impl AsFd, path: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fs::openat(at, path, flags, Mode::empty())
}

fn make_directory(at: impl AsFd, path: &str) -> Result<(), Errno> {
    match fs::mkdirat(at, path, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Some network file systems cannot flush a directory; they can flush all.
fn flush_directory(directory: &OwnedFd) -> Result<(), Errno> {
    match fs::fsync(directory) {
        Err(Errno::INVAL) => fs::syncfs(directory),
        result => result,
    }
}

/// Says what an error means for the person who has to act on it.
fn explain(error: io::Error) -> Fault {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::store_doctor::{MemoryJournal, small};
    use std::os::unix::fs::PermissionsExt;

    fn key(text: &str) -> ObjectKey {
        ObjectKey::new(text).unwrap()
    }

    async fn put(store: &DirectoryStore, text: &str, content: &'static [u8]) -> Result<Put, Fault> {
        let (source, digests) = small(content);
        let journal = MemoryJournal::default();
        store.create(&key(text), &source, &digests, &journal).await
    }

    #[tokio::test]
    async fn objects_are_read_only_and_nothing_temporary_stays() {
        let home = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(&home.path().join("made/here")).unwrap();
        put(&store, "案卷/照片.jpg", b"bytes").await.unwrap();
        let object = home.path().join("made/here/案卷/照片.jpg");
        let mode = std::fs::metadata(&object).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o444);
        let left = std::fs::read_dir(home.path().join("made/here/.tmp")).unwrap();
        assert_eq!(left.count(), 0);
        assert!(store.id().starts_with("directory:/"));
    }

    #[tokio::test]
    async fn an_object_is_shown_by_its_name_and_never_a_second_one() {
        let home = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(home.path()).unwrap();
        put(&store, "evidence/aa/x", b"one").await.unwrap();
        put(&store, "evidence/bb/y", b"two").await.unwrap();
        let at = key("cases/YW2026040001/照片_001.jpg");
        for _ in 0..2 {
            store.show(&at, &key("evidence/aa/x")).await.unwrap();
        }
        assert!(store.show(&at, &key("evidence/bb/y")).await.is_err());
        let moved = home.path().with_extension("moved");
        std::fs::rename(home.path(), &moved).unwrap();
        assert_eq!(std::fs::read(moved.join(at.as_str())).unwrap(), b"one");
        std::fs::rename(&moved, home.path()).unwrap();
    }

    #[tokio::test]
    async fn a_disk_that_is_not_mounted_is_no_empty_store() {
        let home = tempfile::tempdir().unwrap();
        let (place, mounted) = (home.path().join("store"), home.path().join("disk"));
        let store = DirectoryStore::open(&place).unwrap();
        let id = store.id().to_owned();
        assert_eq!(DirectoryStore::id_of(&place), id);
        put(&store, "evidence/aa/x", b"one").await.unwrap();
        drop(store);
        let known = key("evidence/aa/x");
        drop(DirectoryStore::open_known(&place, &known).unwrap());

        std::fs::rename(&place, &mounted).unwrap();
        let gone = DirectoryStore::open_known(&place, &known).map(|_| ());
        assert!(matches!(gone, Err(Fault::Final(_))), "{gone:?}");
        assert!(!place.exists());
        std::fs::create_dir(&place).unwrap();
        let empty = DirectoryStore::open_known(&place, &known).map(|_| ());
        let Err(Fault::Final(why)) = empty else {
            panic!("{empty:?}");
        };
        assert!(why.contains("mount") && why.contains("store"), "{why}");
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    }

    /// Stores of earlier programs carry no marker and get one.
    #[tokio::test]
    async fn a_store_without_a_marker_is_known_by_its_objects() {
        let home = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(home.path()).unwrap();
        put(&store, "evidence/aa/x", b"one").await.unwrap();
        let marker = home.path().join(marker::MARKER);
        std::fs::remove_file(&marker).unwrap();
        let other = key("evidence/bb/y");
        assert!(DirectoryStore::open_known(home.path(), &other).is_err());
        assert!(!marker.exists());
        drop(DirectoryStore::open_known(home.path(), &key("evidence/aa/x")).unwrap());
        assert!(marker.exists());
        drop(DirectoryStore::open_known(home.path(), &other).unwrap());
    }

    #[tokio::test]
    async fn leftovers_are_swept_but_not_what_is_being_written() {
        let home = tempfile::tempdir().unwrap();
        drop(DirectoryStore::open(home.path()).unwrap());
        let stale = home.path().join(".tmp/stale.part");
        let live = home.path().join(".tmp/live.part");
        std::fs::write(&stale, b"half").unwrap();
        let writer = File::create(&live).unwrap();
        fs::flock(&writer, fs::FlockOperation::LockExclusive).unwrap();
        drop(DirectoryStore::open(home.path()).unwrap());
        assert!(!stale.exists());
        assert!(live.exists());
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_named_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(home.path()).unwrap();
        put(&store, "a", b"file").await.unwrap();
        assert!(matches!(
            put(&store, "a/b", b"x").await,
            Err(Fault::Final(_))
        ));
        put(&store, "c/d", b"file").await.unwrap();
        assert!(matches!(put(&store, "c", b"x").await, Err(Fault::Final(_))));
        assert!(matches!(
            put(&store, ".tmp/x", b"x").await,
            Err(Fault::Final(_))
        ));
        std::os::unix::fs::symlink("/etc/hostname", home.path().join("link")).unwrap();
        assert!(matches!(
            put(&store, "link", b"x").await,
            Err(Fault::Final(_))
        ));
        assert_eq!(std::fs::read(home.path().join("a")).unwrap(), b"file");
    }

    #[tokio::test]
    async fn what_cannot_fit_is_refused_with_figures() {
        let home = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(home.path()).unwrap();
        let (source, mut digests) = small("x");
        digests.size_bytes = 1 << 60;
        let journal = MemoryJournal::default();
        let refused = store.create(&key("big"), &source, &digests, &journal).await;
        let Err(Fault::Fleeting(why)) = refused else {
            panic!("{refused:?}");
        };
        assert!(
            why.contains("not enough space") && why.contains("MiB"),
            "{why}"
        );
    }

    #[tokio::test]
    async fn a_lost_staged_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(&home.path().join("store")).unwrap();
        let (_, digests) = small("x");
        let source = Source::File(home.path().join("staged"));
        let journal = MemoryJournal::default();
        let refused = store.create(&key("k"), &source, &digests, &journal).await;
        let Err(Fault::Final(why)) = refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains("staged"), "{why}");
    }

    #[test]
    fn parents_run_from_the_outside_in() {
        let key = key("a/b/c");
        assert_eq!(parents(&key).collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(super::parents(&ObjectKey::new("a").unwrap()).count(), 0);
    }

    #[tokio::test]
    async fn doctor_finds_all_that_is_required() {
        let home = tempfile::tempdir().unwrap();
        let store = DirectoryStore::open(home.path()).unwrap();
        let abilities = store.doctor().await.unwrap();
        assert!(abilities.len() >= 8);
        for ability in abilities.iter().filter(|ability| ability.required) {
            assert!(ability.kept, "{ability:?}");
        }
        // A second examination of the same store must not meet the first.
        store.doctor().await.unwrap();
    }
}
