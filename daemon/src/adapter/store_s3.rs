//! A bucket of an S3-speaking store as write-once store.
//!
//! Every object and every part is sent with its own SHA-256, which the server
//! has to check; no trailers and no chunked signing, which many stores do not
//! know. Creation is conditional (`If-None-Match: *`), so two writers of one key
//! cannot both win, and a reply that got lost is cleared up by comparing what
//! stands there. ETags are never taken for digests.

mod connect;
mod doctor;
mod fault;
mod multipart;
mod plan;
mod put;
mod read;
mod sweep;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::ObjectLockMode;
use aws_smithy_types::DateTime;
use bytes::Bytes;

use crate::port::clock::Clock;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{Ability, ObjectKey, Put, ReadBack, Source, Store, UploadJournal};

/// The smallest part that S3 takes, but for the last one (Amazon S3 limits).
pub const MIN_PART_BYTES: u64 = 5 << 20;

/// The longest part that S3 takes (Amazon S3 limits).
pub const MAX_PART_BYTES: u64 = 5 << 30;

/// The length of parts unless set otherwise: few requests, and little to send
/// again after a failure.
pub const DEFAULT_PART_BYTES: u64 = 16 << 20;

/// The longest key that S3 takes, prefix and all (Amazon S3 limits).
const MAX_KEY_BYTES: usize = 1024;

/// How the bucket is reached and what is asked of it.
#[derive(Clone)]
pub struct S3Settings {
    /// `https://…` of the store; `None` means Amazon's own for the region.
    pub endpoint: Option<String>,
    /// Name of the region; stores without regions mostly take `us-east-1`.
    pub region: String,
    /// Name of the bucket; it must exist.
    pub bucket: String,
    /// Put in front of every key with a `/`; may be empty.
    pub prefix: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key; never shown.
    pub secret_key: String,
    /// Session token of temporary credentials; never shown.
    pub session_token: Option<String>,
    /// Bucket in the path (most self-hosted stores) instead of in the host name
    /// (Amazon, Alibaba Cloud OSS, Tencent COS).
    pub path_style: bool,
    /// Length of parts, and up to where a file is sent in one piece; at least
    /// [`MIN_PART_BYTES`], at most [`MAX_PART_BYTES`].
    pub part_bytes: u64,
    /// Time that connecting may take.
    pub connect: Duration,
    /// Time that every request has at least; one with a large body gets more.
    pub attempt: Duration,
    /// The slowest line that still counts as working, bytes per second; sets
    /// the time that one part may take, at least `attempt`.
    pub slowest_bytes_per_s: u64,
    /// Asks the store to protect every object until a day; needs a bucket with
    /// Object Lock.
    pub retention: Option<Retention>,
}

/// For how long, and how strictly, the store itself protects an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// `true`: nobody can shorten it, not even the account's owner
    /// (`COMPLIANCE`); `false`: holders of a special right can (`GOVERNANCE`).
    pub compliance: bool,
    /// Days from the moment of storing.
    pub days: u32,
}

impl fmt::Debug for S3Settings {
    /// All but the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("access_key", &self.access_key)
            .field("path_style", &self.path_style)
            .field("part_bytes", &self.part_bytes)
            .field("connect", &self.connect)
            .field("attempt", &self.attempt)
            .field("slowest_bytes_per_s", &self.slowest_bytes_per_s)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

/// A bucket of an S3-speaking store as write-once store.
#[derive(Clone)]
pub struct S3Store {
    id: String,
    /// The id by which earlier programs entered the same store: bucket and prefix.
    former_id: String,
    client: Client,
    settings: Arc<S3Settings>,
    clock: Arc<dyn Clock>,
}

impl S3Store {
    /// Makes a client; nothing is sent yet.
    pub fn open(settings: S3Settings, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let settings = check_settings(settings)?;
        let place = match settings.prefix.as_str() {
            "" => settings.bucket.clone(),
            prefix => format!("{}/{prefix}", settings.bucket),
        };
        // Two services may each have a bucket of this name.
        let service = settings.endpoint.as_deref().map_or_else(
            || format!("aws:{}", settings.region),
            |endpoint| endpoint.trim_end_matches('/').to_ascii_lowercase(),
        );
        Ok(Self {
            id: format!("s3:{service}/{place}"),
            former_id: format!("s3:{place}"),
            client: connect::client(&settings),
            settings: Arc::new(settings),
            clock,
        })
    }

    /// The key in the bucket.
    fn place(&self, key: &ObjectKey) -> Result<String, Fault> {
        let place = match self.settings.prefix.as_str() {
            "" => key.as_str().to_owned(),
            prefix => format!("{prefix}/{key}"),
        };
        if place.len() > MAX_KEY_BYTES {
            return Err(Fault::Final(format!(
                "with the store's prefix this key has {} bytes, S3 takes {MAX_KEY_BYTES}; \
                 shorten the prefix",
                place.len()
            )));
        }
        Ok(place)
    }

