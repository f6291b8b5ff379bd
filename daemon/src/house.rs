//! What every step is given: the ports, the config in force, the state folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};
use unbroken_config::Config;

use crate::adapter::case_lists::CaseLists;
use crate::port::clock::Clock;
use crate::port::ledger::{FileId, FileRow, Ledger};
use crate::port::prober::Prober;
use crate::port::share::Share;
use crate::port::store::Store;
use crate::report::object::Report;

/// The ports and the config in force.
pub struct House {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The watched shares.
    pub shares: Vec<Arc<dyn Share>>,
    /// Write-once storage.
    pub store: Arc<dyn Store>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// Measuring.
    pub prober: Arc<dyn Prober>,
    /// The state folder.
    pub state: StateFolder,
    /// The lists of cases.
    pub case_lists: CaseLists,
    config: watch::Receiver<Arc<Config>>,
    store_trusted: AtomicBool,
    told: mpsc::Sender<Told>,
}

/// A report that was made, for whoever tells people of it.
#[derive(Debug)]
pub struct Told {
    /// The file.
    pub row: FileRow,
    /// Its report.
    pub report: Report,
}

/// Reports that may wait to be told; more make the reporting step wait.
pub const TOLD_MAX: usize = 256;

impl House {
    /// Puts the house together. Sources are not released until
    /// [`House::trust_store`] says so.
    pub fn new(
        ports: Ports,
        state: StateFolder,
        config: watch::Receiver<Arc<Config>>,
        told: mpsc::Sender<Told>,
    ) -> Self {
        Self {
            clock: ports.clock,
            shares: ports.shares,
            store: ports.store,
            ledger: ports.ledger,
            prober: ports.prober,
            state,
            case_lists: CaseLists::default(),
            config,
            store_trusted: AtomicBool::new(false),
            told,
        }
    }

    /// The config in force now. A step takes it once and keeps to it.
    pub fn config(&self) -> Arc<Config> {
        self.config.borrow().clone()
    }

    /// Hands a report to whoever tells people of it.
    pub async fn tell(&self, told: Told) {
        // Nobody listens any more only while the daemon stops; what was not
        // told is told after the next start.
        let _ = self.told.send(told).await;
    }

    /// The share with this name.
    pub fn share(&self, name: &str) -> Option<&Arc<dyn Share>> {
        self.shares.iter().find(|share| share.name() == name)
    }

    /// Whether the store was seen to keep what custody relies on.
    pub fn is_store_trusted(&self) -> bool {
        self.store_trusted.load(Ordering::Acquire)
    }

    /// Says whether the store keeps what custody relies on.
    pub fn trust_store(&self, trusted: bool) {
        self.store_trusted.store(trusted, Ordering::Release);
    }
}

/// The adapters behind the ports.
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The watched shares.
    pub shares: Vec<Arc<dyn Share>>,
    /// Write-once storage.
    pub store: Arc<dyn Store>,
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// Measuring.
    pub prober: Arc<dyn Prober>,
}

/// The state folder's layout. Private to the daemon, on a local disk.
#[derive(Clone, Debug)]
pub struct StateFolder {
    root: PathBuf,
}

impl StateFolder {
    /// Makes the folders that are missing.
    pub fn open(root: &Path) -> std::io::Result<Self> {
        let this = Self {
            root: root.to_owned(),
        };
        std::fs::create_dir_all(this.staging())?;
        Ok(this)
    }

    /// Where private copies lie.
    pub fn staging(&self) -> PathBuf {
        self.root.join("staging")
    }

    /// The private copy of one file.
    pub fn staged(&self, id: FileId) -> PathBuf {
        self.staging().join(id.to_string())
    }
}
