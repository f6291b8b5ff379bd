//! `unbroken run`: the daemon.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use unbroken_config::Config;

use super::{ConfigArgument, place};
use crate::adapter::os_clock::OsClock;
use crate::drive::Drive;
use crate::house::{House, Ports, StateFolder, TOLD_MAX};
use crate::intake::Intake;
use crate::{deadlines, log, receipts, reconciliation, sweep, web};

/// How long a clean stop may take in all; systemd's default is far longer.
const STOP_WITHIN: Duration = Duration::from_secs(9);
/// Pause between two trials of a store that does not yet keep its promises.
const STORE_TRIAL_EVERY: Duration = Duration::from_secs(60);

/// Run the daemon
#[derive(clap::Args)]
pub(super) struct Run {
    #[command(flatten)]
    config: ConfigArgument,
}

impl Run {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = place::config(self.config.config.as_deref())?;
        log::start(&config.log);
        let mut hangup = on(SignalKind::hangup())?;
        let mut terminate = on(SignalKind::terminate())?;
        let mut interrupt = on(SignalKind::interrupt())?;
        let (tell_config, in_force) = watch::channel(Arc::new(config));
        let (tell_stop, stop) = watch::channel(false);
        let (house, told) = build(in_force).await?;
        let mut rooms = open_rooms(&house, told, &stop).await?;
        greet(&house).await;
        loop {
            tokio::select! {
                _ = hangup.recv() => reload(self.config.config.as_deref(), &house, &tell_config).await,
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                Some(ended) = rooms.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a room of the daemon broke down; this is a fault of the program");
                    }
                    break;
                }
            }
        }
        tracing::info!("stopping");
        let _ = tell_stop.send(true);
        let all = async { while rooms.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WITHIN, all).await.is_err() {
            tracing::warn!("stopped with work under way; it is done again at the next start");
            rooms.abort_all();
        }
        note(&house, "stopped", json!({})).await;
        tracing::info!("stopped; nothing is lost");
        Ok(ExitCode::SUCCESS)
    }
}

fn on(kind: SignalKind) -> Result<Signal, String> {
    signal(kind).map_err(|e| format!("signals cannot be received: {e}"))
}

/// Opens every adapter.
async fn build(
    in_force: watch::Receiver<Arc<Config>>,
) -> Result<(Arc<House>, mpsc::Receiver<crate::house::Told>), String> {
    let config = in_force.borrow().clone();
    let state = StateFolder::open(&config.state.dir).map_err(|e| {
        format!(
            "the state folder {} cannot be made: {e}",
            config.state.dir.display()
        )
    })?;
    let ledger = place::ledger(&config).await?;
    let ports = Ports {
        clock: Arc::new(OsClock::new()),
        shares: place::shares(&config)?,
        store: place::store(&config, Some(ledger.as_ref())).await?,
        ledger,
        prober: place::prober(&config)?,
    };
    let (sender, told) = mpsc::channel(TOLD_MAX);
    Ok((Arc::new(House::new(ports, state, in_force, sender)), told))
}

/// Starts everything that runs beside each other.
async fn open_rooms(
    house: &Arc<House>,
    told: mpsc::Receiver<crate::house::Told>,
    stop: &watch::Receiver<bool>,
) -> Result<JoinSet<()>, String> {
    let config = house.config();
    sweep::leftovers(house).await.map_err(|e| e.to_string())?;
    let drive_bell = Arc::new(Notify::new());
    let mut rooms = JoinSet::new();
    for share in house.shares.clone() {
        let intake = Intake::open(house.clone(), share, drive_bell.clone())
            .await
            .map_err(|e| e.to_string())?;
        rooms.spawn(intake.run(stop.clone()));
    }
    let drive = Drive::new(house.clone(), drive_bell);
    let until = stop.clone();
    rooms.spawn(async move { drive.run(until).await });
    rooms.spawn(receipts::keep(house.clone(), told, stop.clone()));
    rooms.spawn(deadlines::watch_over(house.clone(), stop.clone()));
    rooms.spawn(reconciliation::daily(house.clone(), stop.clone()));
    rooms.spawn(try_store(house.clone(), stop.clone()));
    let listener = tokio::net::TcpListener::bind(config.web_address())
        .await
        .map_err(|e| {
            format!(
                "{} cannot be listened on: {e}. Change web.bind",
                config.web.bind
            )
        })?;
    rooms.spawn(web::serve(house.clone(), listener, stop.clone()));
    Ok(rooms)
}

/// Sources are released only from a store that was seen to keep what custody
/// relies on. Storing itself does not wait for that.
async fn try_store(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match house.store.doctor().await {
            Ok(abilities) => {
                let missing: Vec<&str> = abilities
                    .iter()
                    .filter(|ability| ability.required && !ability.kept)
                    .map(|ability| ability.name.as_str())
                    .collect();
                house.trust_store(missing.is_empty());
                let seen = json!({"store": house.store.id(), "missing": missing});
                note(&house, "store_tried", seen).await;
                if missing.is_empty() {
                    tracing::info!(
                        store = house.store.id(),
                        "the store keeps what custody relies on"
                    );
                    let _ = stop.wait_for(|stopped| *stopped).await;
                    return;
                }
                tracing::error!(
                    store = house.store.id(),
                    ?missing,
                    "the store does not keep what custody relies on; sources stay in the share"
                );
            }
            Err(error) => {
                tracing::warn!(store = house.store.id(), %error, "the store could not be tried")
            }
        }
        tokio::select! {
            () = house.clock.sleep(STORE_TRIAL_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn greet(house: &House) {
    let config = house.config();
    for share in &house.shares {
        tracing::info!("投递箱 drop files into {}", share.name());
    }
    tracing::info!("状态页 open http://{}/", config.web.bind);
    note(
        house,
        "started",
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "rules": config.hash(),
            "store": house.store.id(),
        }),
    )
    .await;
}

/// Takes a changed config into force, or keeps the old one and says why. What
/// was opened at the start (shares, state, store, web) changes at the next.
async fn reload(file: Option<&Path>, house: &House, tell: &watch::Sender<Arc<Config>>) {
    let file: PathBuf = match file {
        Some(file) => file.to_owned(),
        None => {
            tracing::info!("no config file was given; the embedded defaults stay");
            return;
        }
    };
    match place::config(Some(&file)) {
        Ok(config) => {
            let before = house.config();
            let needs_restart = config.share != before.share
                || config.state != before.state
                || config.ledger != before.ledger
                || config.store != before.store
                || config.probe != before.probe
                || config.web != before.web;
            let rules = config.hash();
            tell.send_replace(Arc::new(config));
            note(
                house,
                "config",
                json!({"file": file.display().to_string(), "rules": rules}),
            )
            .await;
            tracing::info!(file = %file.display(), rules, needs_restart, "the changed config is in force");
            if needs_restart {
                tracing::warn!(
                    "share, state, ledger, store, probe and web change only at a restart"
                );
            }
        }
        Err(why) => {
            tracing::error!(file = %file.display(), "the changed config is refused, the old one stays in force:\n{why}");
        }
    }
}

async fn note(house: &House, kind: &str, detail: serde_json::Value) {
    if let Err(error) = house
        .ledger
        .note(house.clock.now(), None, kind, detail)
        .await
    {
        tracing::error!(%error, kind, "the ledger did not take a note");
    }
}