    /// Lock mode and last day of protection for an object stored now.
    fn retention(&self) -> Option<(ObjectLockMode, DateTime)> {
        let retention = self.settings.retention?;
        let days = chrono::Duration::days(i64::from(retention.days));
        let until = self.clock.now().checked_add_signed(days)?;
        let mode = if retention.compliance {
            ObjectLockMode::Compliance
        } else {
            ObjectLockMode::Governance
        };
        Some((mode, DateTime::from_secs(until.timestamp())))
    }

    /// How long one request with so many bytes may take.
    fn patience(&self, bytes: u64) -> Duration {
        let slowest = Duration::from_secs(bytes / self.settings.slowest_bytes_per_s.max(1));
        slowest.max(self.settings.attempt)
    }
}

fn check_settings(mut settings: S3Settings) -> Result<S3Settings, Fault> {
    let wrong = |what: &str| Err(Fault::Final(format!("S3 store: {what}")));
    settings.prefix = settings.prefix.trim_matches('/').to_owned();
    if settings.bucket.is_empty() {
        return wrong("no bucket is named");
    }
    if settings.access_key.is_empty() || settings.secret_key.is_empty() {
        return wrong("access key or secret key is missing");
    }
    if settings.part_bytes < MIN_PART_BYTES {
        return wrong("parts must be at least 5 MiB long");
    }
    if settings.part_bytes > MAX_PART_BYTES {
        return wrong("parts must be at most 5 GiB long");
    }
    if !settings.prefix.is_empty() && ObjectKey::new(settings.prefix.as_str()).is_none() {
        return wrong("the prefix has an empty, `.` or `..` part or a control character");
    }
    let schemes = ["http://", "https://"];
    if let Some(endpoint) = &settings.endpoint
        && !schemes.iter().any(|scheme| endpoint.starts_with(scheme))
    {
        return wrong("the endpoint must begin with https:// or http://");
    }
    Ok(settings)
}

#[async_trait::async_trait]
impl Store for S3Store {
    fn id(&self) -> &str {
        &self.id
    }

    fn answers_to(&self, id: &str) -> bool {
        id == self.id || id == self.former_id
    }

    async fn create(
        &self,
        key: &ObjectKey,
        source: &Source,
        digests: &Digests,
        journal: &dyn UploadJournal,
    ) -> Result<Put, Fault> {
        self.create_object(key, source, digests, journal, put::Look::First)
            .await
            .map_err(|fault| fault.while_doing(format!("storing {key}")))
    }

    async fn read_back(
        &self,
        key: &ObjectKey,
        version: Option<&str>,
        sm3: bool,
    ) -> Result<Option<ReadBack>, Fault> {
        self.digest_object(key, version, sm3)
            .await
            .map_err(|fault| fault.while_doing(format!("reading {key} back")))
    }

    async fn read_small(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Fault> {
        self.fetch_small(key, max_bytes)
            .await
            .map_err(|fault| fault.while_doing(format!("reading {key}")))
    }

    async fn sweep_uploads(&self, known: &HashSet<String>, age: Duration) -> Result<u64, Fault> {
        self.abort_abandoned(known, age)
            .await
            .map_err(|fault| fault.while_doing("sweeping abandoned uploads"))
    }

    async fn doctor(&self) -> Result<Vec<Ability>, Fault> {
        self.examine().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::os_clock::OsClock;

    fn store(endpoint: Option<&str>, prefix: &str) -> S3Store {
        let settings = S3Settings {
            endpoint: endpoint.map(str::to_owned),
            region: "cn-north-1".to_owned(),
            bucket: "evidence".to_owned(),
            prefix: prefix.to_owned(),
            access_key: "a".to_owned(),
            secret_key: "s".to_owned(),
            session_token: None,
            path_style: true,
            part_bytes: DEFAULT_PART_BYTES,
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(60),
            slowest_bytes_per_s: 1,
            retention: None,
        };
        S3Store::open(settings, Arc::new(OsClock::new())).unwrap()
    }

    #[test]
    fn the_same_bucket_of_two_services_is_two_stores() {
        let one = store(Some("https://One.example/"), "q");
        let two = store(Some("https://two.example"), "q");
        assert_eq!(one.id(), "s3:https://one.example/evidence/q");
        assert_eq!(store(None, "").id(), "s3:aws:cn-north-1/evidence");
        assert!(one.answers_to(one.id()) && !one.answers_to(two.id()));
    }

    /// Objects entered before the service stood in the id are still checked.
    #[test]
    fn a_store_answers_to_the_id_that_earlier_programs_gave_it() {
        assert!(store(Some("https://one.example"), "q").answers_to("s3:evidence/q"));
        assert!(!store(Some("https://one.example"), "q").answers_to("s3:evidence"));
        assert!(store(None, "").answers_to("s3:evidence"));
    }
}
