//! event → row of the table → ledger → effect → event.
//!
//! The drive takes files that are owed an effect, commits the intent, has the
//! step do it, and commits what happened. It knows no step's inside; the steps
//! know no state.

mod setbacks;
mod slots;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};

use self::setbacks::Setbacks;
use self::slots::Slots;
use crate::house::House;
use crate::kill_point;
use crate::life::Effect;
use crate::port::fault::Fault;
use crate::port::ledger::{Advance, FileId, FileRow};
use crate::step::{self, Happened};

/// How long a stop waits for effects under way before it leaves them; they are
/// done again after the next start.
const STOP_GRACE: Duration = Duration::from_secs(6);

/// The longest pause between two looks at the ledger. Retries become due
/// without anybody telling.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(1);

/// How often a step may break down over one file before the file is held.
/// Named guess: once more in case something beside it was at fault, and once
/// more to be sure.
const BREAKDOWNS_MAX: u32 = 3;

/// How long a file waits for a store that is not trusted yet before it asks again.
const TRUST_ASKED_EVERY: TimeDelta = TimeDelta::seconds(60);

/// How one file's turn ended.
enum Turn {
    /// It went as far as it will go for now, and the ledger knows.
    Over,
    /// The ledger did not take what happened.
    Untold(Fault),
}

/// Drives files along the table.
pub struct Drive {
    house: Arc<House>,
    wake: Arc<Notify>,
    slots: Arc<Slots>,
}

impl Drive {
    /// A drive over this house; `wake` is rung when there may be work.
    pub fn new(house: Arc<House>, wake: Arc<Notify>) -> Self {
        let slots = Arc::new(Slots::new(house.config().probe.jobs));
        Self { house, wake, slots }
    }

    /// Works until `stop` turns true, then lets effects under way end for a
    /// few seconds.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut under_way = UnderWay::default();
        while !*stop.borrow() {
            self.fill(&mut under_way, &stop).await;
            tokio::select! {
                Some(ended) = under_way.tasks.join_next_with_id() => {
                    self.ended(&mut under_way, ended).await;
                }
                () = self.wake.notified() => {}
                () = self.house.clock.sleep(LOOK_AT_LEAST_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
        let rest = async { while under_way.tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = rest => {}
            () = self.house.clock.sleep(STOP_GRACE) => {
                tracing::info!("stopping with effects under way; they are done again at the next start");
            }
        }
    }

    /// Takes note of how a file's turn ended.
    async fn ended(&self, under_way: &mut UnderWay, ended: Result<(Id, Turn), JoinError>) {
        let task = match &ended {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        };
        let Some(id) = under_way.files.remove(&task) else {
            return;
        };
        let now = self.house.clock.monotonic();
        match ended {
            Ok((_, Turn::Over)) => under_way.setbacks.forget(id),
            Ok((_, Turn::Untold(Fault::Fleeting(why)))) => {
                let times = under_way.setbacks.note(id, now);
                tracing::error!(file = %id, times, why, "the ledger did not take what happened; it will be done again");
            }
            Ok((_, Turn::Untold(Fault::Final(why)))) => {
                under_way.setbacks.note(id, now);
                tracing::error!(file = %id, why, "the ledger refused what happened; the file is held");
                self.hold(id, &why).await;
            }
            Err(error) => {
                let times = under_way.setbacks.note(id, now);
                tracing::error!(file = %id, times, %error, "a step broke down; this is a fault of the program");
                if times >= BREAKDOWNS_MAX {
                    let why = format!(
                        "a step broke down {times} times over this file ({error}); this is a fault \
                         of the program, please report it with the log. Nothing is lost"
                    );
                    self.hold(id, &why).await;
                }
            }
        }
    }

    /// Holds a file. Where even that does not work, the file rests like every
    /// other that had a setback.
    async fn hold(&self, id: FileId, why: &str) {
        let house = &self.house;
        if let Err(error) = house.ledger.hold(id, house.clock.now(), why).await {
            tracing::error!(file = %id, %error, "the file could not be held");
        }
    }

    /// Starts as many files as there is room for.
    async fn fill(&self, under_way: &mut UnderWay, stop: &watch::Receiver<bool>) {
        let room = self.room().saturating_sub(under_way.tasks.len());
        if room == 0 {
            return;
        }
        let now = self.house.clock.monotonic();
        // Those that are left out stand first, being the oldest.
        let left_out = under_way.files.len() + under_way.setbacks.resting(now);
        let most = u32::try_from(left_out + room).unwrap_or(u32::MAX);
        let due = match self.house.ledger.due(self.house.clock.now(), most).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "the ledger cannot be read; trying again");
                return;
            }
        };
        let free = due
            .into_iter()
            .filter(|row| !under_way.has(row.id) && !under_way.setbacks.rests(row.id, now))
            .take(room)
            .collect::<Vec<_>>();
        for row in free {
            let id = row.id;
            let (house, slots, stop) = (self.house.clone(), self.slots.clone(), stop.clone());
            let task = under_way
                .tasks
                .spawn(async move { follow(&house, &slots, row, &stop).await });
            under_way.files.insert(task.id(), id);
        }
    }

    /// Files under way at once. Most of them wait for a slot of their effect, so
    /// that a long recording keeps nobody from being copied, stored or reported.
    fn room(&self) -> usize {
        usize::try_from(self.house.config().limits.in_flight_files).unwrap_or(usize::MAX)
    }
}

