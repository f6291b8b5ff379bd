//! `unbroken run`: the daemon.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use unbroken_config::Config;

use super::reload::reload;
use super::sandbox::{Lock, try_lock};
use super::{ConfigArgument, place};
use crate::adapter::os_clock::OsClock;
use crate::drive::Drive;
use crate::house::{House, Ports, StateFolder, TOLD_MAX};
use crate::intake::Intake;
use crate::{deadlines, log, receipts, reconciliation, sweep, web};

/// How long a clean stop may take in all; systemd's default is far longer.
const STOP_WITHIN: Duration = Duration::from_secs(9);
/// First and longest pause between two trials of a store that does not yet keep
/// its promises; each trial leaves small objects behind, so pauses double.
const STORE_TRIAL_PAUSES: (Duration, Duration) =
    (Duration::from_secs(60), Duration::from_secs(3600));

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
        lock_in(&in_force.borrow().clone()).await?;
        let (house, told) = build(in_force).await?;
        let mut rooms = open_rooms(&house, told, &stop).await?;
        greet(&house).await;
        let mut broken = false;
        loop {
            tokio::select! {
                _ = hangup.recv() => reload(self.config.config.as_deref(), &house, &tell_config).await,
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                // No room ends before it is told to.
                Some(ended) = rooms.join_next() => {
                    let why = ended.err().map_or("it ended by itself".to_owned(), |e| e.to_string());
                    tracing::error!(why, "a room of the daemon broke down; this is a fault of the program");
                    broken = true;
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
        // Whoever supervises the daemon starts it again.
        Ok(ExitCode::from(u8::from(broken)))
    }
}

fn on(kind: SignalKind) -> Result<Signal, String> {
    signal(kind).map_err(|e| format!("signals cannot be received: {e}"))
}

/// Refuses to start where the probing child cannot lock itself in although it
/// shall, and says aloud where it shall not.
async fn lock_in(config: &Config) -> Result<(), String> {
    match try_lock(config).await? {
        Lock::InForce => tracing::info!("the probing process locks itself in"),
        Lock::Off => tracing::warn!(
            "the sandbox is NOT in force (probe.sandbox = \"off\"); every report says so"
        ),
        Lock::Broken(why) => {
            return Err(format!(
                "the probing process cannot lock itself in: {why}. Use a kernel with Landlock and \
                 seccomp, or set probe.sandbox = \"off\", which every report then says"
            ));
        }
    }
    Ok(())
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
    rooms.spawn(sweep::uploads(house.clone(), stop.clone()));
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
/// relies on. Storing itself does not wait for that. The chain hears of a trial
/// only if it ended otherwise than the one before.
async fn try_store(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let mut pause = STORE_TRIAL_PAUSES.0;
    let mut noted = None;
    while !*stop.borrow() {
        match house.store.doctor().await {
            Ok(abilities) => {
                let missing: Vec<String> = abilities
                    .into_iter()
                    .filter(|ability| ability.required && !ability.kept)
                    .map(|ability| ability.name)
                    .collect();
                house.trust_store(missing.is_empty());
                if noted.as_ref() != Some(&missing) {
                    let seen = json!({"store": house.store.id(), "missing": missing});
                    note(&house, "store_tried", seen).await;
                }
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
                noted = Some(missing);
            }
            Err(error) => {
                tracing::warn!(store = house.store.id(), %error, "the store could not be tried")
            }
        }
        tokio::select! {
            () = house.clock.sleep(pause) => {}
            _ = stop.changed() => {}
        }
        pause = (pause * 2).min(STORE_TRIAL_PAUSES.1);
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

/// Writes a note of the daemon's own into the chain.
pub(super) async fn note(house: &House, kind: &str, detail: serde_json::Value) {
    if let Err(error) = house
        .ledger
        .note(house.clock.now(), None, kind, detail)
        .await
    {
        tracing::error!(%error, kind, "the ledger did not take a note");
    }
}
