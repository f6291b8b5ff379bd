//! Reading objects back.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::S3Store;
use super::fault::Refusal;
use crate::adapter::digester::Digester;
use crate::port::fault::Fault;
use crate::port::store::{ObjectKey, ReadBack};

/// Chunks that may wait between network and hashing.
const QUEUE_CHUNKS: usize = 16;

/// How often a broken-off download goes on where it stopped.
const CONTINUATIONS: u32 = 5;

impl S3Store {
    /// Reads the object whole and hashes what came.
    pub(super) async fn digest_object(
        &self,
        key: &ObjectKey,
        version: Option<&str>,
        sm3: bool,
    ) -> Result<Option<ReadBack>, Fault> {
        let Some(object) = self.get(key, version, None).await? else {
            return Ok(None);
        };
        // Whatever happens on the way, it is this version that is read.
        let version = object
            .version_id()
            .filter(|id| *id != "null")
            .or(version)
            .map(str::to_owned);
        let (chunks, mut inbox) = mpsc::channel::<Bytes>(QUEUE_CHUNKS);
        let hashing = tokio::task::spawn_blocking(move || {
            let mut digester = Digester::new(sm3);
            while let Some(chunk) = inbox.blocking_recv() {
                digester.update(chunk);
            }
            digester.finish()
        });
        self.stream(key, version.as_deref(), object, &chunks)
            .await?;
        drop(chunks);
        match hashing.await {
            Ok(digests) => Ok(Some(ReadBack { digests, version })),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Fault::Fleeting("stopped while reading back".into())),
            },
        }
    }

    /// Passes on all bytes of the object, continuing after a broken connection.
    async fn stream(
        &self,
        key: &ObjectKey,
        version: Option<&str>,
        mut object: GetObjectOutput,
        chunks: &mpsc::Sender<Bytes>,
    ) -> Result<(), Fault> {
        let etag = object.e_tag().map(str::to_owned);
        let whole_bytes = object.content_length().and_then(|n| u64::try_from(n).ok());
        let mut done_bytes = 0_u64;
        let mut continuations = 0;
        loop {
            match object.body.next().await {
                Some(Ok(chunk)) => {
                    let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                    done_bytes = done_bytes.saturating_add(length);
                    if chunks.send(chunk).await.is_err() {
                        return Err(Fault::Fleeting("hashing ended early".into()));
                    }
                }
                None if whole_bytes.is_none_or(|whole| whole == done_bytes) => return Ok(()),
                broken if continuations < CONTINUATIONS && etag.is_some() => {
                    continuations += 1;
                    tracing::debug!(%key, done_bytes, ?broken, "download broke off; continuing");
                    let rest = Some((done_bytes, etag.as_deref()));
                    object = self.get(key, version, rest).await?.ok_or_else(|| {
                        Fault::Fleeting("the object vanished while it was read".into())
                    })?;
                    let from = format!("bytes {done_bytes}-");
                    if !object
                        .content_range()
                        .is_some_and(|range| range.starts_with(&from))
                    {
                        return Err(Fault::Fleeting(
                            "the connection broke, and the store cannot continue a download".into(),
                        ));
                    }
                }
                Some(Err(error)) => {
                    return Err(Fault::Fleeting(format!(
                        "the connection broke after {done_bytes} bytes: {error}"
                    )));
                }
                None => {
                    return Err(Fault::Fleeting(format!(
                        "the store announced {whole_bytes:?} bytes and sent {done_bytes}"
                    )));
                }
            }
        }
    }

    /// The bytes of a small object.
    pub(super) async fn fetch_small(
        &self,
        key: &ObjectKey,
        max_bytes: u64,
    ) -> Result<Option<Bytes>, Fault> {
        let Some(mut object) = self.get(key, None, None).await? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        while let Some(chunk) = object.body.next().await {
            let chunk =
                chunk.map_err(|error| Fault::Fleeting(format!("the connection broke: {error}")))?;
            bytes.extend_from_slice(&chunk);
            if !u64::try_from(bytes.len()).is_ok_and(|length| length <= max_bytes) {
                return Err(Fault::Final(format!("longer than {max_bytes} bytes")));
            }
        }
        Ok(Some(bytes.into()))
    }

    /// Asks for an object, or for the rest of it from an offset, provided that
    /// it still has this ETag. `None` if there is none.
    async fn get(
        &self,
        key: &ObjectKey,
        version: Option<&str>,
        rest: Option<(u64, Option<&str>)>,
    ) -> Result<Option<GetObjectOutput>, Fault> {
        let (offset, etag) = rest.unzip();
        let got = self
            .client
            .get_object()
            .bucket(&self.settings.bucket)
            .key(self.place(key)?)
            .set_version_id(version.map(str::to_owned))
            .set_range(offset.map(|offset| format!("bytes={offset}-")))
            .set_if_match(etag.flatten().map(str::to_owned))
            .send()
            .await
            .map_err(Refusal::from);
        match got {
            Ok(object) => Ok(Some(object)),
            Err(refusal) if refusal.missing() => Ok(None),
            Err(refusal) => Err(refusal.into_fault()),
        }
    }
}
