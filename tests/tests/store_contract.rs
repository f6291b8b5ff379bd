//! The contract of the `Store` port, one function for every adapter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use unbroken::adapter::digester::Digester;
use unbroken::adapter::os_clock::OsClock;
use unbroken::adapter::store_directory::DirectoryStore;
use unbroken::adapter::store_doctor::MemoryJournal;
use unbroken::adapter::store_s3::{MIN_PART_BYTES, Retention, S3Settings, S3Store};
use unbroken::port::digest::Digests;
use unbroken::port::fault::Fault;
use unbroken::port::store::{ObjectKey, Put, Source, Store, Upload, UploadJournal};
use unbroken_tests::fault_proxy::FaultProxy;
use unbroken_tests::seaweedfs::{self, Bucket, SeaweedFs};

/// More than three parts of the smallest length that S3 takes, and a rest.
const LARGE_BYTES: usize = (20 << 20) + 17;

#[tokio::test(flavor = "multi_thread")]
async fn directory_keeps_the_contract() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("store");
    contract(|| Arc::new(DirectoryStore::open(&place).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_the_contract() {
    let server = SeaweedFs::start().unwrap();
    for (bucket, kind) in [
        ("plain", Bucket::Plain),
        ("versioned", Bucket::Versioned),
        ("locking", Bucket::Locking),
    ] {
        server.make_bucket(bucket, kind).await.unwrap();
        let mut settings = settings(&server, bucket);
        if kind == Bucket::Locking {
            settings.prefix = "现场/评审".into();
            settings.retention = Some(Retention {
                compliance: false,
                days: 1,
            });
        }
        contract(|| open_s3(&settings)).await;
        doctor_finds_what_it_needs(&*open_s3(&settings), kind).await;
    }
    let settings = settings(&server, "versioned");
    a_lost_reply_is_cleared_up(&server, &settings).await;
    refusals_say_what_to_do(&settings).await;
    forgotten_uploads_are_swept(&server, &settings).await;
    what_stands_there_has_one_version(&server).await;
}

fn settings(server: &SeaweedFs, bucket: &str) -> S3Settings {
    S3Settings {
        endpoint: Some(server.endpoint()),
        region: "us-east-1".into(),
        bucket: bucket.into(),
        prefix: String::new(),
        access_key: seaweedfs::ACCESS_KEY.into(),
        secret_key: seaweedfs::SECRET_KEY.into(),
        session_token: None,
        path_style: true,
        part_bytes: MIN_PART_BYTES,
        connect: Duration::from_secs(5),
        attempt: Duration::from_secs(60),
        slowest_bytes_per_s: 64 << 10,
        retention: None,
    }
}

fn open_s3(settings: &S3Settings) -> Arc<dyn Store> {
    let clock = Arc::new(OsClock::new());
    Arc::new(S3Store::open(settings.clone(), clock).unwrap())
}

async fn doctor_finds_what_it_needs(store: &dyn Store, kind: Bucket) {
    let abilities = store.doctor().await.unwrap();
    for ability in abilities.iter().filter(|ability| ability.required) {
        assert!(ability.kept, "{ability:?}");
    }
    let kept = |name: &str| {
        let found = abilities.iter().find(|ability| ability.name == name);
        found
            .unwrap_or_else(|| panic!("{name} was not examined"))
            .kept
    };
    for name in [
        "conditional_create",
        "conditional_race",
        "wrong_checksum_refused",
        "read_back",
        "unicode_key",
        "multipart",
    ] {
        assert!(kept(name), "{name}");
    }
    assert_eq!(kept("versioning"), kind != Bucket::Plain);
    assert_eq!(kept("object_lock"), kind == Bucket::Locking);
}

/// The server acts, and its reply is lost: the object is there once, and ours.
async fn a_lost_reply_is_cleared_up(server: &SeaweedFs, settings: &S3Settings) {
    let staging = tempfile::tempdir().unwrap();
    let staged = staging.path().join("large");
    let large = write_large(&staged, 9);
    let (source, digests) = small(b"small");
    for (name, method, mark, source, digests) in [
        (
            "complete",
            "POST ",
            "uploadId=",
            &Source::File(staged),
            &large,
        ),
        ("put", "PUT ", "/lost/put", &source, &digests),
    ] {
        let proxy = FaultProxy::start(server.port(), method, mark, 1);
        let proxy = proxy.await.unwrap();
        let mut settings = settings.clone();
        settings.endpoint = Some(proxy.endpoint());
        let store = open_s3(&settings);
        let key = key(&format!("lost/{name}"));
        let journal = MemoryJournal::default();
        assert!(created(store.create(&key, source, digests, &journal).await));
        assert_eq!(proxy.lost(), 1, "{name}");
        assert_eq!(journal.load(&key).await.unwrap(), None);
        let found = store.read_back(&key, None, true).await.unwrap().unwrap();
        assert_eq!(&found.digests, digests);
    }
}

async fn refusals_say_what_to_do(right: &S3Settings) {
    let mut wrong_secret = right.clone();
    wrong_secret.secret_key = "wrong".into();
    let mut wrong_key = right.clone();
    wrong_key.access_key = "nobody".into();
    let mut wrong_bucket = right.clone();
    wrong_bucket.bucket = "no-such-bucket".into();
    let (source, digests) = small(b"x");
    for (settings, hint) in [
        (wrong_secret, "key"),
        (wrong_key, "key"),
        (wrong_bucket, "bucket"),
    ] {
        let journal = MemoryJournal::default();
        let store = open_s3(&settings);
        let put = store.create(&key("k"), &source, &digests, &journal).await;
        let Err(Fault::Final(why)) = put else {
            panic!("{put:?}");
        };
        assert!(why.contains(hint) && why.contains("storing k"), "{why}");
        assert!(!why.contains(seaweedfs::SECRET_KEY));
    }
}

async fn forgotten_uploads_are_swept(server: &SeaweedFs, settings: &S3Settings) {
    let client = server.client();
    let mut ids = Vec::new();
    for name in ["swept/one", "swept/two"] {
        let begun = client.create_multipart_upload().bucket(&settings.bucket);
        ids.push(begun.key(name).send().await.unwrap().upload_id.unwrap());
    }
    let store = S3Store::open(settings.clone(), Arc::new(OsClock::new())).unwrap();
    let none = HashSet::new();
    let young = store.sweep_uploads(&none, Duration::from_secs(3600));
    assert_eq!(young.await.unwrap(), 0);
    let known = HashSet::from([ids[1].clone()]);
    let swept = store.sweep_uploads(&known, Duration::ZERO).await;
    assert_eq!(swept.unwrap(), 1);
    let listed = client.list_multipart_uploads().bucket(&settings.bucket);
    let listed = listed.send().await.unwrap();
    let left: Vec<_> = listed
        .uploads()
        .iter()
        .filter_map(|u| u.upload_id())
        .collect();
    assert_eq!(left, [ids[1].as_str()]);
}

/// Behind all races, crashes and lost replies no key was ever written twice.
async fn what_stands_there_has_one_version(server: &SeaweedFs) {
    let listed = server.client().list_object_versions().bucket("versioned");
    let listed = listed.send().await.unwrap();
    assert_eq!(listed.is_truncated(), Some(false));
    let mut keys: Vec<_> = listed.versions().iter().filter_map(|v| v.key()).collect();
    let all = keys.len();
    assert!(all > 20, "{all}");
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
    assert!(listed.delete_markers().is_empty());
}

/// What every store keeps. `open` makes a new client of the same empty store,
/// as a restarted daemon would.
async fn contract(open: impl Fn() -> Arc<dyn Store>) {
    let store = open();
    let staging = tempfile::tempdir().unwrap();
    missing_is_none(&*store).await;
    created_again_and_taken(&*store).await;
    empty_objects(&*store, staging.path()).await;
    keys_in_chinese(&*store).await;
    wrong_digests_are_refused(&*store, staging.path()).await;
    one_of_many_wins(&store).await;
    small_objects_have_a_limit(&*store).await;
    a_crash_in_the_middle_is_resumed(&open, staging.path()).await;
    a_large_taken_key_stays(&*store, staging.path()).await;
    a_version_reads_back(&*store).await;
}

async fn missing_is_none(store: &dyn Store) {
    let key = key("missing/没有");
    assert_eq!(store.read_back(&key, None, true).await.unwrap(), None);
    assert_eq!(store.read_small(&key, 10).await.unwrap(), None);
}

async fn created_again_and_taken(store: &dyn Store) {
    let key = key("a/b/created");
    let (first, digests) = small(b"first");
    let (other, other_digests) = small(b"other");
    let journal = MemoryJournal::default();
    assert!(created(
        store.create(&key, &first, &digests, &journal).await
    ));
    assert!(created(
        store.create(&key, &first, &digests, &journal).await
    ));
    let put = store.create(&key, &other, &other_digests, &journal).await;
    assert_eq!(put.unwrap(), Put::Taken);
    let found = store.read_back(&key, None, true).await.unwrap().unwrap();
    assert_eq!(found.digests, digests);
    let without = store.read_back(&key, None, false).await.unwrap().unwrap();
    assert_eq!(without.digests.sm3, None);
}

async fn empty_objects(store: &dyn Store, staging: &Path) {
    let journal = MemoryJournal::default();
    let (source, digests) = small(b"");
    let from_memory = key("empty/memory");
    assert!(created(
        store
            .create(&from_memory, &source, &digests, &journal)
            .await
    ));
    let staged = staging.join("empty");
    std::fs::write(&staged, b"").unwrap();
    let from_file = key("empty/file");
    let source = Source::File(staged);
    let put = store.create(&from_file, &source, &digests, &journal).await;
    assert!(created(put));
    for key in [from_memory, from_file] {
        let found = store.read_back(&key, None, true).await.unwrap().unwrap();
        assert_eq!(found.digests, digests);
        assert_eq!(store.read_small(&key, 0).await.unwrap(), Some(Bytes::new()));
    }
}

async fn keys_in_chinese(store: &dyn Store) {
    let journal = MemoryJournal::default();
    let longest = "长".repeat(80);
    let texts = [
        "〔2026〕12号/首次会议 (1)+&=?#%.mp4".to_owned(),
        format!("最长/{longest}"),
        "e\u{301} is not \u{e9}".to_owned(),
        "\u{e9} is not e\u{301}".to_owned(),
    ];
    for text in &texts {
        let (source, digests) = small(text.as_bytes());
        let put = store.create(&key(text), &source, &digests, &journal).await;
        assert!(created(put), "{text}");
    }
    for text in &texts {
        let found = store.read_small(&key(text), 1000).await.unwrap().unwrap();
        assert_eq!(found, text.as_bytes(), "{text}");
    }
}

async fn wrong_digests_are_refused(store: &dyn Store, staging: &Path) {
    let (right, digests) = small(b"right");
    let (_, of_others) = small(b"wrong");
    let staged = staging.join("right");
    std::fs::write(&staged, b"right").unwrap();
    let large = staging.join("large-right");
    let large_digests = write_large(&large, 3);
    let wrong_in_one = |digests: &Digests| Digests {
        blake3: of_others.blake3.clone(),
        ..digests.clone()
    };
    let too_short = Digests {
        size_bytes: digests.size_bytes + 1,
        ..digests.clone()
    };
    let large_source = Source::File(large);
    let large_other_sha256 = Digests {
        sha256: of_others.sha256.clone(),
        ..large_digests.clone()
    };
    let journal = MemoryJournal::default();
    for (number, (source, digests)) in [
        (&right, &of_others),
        (&right, &wrong_in_one(&digests)),
        (&right, &too_short),
        (&Source::File(staged), &of_others),
        (&large_source, &wrong_in_one(&large_digests)),
        (&large_source, &large_other_sha256),
    ]
    .into_iter()
    .enumerate()
    {
        let key = key(&format!("refused/{number}"));
        let put = store.create(&key, source, digests, &journal).await;
        assert!(matches!(put, Err(Fault::Final(_))), "{number}: {put:?}");
        let found = store.read_back(&key, None, false).await.unwrap();
        assert_eq!(found, None, "{number}");
    }
}

async fn one_of_many_wins(store: &Arc<dyn Store>) {
    for round in 0..5 {
        let key = key(&format!("race/{round}"));
        let racers: Vec<_> = (0..8_u8)
            .map(|racer| {
                let (store, key) = (Arc::clone(store), key.clone());
                tokio::spawn(async move {
                    let (source, digests) = small(&[racer]);
                    let journal = MemoryJournal::default();
                    let put = store.create(&key, &source, &digests, &journal).await;
                    (created(put), digests)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for racer in racers {
            let (won, digests) = racer.await.unwrap();
            if won {
                winners.push(digests);
            }
        }
        assert_eq!(winners.len(), 1);
        let found = store.read_back(&key, None, true).await.unwrap().unwrap();
        assert_eq!(Some(&found.digests), winners.first());
    }
}

async fn small_objects_have_a_limit(store: &dyn Store) {
    let key = key("small");
    let (source, digests) = small(b"12345");
    let journal = MemoryJournal::default();
    assert!(created(
        store.create(&key, &source, &digests, &journal).await
    ));
    assert!(store.read_small(&key, 4).await.is_err());
    for limit in [5, 6] {
        let found = store.read_small(&key, limit).await.unwrap().unwrap();
        assert_eq!(found, b"12345".as_slice());
    }
}

/// A store that journals is stopped after its second part; one that does not
/// simply finishes. Either way a new client ends with the object, once.
async fn a_crash_in_the_middle_is_resumed(open: &impl Fn() -> Arc<dyn Store>, staging: &Path) {
    let staged = staging.join("large");
    let digests = write_large(&staged, 1);
    let source = Source::File(staged);
    for parts in [0, 2, 4] {
        let key = key(&format!("large/{parts}"));
        let journal = CrashingJournal::after_parts(parts);
        let crashed = {
            let store = open();
            tokio::select! {
                put = store.create(&key, &source, &digests, &journal) => {
                    assert!(created(put));
                    false
                }
                () = journal.crash.notified() => true,
            }
        };
        let kept = journal.inner.load(&key).await.unwrap();
        assert_eq!(crashed, kept.is_some());
        if crashed {
            let absent = open().read_back(&key, None, false).await.unwrap();
            assert_eq!(absent, None, "a half upload must not be visible");
        }
        let resumed = CountingJournal::over(&journal.inner);
        let store = open();
        assert!(created(
            store.create(&key, &source, &digests, &resumed).await
        ));
        if let Some(kept) = kept {
            let all = digests.size_bytes.div_ceil(kept.part_bytes);
            let rest = usize::try_from(all).unwrap() - kept.parts.len();
            assert_eq!(
                resumed.saves.load(Ordering::SeqCst),
                rest,
                "sent parts again"
            );
        }
        let found = store.read_back(&key, None, true).await.unwrap().unwrap();
        assert_eq!(found.digests, digests);
        assert_eq!(journal.inner.load(&key).await.unwrap(), None);
        // And once more, as if the ledger had not heard of it.
        let journal = MemoryJournal::default();
        assert!(created(
            store.create(&key, &source, &digests, &journal).await
        ));
    }
}

async fn a_large_taken_key_stays(store: &dyn Store, staging: &Path) {
    let staged = staging.join("large-other");
    let digests = write_large(&staged, 2);
    let source = Source::File(staged);
    let journal = MemoryJournal::default();
    let key = key("large/2");
    let put = store.create(&key, &source, &digests, &journal).await;
    assert_eq!(put.unwrap(), Put::Taken);
    assert_eq!(journal.load(&key).await.unwrap(), None);
    let found = store.read_back(&key, None, false).await.unwrap().unwrap();
    assert_ne!(found.digests.sha256, digests.sha256);
}

async fn a_version_reads_back(store: &dyn Store) {
    let key = key("version");
    let (source, digests) = small(b"version");
    let journal = MemoryJournal::default();
    let put = store.create(&key, &source, &digests, &journal).await;
    let Ok(Put::Created { version }) = put else {
        panic!("{put:?}");
    };
    let found = store.read_back(&key, version.as_deref(), true).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.digests, digests);
    assert_eq!(found.version, version);
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn created(put: Result<Put, Fault>) -> bool {
    matches!(put.unwrap(), Put::Created { .. })
}

fn small(content: &[u8]) -> (Source, Digests) {
    let mut digester = Digester::new(true);
    digester.update(Bytes::copy_from_slice(content));
    let source = Source::Bytes(Bytes::copy_from_slice(content));
    (source, digester.finish())
}

/// Writes a large file that no part of another seed's repeats.
fn write_large(path: &Path, seed: u64) -> Digests {
    let bytes: Vec<u8> = (0..LARGE_BYTES as u64)
        .map(|i| ((i + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u8)
        .collect();
    std::fs::write(path, &bytes).unwrap();
    let mut digester = Digester::new(true);
    digester.update(bytes);
    digester.finish()
}

/// Stops the world when an upload with so many parts has been remembered.
struct CrashingJournal {
    inner: MemoryJournal,
    parts: usize,
    crash: Notify,
}

impl CrashingJournal {
    fn after_parts(parts: usize) -> Self {
        Self {
            inner: MemoryJournal::default(),
            parts,
            crash: Notify::new(),
        }
    }
}

#[async_trait::async_trait]
impl UploadJournal for CrashingJournal {
    async fn load(&self, key: &ObjectKey) -> Result<Option<Upload>, Fault> {
        self.inner.load(key).await
    }

    async fn save(&self, key: &ObjectKey, upload: &Upload) -> Result<(), Fault> {
        self.inner.save(key, upload).await?;
        if upload.parts.len() >= self.parts {
            self.crash.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn clear(&self, key: &ObjectKey) -> Result<(), Fault> {
        self.inner.clear(key).await
    }
}

/// Counts how often progress was saved.
struct CountingJournal<'a> {
    inner: &'a MemoryJournal,
    saves: AtomicUsize,
}

impl<'a> CountingJournal<'a> {
    fn over(inner: &'a MemoryJournal) -> Self {
        Self {
            inner,
            saves: AtomicUsize::new(0),
        }
    }
}

#[async_trait::async_trait]
impl UploadJournal for CountingJournal<'_> {
    async fn load(&self, key: &ObjectKey) -> Result<Option<Upload>, Fault> {
        self.inner.load(key).await
    }

    async fn save(&self, key: &ObjectKey, upload: &Upload) -> Result<(), Fault> {
        self.saves.fetch_add(1, Ordering::SeqCst);
        self.inner.save(key, upload).await
    }

    async fn clear(&self, key: &ObjectKey) -> Result<(), Fault> {
        self.inner.clear(key).await
    }
}
