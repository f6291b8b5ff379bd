//! A house in a folder of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::sync::{Notify, mpsc, watch};
use unbroken::adapter::digester::digest_reader;
use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::adapter::store_directory::DirectoryStore;
use unbroken::drive::Drive;
use unbroken::house::{House, Ports, StateFolder, Told};
use unbroken::life::{Event, State};
use unbroken::port::clock::Clock;
use unbroken::port::fault::Fault;
use unbroken::port::ledger::{Advance, Change, FileId, FileRow, Measured, Notice};
use unbroken::port::prober::{Probe, Prober};
use unbroken::port::share::{Fingerprint, RelPath};
use unbroken::port::store::ObjectKey;
use unbroken_config::Config;
use unbroken_probes::measurements::{Kind, Measurements, SCHEMA};
use unbroken_probes::probe::Wants;

/// The bytes of every test's file.
pub const CONTENT: &[u8] = b"the bytes of a recording";

/// The outside of every test's file.
const OUTSIDE: Fingerprint = Fingerprint {
    dev: 1,
    ino: 2,
    size_bytes: CONTENT.len() as u64,
    mtime_ns: 3,
    ctime_ns: 4,
    blocks: 1,
};

/// Time that passes only while somebody sleeps.
#[derive(Default)]
pub struct FastClock {
    passed_ms: AtomicU64,
}

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> DateTime<Utc> {
        let passed_ms = i64::try_from(self.passed_ms.load(Ordering::SeqCst)).unwrap();
        DateTime::from_timestamp_millis(1_775_980_800_000 + passed_ms).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.passed_ms.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let ms = u64::try_from(duration.as_millis()).unwrap();
        self.passed_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

/// Breaks down every time, and counts how often it was asked.
#[derive(Default)]
pub struct Breaking {
    pub asked: AtomicU32,
}

#[async_trait]
impl Prober for Breaking {
    async fn probe(&self, _: &Path, _: &Wants) -> Result<Probe, Fault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        panic!("this prober always breaks down");
    }
}

/// A house with all that stands in it.
pub struct Home {
    pub house: Arc<House>,
    pub prober: Arc<Breaking>,
    pub folder: tempfile::TempDir,
    _told: mpsc::Receiver<Told>,
}

