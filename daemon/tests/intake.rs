//! The intake over a real folder and a real ledger: what it takes in, what it
//! leaves, and what it never lets go in silence.

#![allow(
    clippy::unwrap_used,
    reason = "in a test, a failure to set up is a failure"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::adapter::os_clock::OsClock;
use unbroken::adapter::share_directory::{DirectoryShare, Settings};
use unbroken::adapter::store_directory::DirectoryStore;
use unbroken::house::{House, Ports, StateFolder};
use unbroken::intake::Intake;
use unbroken::life::{Event, State};
use unbroken::port::fault::Fault;
use unbroken::port::ledger::{Advance, Change, FileRow, Filter, Ledger};
use unbroken::port::prober::{Probe, Prober};
use unbroken::port::share::{RelPath, Share};
use unbroken_config::Config;
use unbroken_probes::probe::Wants;

struct Unasked;

#[async_trait::async_trait]
impl Prober for Unasked {
    async fn probe(&self, _: &Path, _: &Wants) -> Result<Probe, Fault> {
        Err(Fault::Final("the intake measures nothing".to_owned()))
    }
}

struct World {
    dir: tempfile::TempDir,
    ledger: Arc<SqliteLedger>,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("share/folder")).unwrap();
        let ledger = SqliteLedger::open(&dir.path().join("ledger"))
            .await
            .unwrap();
        let ledger = Arc::new(ledger);
        Self { dir, ledger }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join("share").join(path)
    }

    /// A scanner as after a start, passing over these names.
    async fn intake(&self, ignore: &[&str]) -> Intake {
        let settings = Settings {
            ignore_names: ignore.iter().map(|name| (*name).to_owned()).collect(),
            temp_names: vec!["*.part".to_owned()],
            ignore_dirs: Vec::new(),
            receipts_dir: RelPath::new("_回执").unwrap(),
            client_mount: false,
            use_lease: true,
            notify: false,
        };
        let share: Arc<dyn Share> = Arc::new(DirectoryShare::open(&self.at(""), settings).unwrap());
        let mut config = Config::default();
        config.settle.quiet_s.0 = 0.0;
        config.settle.quiet_client_s.0 = 0.0;
        let (_, config) = watch::channel(Arc::new(config));
        let (told, _) = mpsc::channel(1);
        let ports = Ports {
            clock: Arc::new(OsClock::new()),
            shares: vec![share.clone()],
            store: Arc::new(DirectoryStore::open(&self.dir.path().join("store")).unwrap()),
            ledger: self.ledger.clone(),
            prober: Arc::new(Unasked),
        };
        let state = StateFolder::open(self.dir.path()).unwrap();
        let house = Arc::new(House::new(ports, state, config, told));
        Intake::open(house, share, Arc::new(Notify::new()))
            .await
            .unwrap()
    }

    async fn rows(&self) -> Vec<FileRow> {
        let filter = Filter {
            limit: 100,
            ..Filter::default()
        };
        let mut rows = self.ledger.list(&filter).await.unwrap();
        rows.reverse();
        rows
    }

    async fn states(&self) -> Vec<State> {
        self.rows().await.iter().map(|row| row.state).collect()
    }
}

/// What a mount that drops and comes back leaves in the ledger.
#[tokio::test]
async fn what_stands_where_a_file_was_gone_is_taken_in() {
    let world = World::new().await;
    fs::write(world.at("folder/a.pdf"), b"%PDF-1.4\n%%EOF\n").unwrap();
    let mut intake = world.intake(&[]).await;
    intake.round().await.unwrap();
    assert_eq!(world.states().await, [State::Settled]);
    let row = world.rows().await.remove(0);
    world
        .ledger
        .advance(Advance {
            id: row.id,
            from: State::Settled,
            event: Event::Vanished,
            at: row.seen,
            change: Change::default(),
            detail: serde_json::json!({}),
        })
        .await
        .unwrap();
    world.intake(&[]).await.round().await.unwrap();
    assert_eq!(world.states().await, [State::Gone, State::Settled]);
}

#[tokio::test]
async fn a_name_no_longer_ignored_is_taken_in() {
    let world = World::new().await;
    fs::write(world.at("folder/a.pdf"), b"%PDF-1.4\n%%EOF\n").unwrap();
    world.intake(&["*.pdf"]).await.round().await.unwrap();
    assert_eq!(world.states().await, [State::Ignored]);
    world.intake(&[]).await.round().await.unwrap();
    assert_eq!(world.states().await, [State::Ignored, State::Settled]);
}

/// One row, and no event a scan, however often it grows.
#[tokio::test]
async fn a_temporary_name_waits_and_keeps_its_history_when_renamed() {
    let world = World::new().await;
    let mut intake = world.intake(&[]).await;
    for length in 1..5 {
        fs::write(world.at("folder/a.pdf.part"), vec![b' '; length]).unwrap();
        intake.round().await.unwrap();
    }
    let row = world.rows().await.remove(0);
    assert_eq!(row.state, State::Seen);
    assert_eq!(world.ledger.history(row.id).await.unwrap().len(), 1);
    fs::write(world.at("folder/a.pdf.part"), b"%PDF-1.4\n%%EOF\n").unwrap();
    fs::rename(world.at("folder/a.pdf.part"), world.at("folder/a.pdf")).unwrap();
    intake.round().await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    intake.round().await.unwrap();
    let rows = world.rows().await;
    assert_eq!((rows.len(), rows[0].state), (1, State::Settled));
    assert_eq!(rows[0].path.as_bytes(), b"folder/a.pdf");
}
