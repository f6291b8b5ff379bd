//! Puts the house together from the config: which adapter stands behind which
//! port. The one place that knows them all.

use std::path::Path;
use std::sync::Arc;

use unbroken_config::keys::{Mount, ObjectLock, S3, Sandbox, StoreKind};
use unbroken_config::{Config, secrets};

use crate::adapter::ledger_sqlite::SqliteLedger;
use crate::adapter::os_clock::OsClock;
use crate::adapter::prober_child::{ChildProber, Settings as ProberSettings};
use crate::adapter::share_directory::{DirectoryShare, Settings as ShareSettings};
use crate::adapter::store_directory::DirectoryStore;
use crate::adapter::store_s3::{Retention, S3Settings, S3Store};
use crate::cell::sandbox::{Bounds, Lockdown};
use crate::port::ledger::Ledger;
use crate::port::prober::Prober;
use crate::port::share::{RelPath, Share};
use crate::port::store::Store;

/// Reads the config, or takes the embedded defaults.
pub(super) fn config(file: Option<&Path>) -> Result<Config, String> {
    match file {
        None => Ok(Config::default()),
        Some(file) => unbroken_config::load(file).map_err(|errors| errors.to_string()),
    }
}

/// The ledger of this config, beside a daemon that may be at work on it. It is
/// there already, or this says so.
pub(super) async fn ledger_beside(config: &Config) -> Result<Arc<dyn Ledger>, String> {
    let ledger = SqliteLedger::open_beside(&config.ledger_path())
        .await
        .map_err(|e| e.to_string())?;
    Ok(Arc::new(ledger))
}

/// The ledger of this config, for the daemon alone.
pub(super) async fn ledger(config: &Config) -> Result<Arc<dyn Ledger>, String> {
    let ledger = SqliteLedger::open(&config.ledger_path())
        .await
        .map_err(|e| e.to_string())?;
    Ok(Arc::new(ledger))
}

/// The shares of this config.
pub(super) fn shares(config: &Config) -> Result<Vec<Arc<dyn Share>>, String> {
    let mut shares: Vec<Arc<dyn Share>> = Vec::new();
    for path in &config.share.paths {
        std::fs::create_dir_all(path)
            .map_err(|e| format!("the share {} cannot be made: {e}", path.display()))?;
        let names = config.share.ignore_names.iter();
        let settings = ShareSettings {
            ignore_names: names.cloned().chain(["case.toml".to_owned()]).collect(),
            temp_names: config.share.temp_names.clone(),
            ignore_dirs: config.share.ignore_dirs.clone(),
            receipts_dir: RelPath::new(config.share.special.receipts.clone())
                .ok_or("share.special.receipts is no name of a folder")?,
            client_mount: config.share.mount == Mount::Client,
            use_lease: config.settle.use_lease,
            notify: config.watch.notify,
        };
        let share = DirectoryShare::open(path, settings).map_err(|e| e.to_string())?;
        shares.push(Arc::new(share));
    }
    Ok(shares)
}

/// The store of this config, and the one in which the ledger's objects stand, if
/// it knows any. Secrets come from the environment and from nowhere else.
pub(super) async fn store(
    config: &Config,
    ledger: Option<&dyn Ledger>,
) -> Result<Arc<dyn Store>, String> {
    if config.store.kind == StoreKind::Directory {
        let directory = config.store_dir();
        let known = match ledger {
            Some(ledger) => ledger
                .any_object(&DirectoryStore::id_of(&directory))
                .await
                .map_err(|e| e.to_string())?,
            None => None,
        };
        let store = match known {
            Some(known) => DirectoryStore::open_known(&directory, &known),
            None => DirectoryStore::open(&directory),
        };
        return Ok(Arc::new(store.map_err(|e| e.to_string())?));
    }
    let secrets = secrets::s3(|name| std::env::var(name).ok()).map_err(|e| e.to_string())?;
    let s3 = &config.store.s3;
    let settings = S3Settings {
        endpoint: Some(s3.endpoint.clone()).filter(|endpoint| !endpoint.is_empty()),
        region: s3.region.clone(),
        bucket: s3.bucket.clone(),
        prefix: s3.prefix.clone(),
        access_key: secrets.access_key_id,
        secret_key: secrets.secret_access_key,
        session_token: secrets.session_token,
        path_style: s3.path_style,
        part_bytes: s3.part_bytes,
        connect: s3.connect_timeout_s.duration(),
        attempt: s3.attempt_timeout_s.duration(),
        slowest_bytes_per_s: s3.min_rate_bytes_per_s,
        retention: retention(s3),
    };
    let store = S3Store::open(settings, Arc::new(OsClock::new())).map_err(|e| e.to_string())?;
    Ok(Arc::new(store))
}

fn retention(s3: &S3) -> Option<Retention> {
    let compliance = match s3.object_lock {
        ObjectLock::None => return None,
        ObjectLock::Governance => false,
        ObjectLock::Compliance => true,
    };
    Some(Retention {
        compliance,
        days: u32::try_from(s3.retain_days).unwrap_or(u32::MAX),
    })
}

/// The prober of this config: children of this very binary.
pub(super) fn prober(config: &Config) -> Result<Arc<dyn Prober>, String> {
    let program =
        std::env::current_exe().map_err(|e| format!("this program cannot find itself: {e}"))?;
    let probe = &config.probe;
    Ok(Arc::new(ChildProber::new(ProberSettings {
        program,
        bounds: Bounds {
            memory_bytes: probe.memory_limit_bytes,
            cpu_s: probe.cpu_limit_s.duration().as_secs().max(1),
        },
        wall: probe.wall_limit_s.duration(),
        lockdown: match probe.sandbox {
            Sandbox::Off => Lockdown::Off,
            Sandbox::On => Lockdown::On,
        },
        attempts: u32::try_from(probe.attempts).unwrap_or(u32::MAX),
    })))
}
