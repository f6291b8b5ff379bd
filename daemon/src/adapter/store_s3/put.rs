//! Creating an object, if its key is free.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::base64;
use bytes::Bytes;

use super::S3Store;
use super::connect::with_patience;
use super::fault::Refusal;
use super::plan::{Plan, part_bytes, plan};
use crate::adapter::store_directory::same_content;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{ObjectKey, Put, Source, UploadJournal};

/// How often a create starts over before it is left to the drive.
const STARTS: u32 = 5;

/// Whether to look at the key before sending anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Saves an upload, and guards a store that ignores conditions against all
    /// but a race.
    First,
    /// Relies on the store's condition alone, to find out whether it keeps it.
    Never,
}

/// How one attempt ended.
pub(super) enum Attempt {
    Created(Option<String>),
    /// Something stands there, perhaps our own: its reply may have got lost.
    Exists,
    /// Someone else was at it, or the upload is gone: start over.
    Again,
}

impl S3Store {
    pub(super) async fn create_object(
        &self,
        key: &ObjectKey,
        source: &Source,
        digests: &Digests,
        journal: &dyn UploadJournal,
        look: Look,
    ) -> Result<Put, Fault> {
        let place = self.place(key)?;
        let plan = self.check(source, digests).await?;
        for start in 0..STARTS {
            let looks = look == Look::First || start > 0;
            if looks && let Some(put) = self.compare(key, digests).await? {
                self.forget_upload(key, &place, journal).await?;
                return Ok(put);
            }
            let attempt = match &plan {
                Plan::Whole(bytes) => self.put_whole(&place, bytes, digests).await?,
                Plan::Parts(parts) => self.put_parts(key, &place, parts, digests, journal).await?,
            };
            match attempt {
                Attempt::Created(version) => return Ok(Put::Created { version }),
                Attempt::Exists => {
                    if let Some(put) = self.compare(key, digests).await? {
                        self.forget_upload(key, &place, journal).await?;
                        return Ok(put);
                    }
                }
                Attempt::Again => {}
            }
            self.pause(start).await;
        }
        Err(Fault::Fleeting(format!(
            "started over {STARTS} times, and each time someone else was at this key or the \
             store had dropped the upload"
        )))
    }

    /// Reads the source and holds it against its digests, off the runtime.
    pub(super) async fn check(&self, source: &Source, digests: &Digests) -> Result<Plan, Fault> {
        let (source, digests) = (source.clone(), digests.clone());
        let part_bytes = part_bytes(digests.size_bytes, self.settings.part_bytes);
        let work = move || plan(&source, &digests, part_bytes);
        match tokio::task::spawn_blocking(work).await {
            Ok(plan) => plan,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Fault::Fleeting("stopped while storing".into())),
            },
        }
    }

    /// What stands under the key: nothing, the same, or something else.
    async fn compare(&self, key: &ObjectKey, digests: &Digests) -> Result<Option<Put>, Fault> {
        let head = self
            .client
            .head_object()
            .bucket(&self.settings.bucket)
            .key(self.place(key)?)
            .send()
            .await
            .map_err(Refusal::from);
        match head {
            Err(refusal) if refusal.missing() => return Ok(None),
            Err(refusal) => return Err(refusal.into_fault()),
            Ok(found) => {
                let length = found.content_length().and_then(|n| u64::try_from(n).ok());
                if length.is_some_and(|length| length != digests.size_bytes) {
                    return Ok(Some(Put::Taken));
                }
            }
        }
        let found = self.digest_object(key, None, false).await?;
        Ok(found.map(|found| {
            if same_content(&found.digests, digests) {
                Put::Created {
                    version: found.version,
                }
            } else {
                Put::Taken
            }
        }))
    }

    pub(super) async fn put_whole(
        &self,
        place: &str,
        bytes: &Bytes,
        digests: &Digests,
    ) -> Result<Attempt, Fault> {
        let (mode, until) = self.retention().unzip();
        let sent = self
            .client
            .put_object()
            .bucket(&self.settings.bucket)
            .key(place)
            .if_none_match("*")
            .checksum_sha256(base64_of_hex(&digests.sha256)?)
            .content_type("application/octet-stream")
            .set_metadata(Some(super::multipart::metadata(digests)))
            .set_object_lock_mode(mode)
            .set_object_lock_retain_until_date(until)
            .body(ByteStream::from(bytes.clone()))
            .customize()
            .config_override(with_patience(
                &self.settings,
                self.patience(digests.size_bytes),
            ))
            .send()
            .await
            .map_err(Refusal::from);
        match sent {
            Ok(sent) => Ok(Attempt::Created(sent.version_id)),
            Err(refusal) if refusal.exists() => Ok(Attempt::Exists),
            Err(refusal) if refusal.conflict() => Ok(Attempt::Again),
            Err(refusal) => Err(refusal.into_fault()),
        }
    }

    /// Waits a random time, on average longer with each start.
    async fn pause(&self, start: u32) {
        const FIRST_MS: u64 = 200;
        let longest = FIRST_MS.saturating_mul(1 << start.min(6));
        let mut random = [0_u8; 8];
        // Without randomness the pause is simply the shortest.
        let _ = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty());
        let pause = u64::from_le_bytes(random) % longest;
        self.clock.sleep(Duration::from_millis(pause)).await;
    }
}

/// S3 wants digests in base64.
pub(super) fn base64_of_hex(digest: &str) -> Result<String, Fault> {
    hex::decode(digest)
        .map(base64::encode)
        .map_err(|error| Fault::Final(format!("`{digest}` is not a digest: {error}")))
}
