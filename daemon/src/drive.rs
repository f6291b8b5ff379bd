//! event → row of the table → ledger → effect → event.
//!
//! The drive takes files that are owed an effect, commits the intent, has the
//! step do it, and commits what happened. It knows no step's inside; the steps
//! know no state.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

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

/// Drives files along the table.
pub struct Drive {
    house: Arc<House>,
    wake: Arc<Notify>,
}

impl Drive {
    /// A drive over this house; `wake` is rung when there may be work.
    pub fn new(house: Arc<House>, wake: Arc<Notify>) -> Self {
        Self { house, wake }
    }

    /// Works until `stop` turns true, then lets effects under way end for a
    /// few seconds.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut under_way = HashSet::new();
        let mut tasks: JoinSet<FileId> = JoinSet::new();
        while !*stop.borrow() {
            self.fill(&mut tasks, &mut under_way, &stop).await;
            tokio::select! {
                ended = tasks.join_next(), if !tasks.is_empty() => match ended {
                    Some(Ok(id)) => { under_way.remove(&id); }
                    Some(Err(error)) => {
                        // A panic in a step: its file is unknown here, so all are looked
                        // at anew; the ledger knows what each is owed.
                        tracing::error!(%error, "a step ended without an answer; this is a fault of the program");
                        tasks.abort_all();
                        while tasks.join_next().await.is_some() {}
                        under_way.clear();
                    }
                    None => {}
                },
                () = self.wake.notified() => {}
                () = self.house.clock.sleep(LOOK_AT_LEAST_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
        let rest = async { while tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = rest => {}
            () = self.house.clock.sleep(STOP_GRACE) => {
                tracing::info!("stopping with effects under way; they are done again at the next start");
            }
        }
    }

    /// Starts as many files as there is room for.
    async fn fill(
        &self,
        tasks: &mut JoinSet<FileId>,
        under_way: &mut HashSet<FileId>,
        stop: &watch::Receiver<bool>,
    ) {
        let room = self.room().saturating_sub(tasks.len());
        if room == 0 {
            return;
        }
        let most = u32::try_from(under_way.len() + room).unwrap_or(u32::MAX);
        let due = match self.house.ledger.due(self.house.clock.now(), most).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "the ledger cannot be read; trying again");
                return;
            }
        };
        for row in due
            .into_iter()
            .filter(|row| !under_way.contains(&row.id))
            .take(room)
            .collect::<Vec<_>>()
        {
            under_way.insert(row.id);
            let house = self.house.clone();
            let stop = stop.clone();
            tasks.spawn(async move {
                let id = row.id;
                follow(&house, row, &stop).await;
                id
            });
        }
    }

    /// Files at once: one more than probes, so that copying and storing go on
    /// while every probe is busy.
    fn room(&self) -> usize {
        let jobs = usize::try_from(self.house.config().probe.jobs).unwrap_or(0);
        let jobs = if jobs == 0 {
            std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
        } else {
            jobs
        };
        jobs + 1
    }
}

/// Takes one file as far as it will go.
async fn follow(house: &House, mut row: FileRow, stop: &watch::Receiver<bool>) {
    while row.state.is_working() && !*stop.borrow() {
        match once(house, &row).await {
            Ok(Some(next)) => row = next,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(file = %row.id, %error, "the ledger did not take what happened; it will be done again");
                return;
            }
        }
    }
}

/// Does the effect that the file is owed and commits what happened. `None` if
/// the file has to wait.
async fn once(house: &House, row: &FileRow) -> Result<Option<FileRow>, Fault> {
    let effect = row.state.owed();
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
