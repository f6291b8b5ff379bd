//! A directory as write-once store.
//!
//! An object is written to a temporary file on the same file system, hashed on
//! the way, made read-only and flushed, then renamed to its key without ever
//! replacing anything, and every directory above it is flushed. What stands
//! under a key is therefore always whole.

mod marker;
mod place;
mod temp;

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use rustix::fs;

use crate::adapter::store_doctor;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{Ability, ObjectKey, Put, ReadBack, Source, Store, UploadJournal};
pub(super) use place::same_content;
use place::{Place, explain, make_directory, open_directory};

/// Holds what is not an object yet; not a key, and on the same file system.
const TEMP_DIRECTORY: &str = ".tmp";

/// A directory as write-once store.
#[derive(Clone)]
pub struct DirectoryStore {
    place: Arc<Place>,
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

#[cfg(test)]
mod tests;
