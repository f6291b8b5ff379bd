//! Keeps the ledger's view of one share true: our own scanner decides, the
//! file system's events only wake it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Notify, watch};
use unbroken_config::keys::Mount;

use crate::house::House;
use crate::life::{Event, State};
use crate::port::fault::Fault;
use crate::port::ledger::{Advance, Change, FileId, Known, Notice};
use crate::port::share::{Entry, EntryKind, Fingerprint, RelPath, Share};
use crate::step::settle::{Settle, decide, quiet_needed};
use crate::step::watch::{Seen, reconcile};

/// Most files entered into the ledger in one transaction.
const BATCH: usize = 2000;

/// How often the ledger is asked for files that came back to waiting.
const ADOPT_EVERY: Duration = Duration::from_secs(30);

/// A file that waits in the share, as this process has watched it.
struct Waiting {
    id: FileId,
    fingerprint: Fingerprint,
    /// Monotonic time since which its outside has not changed.
    still_since: Duration,
    /// Monotonic time before which its gates need not be asked again.
    look_at: Duration,
}

/// Watches one share.
pub struct Intake {
    house: Arc<House>,
    share: Arc<dyn Share>,
    drive: Arc<Notify>,
    /// What stands at each path, as far as the ledger knows.
    seen: HashMap<RelPath, Seen>,
    waiting: HashMap<RelPath, Waiting>,
    /// Monotonic time of the last look for files that came back to waiting.
    adopted: Option<Duration>,
}

impl Intake {
    /// Takes up what the ledger knows of this share.
    pub async fn open(
        house: Arc<House>,
        share: Arc<dyn Share>,
        drive: Arc<Notify>,
    ) -> Result<Self, Fault> {
        let known = house.ledger.known().await?;
        let name = share.name().to_owned();
        let ours = known.into_iter().filter(|known| known.share == name);
        let mut this = Self {
            house,
            share,
            drive,
            seen: HashMap::new(),
            waiting: HashMap::new(),
            adopted: None,
        };
        for Known {
            id,
            path,
            fingerprint,
            state,
            ..
        } in ours
        {
            this.remember(path, fingerprint, id, is_final(state));
        }
        Ok(this)
    }

