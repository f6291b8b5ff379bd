//! What only an S3 store can be asked.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectLockEnabled};
use bytes::Bytes;

use super::fault::Refusal;
use super::plan::Plan;
use super::put::{Attempt, Look, base64_of_hex};
use super::{MIN_PART_BYTES, S3Store};
use crate::adapter::digester::Digester;
use crate::adapter::store_doctor::{self, MemoryJournal, Run, required, small, told};
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{Ability, ObjectKey, Put, ReadBack, Source, Store, UploadJournal};

/// The store without looking first, so that its own conditions are tried.
struct Unguarded<'a>(&'a S3Store);

#[async_trait::async_trait]
impl Store for Unguarded<'_> {
    fn id(&self) -> &str {
        self.0.id()
    }

    async fn create(
        &self,
        key: &ObjectKey,
        source: &Source,
        digests: &Digests,
        journal: &dyn UploadJournal,
    ) -> Result<Put, Fault> {
        self.0
            .create_object(key, source, digests, journal, Look::Never)
            .await
    }

    async fn read_back(
        &self,
        key: &ObjectKey,
        version: Option<&str>,
        sm3: bool,
    ) -> Result<Option<ReadBack>, Fault> {
        self.0.read_back(key, version, sm3).await
    }

    async fn read_small(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Fault> {
        self.0.read_small(key, max_bytes).await
    }

    async fn doctor(&self) -> Result<Vec<Ability>, Fault> {
        self.0.doctor().await
    }
}

impl S3Store {
    pub(super) async fn examine(&self) -> Result<Vec<Ability>, Fault> {
        let run = Run::new()?;
        let mut abilities = store_doctor::examine(&Unguarded(self)).await?;
        abilities.push(told(
            "wrong_checksum_refused",
            self.wrong_checksum(&run).await,
        ));
        abilities.push(told("multipart", self.multipart(&run).await));
        abilities.push(self.versioning().await);
        let locks = self.object_lock(&run).await;
        abilities.push(told("object_lock", locks));
        abilities.push(Ability {
            name: "durability".into(),
            kept: true,
            required: false,
            seen: "an object counts as stored when the store acknowledged it and it was read \
                   back; whether the store flushes its disks first is its administrator's care"
                .into(),
        });
        Ok(abilities)
    }

    /// The server itself must notice that bytes and checksum differ.
    async fn wrong_checksum(&self, run: &Run) -> Result<Ability, Fault> {
        let key = run.key("wrong_checksum")?;
        let (_, said) = small("what was said");
        let sent = Bytes::from_static(b"what was sent");
        let put = self.put_whole(&self.place(&key)?, &sent, &said).await;
        let stands = self.read_back(&key, None, false).await?;
        let refused = match put {
            Err(Fault::Fleeting(why) | Fault::Final(why)) => Ok(why),
            Ok(Attempt::Created(_)) => Err("was stored"),
            Ok(Attempt::Exists | Attempt::Again) => Err("was taken for a conflict"),
        };
        let kept = refused.is_ok() && stands.is_none();
        let seen = match refused {
            Ok(why) if kept => format!("an object with a wrong SHA-256 was refused: {why}"),
            Ok(_) => {
                "an object with a wrong SHA-256 was refused and stands there all the same".into()
            }
            Err(what) => format!("an object with a wrong SHA-256 {what}"),
        };
        Ok(required("wrong_checksum_refused", kept, seen))
    }

    /// Two parts; then other bytes to the same key, completed conditionally.
    async fn multipart(&self, run: &Run) -> Result<Ability, Fault> {
        // Always the same key and bytes: what is tried leaves 5 MiB behind, and
        // nothing is ever removed from a store, so it does that once.
        let key = large_key()?;
        let store = self.with_smallest_parts();
        let (first, second) = (Large::new(b'1')?, Large::new(b'2')?);
        let journal = MemoryJournal::default();
        let mut puts = Vec::new();
        for large in [&first, &second] {
            let (source, digests) = (&large.source, &large.digests);
            let put = store.create_object(&key, source, digests, &journal, Look::Never);
            puts.push(put.await?);
        }
        let stands = self.read_back(&key, None, true).await?;
        let unchanged = stands.is_some_and(|found| found.digests == first.digests);
        let wrong_part = store.wrong_part(&run.key("wrong_part")?, &first).await?;
        let kept = matches!(puts.as_slice(), [Put::Created { .. }, Put::Taken])
            && unchanged
            && wrong_part.is_ok();
        Ok(required(
            "multipart",
            kept,
            format!(
                "a file in two parts, then another to the same key: {puts:?}; the first content \
                 {}; a part with a wrong SHA-256 {}",
                if unchanged { "still stands" } else { "is gone" },
                wrong_part.unwrap_or_else(|seen| seen)
            ),
        ))
    }