/// Files that are being taken further now.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<Turn>,
    files: HashMap<Id, FileId>,
    setbacks: Setbacks,
}

impl UnderWay {
    fn has(&self, id: FileId) -> bool {
        self.files.values().any(|file| *file == id)
    }
}

/// Takes one file as far as it will go.
async fn follow(
    house: &House,
    slots: &Slots,
    mut row: FileRow,
    stop: &watch::Receiver<bool>,
) -> Turn {
    while row.state.is_working() {
        let _slot = slots.of(row.state.owed()).await;
        if *stop.borrow() {
            break;
        }
        match once(house, &row).await {
            Ok(Some(next)) => row = next,
            Ok(None) => return Turn::Over,
            Err(fault) => return untold(house, &row, fault).await,
        }
    }
    Turn::Over
}

/// What the ledger refused for good may have been refused because another
/// program moved the file meanwhile; then there is nothing to be told.
async fn untold(house: &House, row: &FileRow, fault: Fault) -> Turn {
    if matches!(fault, Fault::Final(_))
        && let Ok(Some(now)) = house.ledger.file(row.id).await
        && now.state != row.state
    {
        tracing::info!(file = %row.id, state = %now.state, "moved by another program meanwhile");
        return Turn::Over;
    }
    Turn::Untold(fault)
}

/// Does the effect that the file is owed and commits what happened. `None` if
/// the file has to wait.
async fn once(house: &House, row: &FileRow) -> Result<Option<FileRow>, Fault> {
    let effect = row.state.owed();
    if effect == Effect::Release && !step::release::may_begin(house) {
        // No attempt and no failure: the chain hears of it once.
        let now = house.clock.now();
        let until = later(now, TRUST_ASKED_EVERY);
        let why = step::release::UNTRUSTED;
        house.ledger.postpone(row.id, now, why, until).await?;
        return Ok(None);
    }
    let name = effect.as_str();
    house
        .ledger
        .begin(row.id, effect, house.clock.now())
        .await?;
    kill_point::reach("before", name);
    let started = house.clock.monotonic();
    let result = perform(house, row, effect).await;
    kill_point::reach("after", name);
    let now = house.clock.now();
    match result {
        Ok(happened) => {
            let took_ms = (house.clock.monotonic().saturating_sub(started)).as_millis();
            tracing::info!(
                file = %row.id, path = %row.path, effect = name, event = ?happened.event,
                took_ms = u64::try_from(took_ms).unwrap_or(u64::MAX), "done"
            );
            let next = house
                .ledger
                .advance(Advance {
                    id: row.id,
                    from: row.state,
                    event: happened.event,
                    at: now,
                    change: happened.change,
                    detail: happened.detail,
                })
                .await?;
            kill_point::reach("committed", name);
            if next.state.owed() == Effect::Rest {
                step::stage::discard(house, row.id);
            }
            Ok(Some(next))
        }
        Err(Fault::Fleeting(why)) if gives_up(house, row) => {
            let attempts = row.attempts.saturating_add(1);
            tracing::error!(file = %row.id, path = %row.path, effect = name, attempts, why, "held: a person must act");
            let why =
                format!("given up after {attempts} attempts (retry.fleeting_attempts): {why}");
            house.ledger.hold(row.id, now, &why).await?;
            Ok(None)
        }
        Err(Fault::Fleeting(why)) => {
            let pause = pause_after(house, row);
            tracing::warn!(file = %row.id, path = %row.path, effect = name, attempt = row.attempts + 1, pause_s = pause.num_seconds(), why, "did not work; trying again");
            house
                .ledger
                .failed(row.id, now, &why, later(now, pause))
                .await?;
            Ok(None)
        }
        Err(Fault::Final(why)) => {
            tracing::error!(file = %row.id, path = %row.path, effect = name, why, "held: a person must act");
            house.ledger.hold(row.id, now, &why).await?;
            Ok(None)
        }
    }
}

async fn perform(house: &House, row: &FileRow, effect: Effect) -> Result<Happened, Fault> {
    match effect {
        Effect::Stage => step::stage::stage(house, row).await,
        Effect::Probe => step::probe::probe(house, row).await,
        Effect::Judge => step::judge::judge(house, row).await,
        Effect::Name => step::name::name(house, row).await,
        Effect::Store => step::store::store(house, row).await,
        Effect::Report => step::report::report(house, row).await,
        Effect::Release => step::release::release(house, row).await,
        Effect::Wait | Effect::Rest => Err(Fault::Final(format!(
            "{} is owed nothing; a fault of the program",
            row.state
        ))),
    }
}

/// Whether the config bounds the attempts against a passing fault, and this was
/// the last.
fn gives_up(house: &House, row: &FileRow) -> bool {
    let most = house.config().retry.fleeting_attempts;
    most > 0 && u64::from(row.attempts) + 1 >= most
}

/// Doubles from the base to the cap. Files are spread by their number, so that
/// a store that comes back is not met by all of them at once.
fn pause_after(house: &House, row: &FileRow) -> TimeDelta {
    let retry = &house.config().retry;
    let pause_s = (retry.base_s.0 * f64::from(row.attempts.min(20)).exp2()).min(retry.cap_s.0);
    let spread = 0.75 + 0.5 * (row.id.0.rem_euclid(16) as f64 / 16.0);
    TimeDelta::milliseconds((pause_s * spread * 1000.0) as i64)
}

fn later(now: DateTime<Utc>, pause: TimeDelta) -> DateTime<Utc> {
    now.checked_add_signed(pause).unwrap_or(now)
}