    /// Scans until `stop` turns true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(share = self.share.name(), %error, "the share could not be looked through; trying again");
                    Duration::from_secs(5)
                }
            };
            tokio::select! {
                () = self.share.wake(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// One scan and all that follows from it. Says how long to rest.
    pub async fn round(&mut self) -> Result<Duration, Fault> {
        self.adopt().await?;
        let scan = self.share.scan().await?;
        for (folder, why) in &scan.unread {
            tracing::warn!(share = self.share.name(), folder = %folder.display(), why, "could not be read");
        }
        let differences = reconcile(&self.seen, scan);
        self.enter(differences.new).await?;
        for entry in differences.changed {
            self.changed(entry).await?;
        }
        for path in differences.vanished {
            self.vanished(path).await?;
        }
        self.settle().await
    }

    /// Enters entries seen for the first time.
    async fn enter(&mut self, entries: Vec<Entry>) -> Result<(), Fault> {
        for batch in entries.chunks(BATCH) {
            let notices: Vec<Notice> = batch.iter().map(|entry| self.notice(entry)).collect();
            let ids = self
                .house
                .ledger
                .notice(self.house.clock.now(), &notices)
                .await?;
            for ((entry, notice), id) in batch.iter().zip(notices).zip(ids) {
                if notice.state == State::Refused {
                    tracing::warn!(file = %id, path = %entry.path, why = notice.why, "refused");
                }
                self.remember(
                    entry.path.clone(),
                    entry.fingerprint,
                    id,
                    is_final(notice.state),
                );
            }
        }
        Ok(())
    }

    fn notice(&self, entry: &Entry) -> Notice {
        let refusal = match entry.kind {
            EntryKind::Regular => None,
            EntryKind::HardLinked => {
                Some("硬链接不接收,请放入文件本身 / a hard link; put the file itself here")
            }
            EntryKind::Symlink => {
                Some("符号链接不接收,请放入文件本身 / a symbolic link; put the file itself here")
            }
            EntryKind::Special => Some("不是普通文件,不接收 / no regular file"),
        };
        let (state, why) = match refusal {
            _ if entry.ignored => (State::Ignored, Some("在忽略名单上 / on the ignore list")),
            Some(why) => (State::Refused, Some(why)),
            None => (State::Seen, None),
        };
        Notice {
            share: self.share.name().to_owned(),
            path: entry.path.clone(),
            fingerprint: entry.fingerprint,
            state,
            why: why.map(str::to_owned),
        }
    }

    fn remember(&mut self, path: RelPath, fingerprint: Fingerprint, id: FileId, is_final: bool) {
        if is_final {
            self.waiting.remove(&path);
        } else {
            let now = self.house.clock.monotonic();
            let waiting = Waiting {
                id,
                fingerprint,
                still_since: now,
                look_at: now,
            };
            self.waiting.insert(path.clone(), waiting);
        }
        self.seen.insert(
            path,
            Seen {
                id,
                fingerprint,
                is_final,
            },
        );
    }

    /// Files that had been taken in and came back to waiting because their
    /// private copy was lost: only the ledger knows of them.
    async fn adopt(&mut self) -> Result<(), Fault> {
        let now = self.house.clock.monotonic();
        if self
            .adopted
            .is_some_and(|last| now.saturating_sub(last) < ADOPT_EVERY)
        {
            return Ok(());
        }
        self.adopted = Some(now);
        for row in self.house.ledger.waiting().await? {
            let newer = self
                .seen
                .get(&row.path)
                .is_some_and(|seen| seen.id > row.id);
            let known = self
                .waiting
                .get(&row.path)
                .is_some_and(|waiting| waiting.id == row.id);
            if row.share == self.share.name() && !newer && !known {
                self.remember(row.path, row.fingerprint, row.id, false);
            }
        }
        Ok(())
    }

    /// Something else stands at a known path. While that file only waits, it
    /// has grown; once it was taken in, this is another file, and both are kept.
    async fn changed(&mut self, entry: Entry) -> Result<(), Fault> {
        let Some(seen) = self.seen.get(&entry.path) else {
            return Ok(());
        };
        let row = self.house.ledger.file(seen.id).await?;
        match row.map(|row| (row.id, row.state)) {
            Some((id, State::Seen)) if entry.kind == EntryKind::Regular && !entry.ignored => {
                self.advance(
                    id,
                    Event::Changed,
                    Change {
                        fingerprint: Some(entry.fingerprint),
                        ..Change::default()
                    },
                    json!({"bytes": entry.fingerprint.size_bytes}),
                )
                .await?;
                self.remember(entry.path, entry.fingerprint, id, false);
                Ok(())
            }
            Some((id, State::Seen)) => {
                self.advance(
                    id,
                    Event::Vanished,
                    Change::default(),
                    json!({"replaced": true}),
                )
                .await?;
                self.enter(vec![entry]).await
            }
            // The copy under way finds out by itself and comes back to Seen.
            Some((_, State::Settled)) => Ok(()),
            _ => self.enter(vec![entry]).await,
        }
    }

    /// Nothing stands at a known path any more.
    async fn vanished(&mut self, path: RelPath) -> Result<(), Fault> {
        let Some(seen) = self.seen.get(&path) else {
            return Ok(());
        };
        match self
            .house
            .ledger
            .file(seen.id)
            .await?
            .map(|row| (row.id, row.state))
        {
            Some((id, State::Seen)) => {
                tracing::warn!(file = %id, %path, "disappeared from the share before it was taken in");
                self.advance(id, Event::Vanished, Change::default(), json!({}))
                    .await?;
            }
            // Staging finds out; until then the path must stay known.
            Some((_, State::Settled)) => return Ok(()),
            _ => {}
        }
        self.seen.remove(&path);
        self.waiting.remove(&path);
        Ok(())
    }

    /// Looks at every file that waits, and says when the next look is due.
    async fn settle(&mut self) -> Result<Duration, Fault> {
        let config = self.house.config();
        let needed = quiet_needed(&config);
        let mut rest = match config.share.mount {
            Mount::Client => config.watch.scan_interval_client_s.duration(),
            Mount::Local => config.watch.scan_interval_s.duration(),
        };
        let paths: Vec<RelPath> = self.waiting.keys().cloned().collect();
        let mut passed = false;
        for path in paths {
            let now = self.house.clock.monotonic();
            let Some(waiting) = self.waiting.get(&path) else {
                continue;
            };
            let due = (waiting.still_since + needed).max(waiting.look_at);
            if now < due {
                rest = rest.min(due - now);
                continue;
            }
            match self.look(&path, now).await? {
                Some(look_again) => rest = rest.min(look_again),
                None => passed = true,
            }
        }
        if passed {
            self.drive.notify_one();
        }
        Ok(rest.max(Duration::from_millis(100)))
    }

    /// Asks the gates of one file. `None` if it no longer waits.
    async fn look(&mut self, path: &RelPath, now: Duration) -> Result<Option<Duration>, Fault> {
        let Some((id, fingerprint, still_since)) = self
            .waiting
            .get(path)
            .map(|w| (w.id, w.fingerprint, w.still_since))
        else {
            return Ok(None);
        };
        // A copy that found the source changed put the file back to Seen; one
        // that is still under way is not to be disturbed.
        let Some(row) = self.house.ledger.file(id).await? else {
            return Ok(None);
        };
        if row.state != State::Seen {
            if row.state != State::Settled {
                self.waiting.remove(path);
                self.mark_final(path, is_final(row.state));
            }
            return Ok((row.state == State::Settled).then_some(Duration::from_secs(1)));
        }
        let gates = match self.share.gates(path).await {
            Ok(Some(gates)) => gates,
            // Gone or replaced: the next scan says which.
            Ok(None) => return Ok(Some(Duration::from_secs(1))),
            Err(error) => {
                tracing::warn!(file = %id, %path, %error, "the gates could not be asked");
                self.house
                    .ledger
                    .wait_for(id, self.house.clock.now(), &error.to_string())
                    .await?;
                return Ok(Some(Duration::from_secs(10)));
            }
        };
        let config = self.house.config();
        match decide(
            &config,
            now.saturating_sub(still_since),
            fingerprint.size_bytes,
            &gates,
        ) {
            Settle::Wait { why, look_again } => {
                self.house
                    .ledger
                    .wait_for(id, self.house.clock.now(), &why)
                    .await?;
                if let Some(waiting) = self.waiting.get_mut(path) {
                    waiting.look_at = now + look_again;
                }
                Ok(Some(look_again))
            }
            Settle::Pass { complete } => {
                // Between scan and now it may have changed once more.
                let entry = self.share.look(path).await?;
                if entry.as_ref().map(|e| e.fingerprint) != Some(fingerprint) {
                    return Ok(Some(Duration::from_millis(100)));
                }
                let change = Change {
                    fingerprint: Some(fingerprint),
                    received: Some(self.house.clock.now()),
                    complete: Some(complete),
                    ..Change::default()
                };
                let detail = json!({
                    "bytes": fingerprint.size_bytes,
                    "complete": complete,
                    "writer": gates.writer,
                    "sidecar": gates.sidecar,
                });
                self.advance(id, Event::Passed, change, detail).await?;
                // It stays in `waiting`, because staging may send it back.
                if let Some(waiting) = self.waiting.get_mut(path) {
                    waiting.look_at = now + Duration::from_secs(2);
                }
                Ok(None)
            }
        }
    }

    fn mark_final(&mut self, path: &RelPath, is_final: bool) {
        if let Some(seen) = self.seen.get_mut(path) {
            seen.is_final = is_final;
        }
    }

    async fn advance(
        &self,
        id: FileId,
        event: Event,
        change: Change,
        detail: serde_json::Value,
    ) -> Result<(), Fault> {
        let at = self.house.clock.now();
        let from = State::Seen;
        self.house
            .ledger
            .advance(Advance {
                id,
                from,
                event,
                at,
                change,
                detail,
            })
            .await?;
        Ok(())
    }
}

/// True once a file that shows up at the same path is another arrival.
fn is_final(state: State) -> bool {
    !matches!(state, State::Seen | State::Settled)
}
