//! Sending a large file in parts, through crashes.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};

use super::S3Store;
use super::connect::with_patience;
use super::fault::Refusal;
use super::plan::{Part, Parts};
use super::put::Attempt;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{ObjectKey, Upload, UploadJournal};

/// Putting thousands of parts together takes stores up to minutes (Amazon S3's
/// documentation of CompleteMultipartUpload).
const COMPLETION: Duration = Duration::from_secs(300);

impl S3Store {
    /// Sends what the journal does not know as sent, then completes the upload,
    /// if the key is still free.
    pub(super) async fn put_parts(
        &self,
        key: &ObjectKey,
        place: &str,
        plan: &Parts,
        digests: &Digests,
        journal: &dyn UploadJournal,
    ) -> Result<Attempt, Fault> {
        let mut upload = match journal.load(key).await? {
            Some(upload) if continues(&upload, plan) => upload,
            Some(_) => {
                self.forget_upload(key, place, journal).await?;
                self.start(key, place, plan, digests, journal).await?
            }
            None => self.start(key, place, plan, digests, journal).await?,
        };
        for part in plan.parts.iter().skip(upload.parts.len()) {
            match self.send_part(place, &upload.upload_id, plan, part).await? {
                Ok(etag) => {
                    upload.parts.push((part.number, etag, part.sha256.clone()));
                    journal.save(key, &upload).await?;
                }
                Err(refusal) if refusal.upload_gone() => {
                    journal.clear(key).await?;
                    return Ok(Attempt::Again);
                }
                Err(refusal) => return Err(refusal.into_fault()),
            }
        }
        match self.complete(place, &upload, digests).await {
            Ok(version) => {
                journal.clear(key).await?;
                Ok(Attempt::Created(version))
            }
            // The caller compares first and forgets the upload afterwards.
            Err(refusal) if refusal.exists() => Ok(Attempt::Exists),
            // Completed by an attempt whose reply got lost, or never: the
            // caller looks before it starts over.
            Err(refusal) if refusal.upload_gone() || refusal.conflict() => {
                self.forget_upload(key, place, journal).await?;
                Ok(Attempt::Again)
            }
            Err(refusal) => Err(refusal.into_fault()),
        }
    }

    /// Begins an upload and remembers it before anything is sent.
    pub(super) async fn start(
        &self,
        key: &ObjectKey,
        place: &str,
        plan: &Parts,
        digests: &Digests,
        journal: &dyn UploadJournal,
    ) -> Result<Upload, Fault> {
        let (mode, until) = self.retention().unzip();
        let started = self
            .client
            .create_multipart_upload()
            .bucket(&self.settings.bucket)
            .key(place)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .content_type("application/octet-stream")
            .set_metadata(Some(metadata(digests)))
            .set_object_lock_mode(mode)
            .set_object_lock_retain_until_date(until)
            .send()
            .await
            .map_err(|error| Refusal::from(error).into_fault())?;
        let upload_id = started
            .upload_id
            .ok_or_else(|| Fault::Fleeting("the store gave the upload no id".into()))?;
        let upload = Upload {
            upload_id,
            part_bytes: plan.part_bytes,
            parts: Vec::new(),
        };
        journal.save(key, &upload).await?;
        Ok(upload)
    }

    /// Sends one part straight from the file; its ETag.
    pub(super) async fn send_part(
        &self,
        place: &str,
        upload_id: &str,
        plan: &Parts,
        part: &Part,
    ) -> Result<Result<String, Refusal>, Fault> {
        let body = ByteStream::read_from()
            .path(&plan.path)
            .offset(part.offset_bytes)
            .length(Length::Exact(part.length_bytes))
            .build()
            .await
            .map_err(|error| {
                Fault::Fleeting(format!("reading {}: {error}", plan.path.display()))
            })?;
        let sent = self
            .client
            .upload_part()
            .bucket(&self.settings.bucket)
            .key(place)
            .upload_id(upload_id)
            .part_number(part.number)
            .checksum_sha256(&part.sha256)
            .body(body)
            .customize()
            .config_override(with_patience(
                &self.settings,
                self.patience(part.length_bytes),
            ))
            .send()
            .await;
        match sent {
            Ok(sent) => match sent.e_tag {
                Some(etag) => Ok(Ok(etag)),
                None => Err(Fault::Fleeting("the store gave a part no ETag".into())),
            },
            Err(error) => Ok(Err(error.into())),
        }
    }

    /// Puts the parts together under the key, if it is free; the version.
    async fn complete(
        &self,
        place: &str,
        upload: &Upload,
        digests: &Digests,
    ) -> Result<Option<String>, Refusal> {
        let parts = upload.parts.iter().map(|(number, etag, sha256)| {
            CompletedPart::builder()
                .part_number(*number)
                .e_tag(etag)
                .checksum_sha256(sha256)
                .build()
        });
        let completed = self
            .client
            .complete_multipart_upload()
            .bucket(&self.settings.bucket)
            .key(place)
            .upload_id(&upload.upload_id)
            .if_none_match("*")
            .set_mpu_object_size(i64::try_from(digests.size_bytes).ok())
            .multipart_upload(
                CompletedMultipartUpload::builder()
                    .set_parts(Some(parts.collect()))
                    .build(),
            )
            .customize()
            .config_override(with_patience(&self.settings, COMPLETION))
            .send()
            .await?;
        Ok(completed.version_id)
    }

    /// Ends the upload that the journal remembers for this key, if any.
    pub(super) async fn forget_upload(
        &self,
        key: &ObjectKey,
        place: &str,
        journal: &dyn UploadJournal,
    ) -> Result<(), Fault> {
        let Some(upload) = journal.load(key).await? else {
            return Ok(());
        };
        match self.abort(place, &upload.upload_id).await {
            Ok(()) => {}
            // Its parts cost space until the sweeper finds them, no more.
            Err(fault) => tracing::warn!(%key, %fault, "an unfinished upload stays behind"),
        }
        journal.clear(key).await
    }

    /// Drops an upload and its parts; one that is gone already is fine.
    pub(super) async fn abort(&self, place: &str, upload_id: &str) -> Result<(), Fault> {
        let aborted = self
            .client
            .abort_multipart_upload()
            .bucket(&self.settings.bucket)
            .key(place)
            .upload_id(upload_id)
            .send()
            .await
            .map_err(Refusal::from);
        match aborted {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.upload_gone() || refusal.missing() => Ok(()),
            Err(refusal) => Err(refusal.into_fault()),
        }
    }
}

/// The journal's upload is of these very parts, the first ones in order.
fn continues(upload: &Upload, plan: &Parts) -> bool {
    upload.part_bytes == plan.part_bytes
        && upload.parts.len() <= plan.parts.len()
        && upload
            .parts
            .iter()
            .zip(&plan.parts)
            .all(|((number, _, sha256), part)| *number == part.number && *sha256 == part.sha256)
}

/// Digests beside the object, so that a bucket explains itself.
pub(super) fn metadata(digests: &Digests) -> HashMap<String, String> {
    let mut metadata = HashMap::from([
        ("blake3".to_owned(), digests.blake3.clone()),
        ("sha256".to_owned(), digests.sha256.clone()),
    ]);
    if let Some(sm3) = &digests.sm3 {
        metadata.insert("sm3".to_owned(), sm3.clone());
    }
    metadata
}