impl Home {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let prober = Arc::new(Breaking::default());
        let at = |name: &str| folder.path().join(name);
        let ports = Ports {
            clock: Arc::new(FastClock::default()),
            shares: Vec::new(),
            store: Arc::new(DirectoryStore::open(&at("store")).unwrap()),
            ledger: Arc::new(SqliteLedger::open(&at("ledger.sqlite")).await.unwrap()),
            prober: prober.clone(),
        };
        let (_, config) = watch::channel(Arc::new(Config::default()));
        let (sender, told) = mpsc::channel(16);
        let state = StateFolder::open(&at("state")).unwrap();
        Self {
            house: Arc::new(House::new(ports, state, config, sender)),
            prober,
            folder,
            _told: told,
        }
    }

    /// Enters a file and takes it to `Staged`, with its private copy.
    pub async fn staged(&self) -> FileRow {
        let notice = Notice {
            share: "drop".to_owned(),
            path: RelPath::new("YW2026040001/a.jpg").unwrap(),
            fingerprint: OUTSIDE,
            state: State::Seen,
            why: None,
        };
        let ledger = &self.house.ledger;
        let now = self.house.clock.now();
        let id = ledger.notice(now, &[notice]).await.unwrap()[0];
        let received = Change {
            received: Some(now),
            ..Change::default()
        };
        self.step(id, State::Seen, Event::Passed, received).await;
        std::fs::write(self.house.state.staged(id), CONTENT).unwrap();
        let copied = Change {
            digests: Some(digest_reader(CONTENT, false).unwrap()),
            ..Change::default()
        };
        self.step(id, State::Settled, Event::Copied, copied).await
    }

    /// Enters a recording with these measurements as a file of the case
    /// `YW2026040001` and of this node, and takes it to `Named`.
    pub async fn named(&self, name: &str, node: &str, m: &Measurements) -> FileRow {
        self.named_in("YW2026040001", name, node, m).await
    }

    /// The same, of another case.
    pub async fn named_in(
        &self,
        number: &str,
        name: &str,
        node: &str,
        m: &Measurements,
    ) -> FileRow {
        let content = format!("{number}/{node}/{name}");
        let notice = Notice {
            share: "drop".to_owned(),
            path: RelPath::new(content.as_str()).unwrap(),
            fingerprint: OUTSIDE,
            state: State::Seen,
            why: None,
        };
        let ledger = &self.house.ledger;
        let now = self.house.clock.now();
        let id = ledger.notice(now, &[notice]).await.unwrap()[0];
        let nothing = Change::default;
        self.step(id, State::Seen, Event::Passed, nothing()).await;
        let copied = Change {
            digests: Some(digest_reader(content.as_bytes(), false).unwrap()),
            ..Change::default()
        };
        self.step(id, State::Settled, Event::Copied, copied).await;
        let measured = Change {
            measured: Some(Measured {
                measurements: serde_json::to_value(m).unwrap(),
                stills: Vec::new(),
                series: Vec::new(),
            }),
            ..Change::default()
        };
        self.step(id, State::Staged, Event::Measured, measured)
            .await;
        self.step(id, State::Probed, Event::Ruled, nothing()).await;
        let titled = Change {
            assignment: Some(json!({
                "standing": "assigned", "number": number, "number_written": null,
                "number_kind": null, "flow": null, "node": node, "by": [], "conflicts": [],
                "suggestion": null, "visit": null, "institution": null,
            })),
            ..Change::default()
        };
        self.step(id, State::Judged, Event::Titled, titled).await
    }

    /// Takes a staged file to `Stored`.
    pub async fn stored(&self) -> FileRow {
        self.stored_with(Vec::new()).await
    }

    /// The same, with something measured over time.
    pub async fn stored_with(&self, series: Vec<u8>) -> FileRow {
        let row = self.staged().await;
        let measurements = Measurements {
            schema: SCHEMA.to_owned(),
            kind: Kind::Photo,
            size_bytes: CONTENT.len() as u64,
            ..Measurements::default()
        };
        let measured = Change {
            measured: Some(Measured {
                measurements: serde_json::to_value(measurements).unwrap(),
                stills: Vec::new(),
                series,
            }),
            ..Change::default()
        };
        let blake3 = &row.digests.as_ref().unwrap().blake3;
        let saved = Change {
            stored: Some(self.house.clock.now()),
            object: ObjectKey::original(blake3),
            ..Change::default()
        };
        self.step(row.id, State::Staged, Event::Measured, measured)
            .await;
        let nothing = Change::default;
        self.step(row.id, State::Probed, Event::Ruled, nothing())
            .await;
        self.step(row.id, State::Judged, Event::Titled, nothing())
            .await;
        self.step(row.id, State::Named, Event::Saved, saved).await
    }

    /// Takes a file to `Reported`, without a report.
    pub async fn reported(&self) -> FileRow {
        let row = self.stored().await;
        let nothing = Change::default();
        self.step(row.id, State::Stored, Event::Published, nothing)
            .await
    }

    async fn step(&self, id: FileId, from: State, event: Event, change: Change) -> FileRow {
        let advance = Advance {
            id,
            from,
            event,
            at: self.house.clock.now(),
            change,
            detail: json!({}),
        };
        self.house.ledger.advance(advance).await.unwrap()
    }

    /// Drives until `done`, for as long as a test may take.
    pub async fn drive_until(&self, mut done: impl AsyncFnMut() -> bool) {
        let drive = Drive::new(self.house.clone(), Arc::new(Notify::new()));
        let (stop, stopped) = watch::channel(false);
        let driving = tokio::spawn(async move { drive.run(stopped).await });
        let looking = async {
            while !done().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(60), looking).await;
        stop.send(true).unwrap();
        driving.await.unwrap();
        in_time.unwrap();
    }
}