    /// Whether the server refuses a part that differs from its checksum: what
    /// was seen, as an error if it does not.
    async fn wrong_part(
        &self,
        key: &ObjectKey,
        large: &Large,
    ) -> Result<Result<String, String>, Fault> {
        let place = self.place(key)?;
        let planned = self.check(&large.source, &large.digests).await?;
        let Plan::Parts(mut planned) = planned else {
            return Ok(Err("was not tried: the file is sent in one piece".into()));
        };
        for part in &mut planned.parts {
            part.sha256 = base64_of_hex(&large.digests.sha256)?;
        }
        let journal = MemoryJournal::default();
        let upload = self
            .start(key, &place, &planned, &large.digests, &journal)
            .await?;
        let Some(last) = planned.parts.last() else {
            return Ok(Err("was not tried: there are no parts".into()));
        };
        let sent = self
            .send_part(&place, &upload.upload_id, &planned, last)
            .await?;
        self.abort(&place, &upload.upload_id).await?;
        Ok(match sent {
            Ok(_) => Err("was taken".into()),
            Err(refusal) if refusal.bad_checksum() => Ok("was refused".into()),
            Err(refusal) => Err(format!("ended otherwise: {}", refusal.into_fault())),
        })
    }

    /// The same store, sending in parts whatever is longer than S3's least part.
    fn with_smallest_parts(&self) -> Self {
        let mut store = self.clone();
        let mut settings = (*store.settings).clone();
        settings.part_bytes = MIN_PART_BYTES;
        store.settings = Arc::new(settings);
        store
    }

    async fn versioning(&self) -> Ability {
        let asked = self
            .client
            .get_bucket_versioning()
            .bucket(&self.settings.bucket)
            .send()
            .await
            .map_err(Refusal::from);
        let (kept, seen) = match asked {
            Ok(found) if found.status == Some(BucketVersioningStatus::Enabled) => {
                (true, "the bucket keeps every version".into())
            }
            Ok(_) => (
                false,
                "the bucket keeps no versions: whoever holds a key with the right to delete can \
                 delete for good"
                    .into(),
            ),
            Err(refusal) => (false, refusal.into_fault().to_string()),
        };
        Ability {
            name: "versioning".into(),
            kept,
            required: false,
            seen,
        }
    }

    /// Whether the bucket can lock; and if retention is configured, whether an
    /// object really carries it.
    async fn object_lock(&self, run: &Run) -> Result<Ability, Fault> {
        let asked = self
            .client
            .get_object_lock_configuration()
            .bucket(&self.settings.bucket)
            .send()
            .await
            .map_err(Refusal::from);
        let enabled = asked.is_ok_and(|found| {
            found
                .object_lock_configuration
                .and_then(|found| found.object_lock_enabled)
                == Some(ObjectLockEnabled::Enabled)
        });
        let wanted = self.settings.retention.is_some();
        let (kept, seen) = match (enabled, wanted) {
            (false, _) => (false, "the bucket has no Object Lock".into()),
            (true, false) => (
                true,
                "the bucket has Object Lock; no retention is configured".into(),
            ),
            (true, true) => self.locked_object(&run.key("object_lock")?).await?,
        };
        Ok(Ability {
            name: "object_lock".into(),
            kept,
            required: wanted,
            seen,
        })
    }

    async fn locked_object(&self, key: &ObjectKey) -> Result<(bool, String), Fault> {
        let (source, digests) = small("locked");
        let journal = MemoryJournal::default();
        self.create(key, &source, &digests, &journal).await?;
        let found = self
            .client
            .head_object()
            .bucket(&self.settings.bucket)
            .key(self.place(key)?)
            .send()
            .await
            .map_err(|error| Refusal::from(error).into_fault())?;
        let mode = found.object_lock_mode.map(|mode| mode.to_string());
        let until = found.object_lock_retain_until_date;
        Ok(match (mode, until) {
            (Some(mode), Some(until)) => {
                (true, format!("an object is locked: {mode} until {until}"))
            }
            _ => (false, "an object was stored, but not locked".into()),
        })
    }
}

fn large_key() -> Result<ObjectKey, Fault> {
    ObjectKey::new("_doctor/multipart")
        .ok_or_else(|| Fault::Final("`_doctor/multipart` is not a clean key".to_owned()))
}

/// A file in memory, one byte longer than the least part.
struct Large {
    source: Source,
    digests: Digests,
    /// The source's path leads here.
    _file: File,
}

impl Large {
    fn new(fill: u8) -> Result<Self, Fault> {
        let name = "unbroken-doctor";
        let file = rustix::fs::memfd_create(name, rustix::fs::MemfdFlags::CLOEXEC)
            .map_err(std::io::Error::from)?;
        let mut file = File::from(file);
        let length = usize::try_from(MIN_PART_BYTES).unwrap_or_default();
        let content = vec![fill; length.saturating_add(1)];
        file.write_all(&content)?;
        let mut digester = Digester::new(true);
        digester.update(content);
        Ok(Self {
            source: Source::File(format!("/proc/self/fd/{}", file.as_raw_fd()).into()),
            digests: digester.finish(),
            _file: file,
        })
    }
}
