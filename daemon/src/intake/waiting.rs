//! The files that wait in the share: when each is asked for again whether it is
//! complete, and what became of those that passed.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use unbroken_config::keys::Mount;

use super::{Intake, Standing, TEMPORARY};
use crate::life::{Event, State};
use crate::port::fault::Fault;
use crate::port::ledger::{Change, FileId};
use crate::port::share::RelPath;
use crate::step::settle::{Settle, decide, quiet_needed};

/// How soon a file that is being copied is looked at again, in case the copy
/// found it changed and sent it back.
const COPIED_LOOK: Duration = Duration::from_secs(5);

/// Endings of files that vouch for the file whose name stands before them.
const SIDECARS: [&[u8]; 2] = [b".sha256", b".sm3"];

const SIDECAR: &str =
    "校验文件,等待它所校验的文件先收取 / a sidecar, waits until the file that it vouches for is in";

impl Intake {
    /// Looks at every file that waits, and says when the next look is due.
    pub(super) async fn settle(&mut self) -> Result<Duration, Fault> {
        let config = self.house.config();
        let needed = quiet_needed(&config);
        let mut rest = match config.share.mount {
            Mount::Client => config.watch.scan_interval_client_s.duration(),
            Mount::Local => config.watch.scan_interval_s.duration(),
        };
        let states = self.states().await?;
        let paths: Vec<RelPath> = self.waiting.keys().cloned().collect();
        let mut passed = false;
        for path in paths {
            let now = self.house.clock.monotonic();
            let Some(waiting) = self.waiting.get(&path) else {
                continue;
            };
            match waiting.standing {
                // What gives it its final name wakes the scanner.
                Standing::Temporary => continue,
                Standing::Passed => {
                    let state = states.get(&waiting.id).copied();
                    self.copied(&path, state, now).await?;
                    rest = rest.min(COPIED_LOOK);
                    continue;
                }
                Standing::Waits | Standing::Done | Standing::Ignored => {}
            }
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

    /// Where the files stand that passed; asked once for all of them.
    async fn states(&self) -> Result<HashMap<FileId, State>, Fault> {
        let mut waiting = self.waiting.values();
        if !waiting.any(|waiting| waiting.standing == Standing::Passed) {
            return Ok(HashMap::new());
        }
        let states = self.house.ledger.in_share(self.share.name()).await?;
        Ok(states.into_iter().collect())
    }

    /// What became of a file that passed: `state` is `None` once it is neither
    /// copied nor waits.
    async fn copied(
        &mut self,
        path: &RelPath,
        state: Option<State>,
        now: Duration,
    ) -> Result<(), Fault> {
        match (state, self.waiting.get_mut(path)) {
            (Some(State::Settled), _) => {}
            (Some(_), Some(waiting)) => {
                waiting.standing = Standing::Waits;
                waiting.still_since = now;
                waiting.look_at = now;
            }
            (None, Some(waiting)) => {
                let row = self.house.ledger.file(waiting.id).await?;
                if row.is_some_and(|row| row.state == State::Gone) {
                    self.forget(path);
                } else {
                    self.waiting.remove(path);
                }
            }
            (_, None) => {}
        }
        Ok(())
    }

    /// True if it vouches for a file that is not taken in yet. One that never
    /// comes is waited for as long as for the rest of an incomplete file.
    fn vouches_for_waiting(&self, path: &RelPath, quiet: Duration) -> bool {
        let patience = self.house.config().settle.incomplete_unknown_s.duration();
        let sibling = SIDECARS
            .iter()
            .find_map(|ending| path.as_bytes().strip_suffix(*ending))
            .and_then(RelPath::new);
        sibling.is_some_and(|sibling| {
            self.waiting.contains_key(&sibling)
                || (!self.seen.contains_key(&sibling) && quiet < patience)
        })
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
        if self.vouches_for_waiting(path, now.saturating_sub(still_since)) {
            let at = self.house.clock.now();
            self.house.ledger.wait_for(id, at, SIDECAR).await?;
            return Ok(Some(COPIED_LOOK));
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
                let Some(entry) = entry.filter(|e| e.fingerprint == fingerprint) else {
                    return Ok(Some(Duration::from_millis(100)));
                };
                if let Some(waiting) = self.waiting.get_mut(path).filter(|_| entry.temporary) {
                    waiting.standing = Standing::Temporary;
                    let at = self.house.clock.now();
                    self.house.ledger.wait_for(id, at, TEMPORARY).await?;
                    return Ok(Some(COPIED_LOOK));
                }
                let Some(row) = self.house.ledger.file(id).await? else {
                    return Ok(None);
                };
                // Complete since then, however often its copy had to be made anew.
                let received = row
                    .received
                    .filter(|_| row.fingerprint == fingerprint)
                    .unwrap_or_else(|| self.house.clock.now());
                let change = Change {
                    fingerprint: Some(fingerprint),
                    received: Some(received),
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
                    waiting.standing = Standing::Passed;
                }
                Ok(None)
            }
        }
    }
}
