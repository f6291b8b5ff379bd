//! Keeps the ledger's view of one share true: our own scanner decides, the
//! file system's events only wake it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Notify, watch};
use unbroken_config::keys::Mount;

use crate::house::House;
use crate::kill_point;
use crate::life::{Event, State};
use crate::port::fault::Fault;
use crate::port::ledger::{Advance, Change, FileId, FileRow, Known, Notice};
use crate::port::share::{DigestChoice, Entry, EntryKind, Fingerprint, RelPath, Share};
use crate::step::settle::{Settle, decide, quiet_needed};
use crate::step::watch::{Differences, Seen, reconcile};

/// Most files entered into the ledger in one transaction.
const BATCH: usize = 2000;

/// How often the ledger is asked for files that came back to waiting.
const ADOPT_EVERY: Duration = Duration::from_secs(30);

/// How soon a file that is being copied is looked at again, in case the copy
/// found it changed and sent it back.
const COPIED_LOOK: Duration = Duration::from_secs(5);

/// Endings of files that vouch for the file whose name stands before them.
const SIDECARS: [&[u8]; 2] = [b".sha256", b".sm3"];

const TEMPORARY: &str = "临时文件名,等待改名 / a temporary name, waits to be renamed";
const BARE: &str = "投递箱空无一物,挂载可能已断开 / the share is bare: its mount may have dropped";
const SIDECAR: &str =
    "校验文件,等待它所校验的文件先收取 / a sidecar, waits until the file that it vouches for is in";
const LOST: &str = "the private copy was lost and the source is gone or was replaced; what was \
                    measured is known, its bytes are not: put that very file back at its path and \
                    resume, or write down why it is missing";

/// A file that waits in the share, as this process has watched it.
struct Waiting {
    id: FileId,
    standing: Standing,
    fingerprint: Fingerprint,
    /// Monotonic time since which its outside has not changed.
    still_since: Duration,
    /// Monotonic time before which its gates need not be asked again.
    look_at: Duration,
}

/// How a file that the ledger knows stands with the scanner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It waits to be complete.
    Waits,
    /// It waits to be renamed.
    Temporary,
    /// It passed; it may come back while it is copied.
    Passed,
    /// The scanner has no more to do with it.
    Done,
    /// Its name is on the ignore list.
    Ignored,
}

impl Standing {
    fn of(state: State) -> Self {
        match state {
            State::Seen => Self::Waits,
            State::Settled => Self::Passed,
            State::Ignored => Self::Ignored,
            _ => Self::Done,
        }
    }

    fn waiting(temporary: bool) -> Self {
        match temporary {
            true => Self::Temporary,
            false => Self::Waits,
        }
    }
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
    /// True if nothing at all stood in the share at the last scan.
    is_bare: bool,
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
            is_bare: false,
        };
        for Known {
            id,
            path,
            fingerprint,
            state,
            ..
        } in ours
        {
            this.remember(path, fingerprint, id, Standing::of(state));
        }
        Ok(this)
    }

    /// Scans until `stop` turns true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let started = self.house.clock.monotonic();
            // A stop ends a round where it stands: what it did is in the ledger,
            // the rest is found by the first scan of the next start.
            let round = tokio::select! {
                round = self.round() => round,
                _ = stop.changed() => return,
            };
            let pause = match round {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(share = self.share.name(), %error, "the share could not be looked through; trying again");
                    Duration::from_secs(5)
                }
            };
            // A busy share rings all the time. It is left alone for as long as it
            // was looked at, so that at most half the time goes into scanning.
            let took = self.house.clock.monotonic().saturating_sub(started);
            let rest = async {
                self.house.clock.sleep(took.min(pause)).await;
                self.share.wake(pause.saturating_sub(took)).await;
            };
            tokio::select! {
                () = rest => {}
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
        self.say_if_bare(scan.entries.is_empty() && scan.folders == 0)
            .await?;
        let mut differences = reconcile(&self.seen, scan);
        for (from, entry) in self.renamed(&mut differences) {
            self.rename(from, entry).await?;
        }
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
            kill_point::reach("before", "notice");
            let ids = self
                .house
                .ledger
                .notice(self.house.clock.now(), &notices)
                .await?;
            kill_point::reach("committed", "notice");
            for ((entry, notice), id) in batch.iter().zip(notices).zip(ids) {
                if notice.state == State::Refused {
                    tracing::warn!(file = %id, path = %entry.path, why = notice.why, "refused");
                }
                let standing = match notice.state {
                    State::Seen => Standing::waiting(entry.temporary),
                    state => Standing::of(state),
                };
                self.remember(entry.path.clone(), entry.fingerprint, id, standing);
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
            None => (State::Seen, entry.temporary.then_some(TEMPORARY)),
        };
        Notice {
            share: self.share.name().to_owned(),
            path: entry.path.clone(),
            fingerprint: entry.fingerprint,
            state,
            why: why.map(str::to_owned),
        }
    }

    fn remember(
        &mut self,
        path: RelPath,
        fingerprint: Fingerprint,
        id: FileId,
        standing: Standing,
    ) {
        let ignored = standing == Standing::Ignored;
        if ignored || standing == Standing::Done {
            self.waiting.remove(&path);
        } else {
            let now = self.house.clock.monotonic();
            let waiting = Waiting {
                id,
                standing,
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
                ignored,
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
            if row.share != self.share.name() {
                continue;
            }
            let newer = self
                .seen
                .get(&row.path)
                .is_some_and(|seen| seen.id > row.id);
            let known = self
                .waiting
                .get(&row.path)
                .is_some_and(|waiting| waiting.id == row.id);
            if newer {
                // Its source was replaced while its copy was lost.
                self.lost(&row).await?;
            } else if !known {
                self.remember(row.path, row.fingerprint, row.id, Standing::Waits);
            }
        }
        Ok(())
    }

    /// Holds a file that was taken in once and whose bytes are nowhere now.
    async fn lost(&self, row: &FileRow) -> Result<(), Fault> {
        if row.held {
            return Ok(());
        }
        tracing::error!(file = %row.id, path = %row.path, why = LOST, "held: a person must act");
        let now = self.house.clock.now();
        self.house.ledger.hold(row.id, now, LOST).await
    }

    /// Says once, at every file that waits, that the share is bare.
    async fn say_if_bare(&mut self, is_bare: bool) -> Result<(), Fault> {
        let is_news = is_bare && !self.is_bare && !self.waiting.is_empty();
        self.is_bare = is_bare;
        if is_news {
            tracing::error!(
                share = self.share.name(),
                files = self.waiting.len(),
                "the share is bare although files waited in it: its mount may have dropped; none \
                 of them is called disappeared until something stands in the share again"
            );
            let now = self.house.clock.now();
            for waiting in self.waiting.values() {
                if waiting.standing != Standing::Passed {
                    self.house.ledger.wait_for(waiting.id, now, BARE).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes the waiting files that were only renamed out of what is new: the
    /// same inode at another path. A name for uploads under way may have grown
    /// since; any other file must look as it did.
    fn renamed(&self, differences: &mut Differences) -> Vec<(RelPath, Entry)> {
        let mut left: HashMap<(u64, u64), RelPath> = differences
            .vanished
            .iter()
            .filter_map(|path| {
                let waiting = self.waiting.get(path)?;
                let at = (waiting.fingerprint.dev, waiting.fingerprint.ino);
                (waiting.standing != Standing::Passed).then(|| (at, path.clone()))
            })
            .collect();
        if left.is_empty() {
            return Vec::new();
        }
        let mut moved = Vec::new();
        let mut new = Vec::new();
        for entry in std::mem::take(&mut differences.new) {
            let found = entry.fingerprint;
            let is_it = |path: &RelPath| {
                self.waiting.get(path).is_some_and(|waiting| {
                    let before = waiting.fingerprint;
                    let grew = waiting.standing == Standing::Temporary
                        && found.size_bytes >= before.size_bytes;
                    grew || found.looks_like(&before)
                })
            };
            let plain = entry.kind == EntryKind::Regular && !entry.ignored;
            let at = (found.dev, found.ino);
            match left.get(&at) {
                Some(from) if plain && is_it(from) => {
                    moved.extend(left.remove(&at).map(|from| (from, entry)));
                }
                _ => new.push(entry),
            }
        }
        differences.new = new;
        differences
            .vanished
            .retain(|path| !moved.iter().any(|(from, _)| from == path));
        moved
    }

    /// A file that waits has another name now, and is the same file.
    async fn rename(&mut self, from: RelPath, entry: Entry) -> Result<(), Fault> {
        let Some(waiting) = self.waiting.remove(&from) else {
            return Ok(());
        };
        let change = Change {
            path: Some(entry.path.clone()),
            fingerprint: Some(entry.fingerprint),
            ..Change::default()
        };
        let detail = json!({"renamed": true, "from_hex": hex::encode(from.as_bytes())});
        self.advance(waiting.id, Event::Changed, change, detail)
            .await?;
        self.seen.remove(&from);
        let standing = Standing::waiting(entry.temporary);
        self.remember(entry.path, entry.fingerprint, waiting.id, standing);
        Ok(())
    }

    /// Something else stands at a known path. While that file only waits, it
    /// has grown; once it was taken in, this is another file, and both are kept.
    async fn changed(&mut self, entry: Entry) -> Result<(), Fault> {
        let Some(seen) = self.seen.get(&entry.path) else {
            return Ok(());
        };
        let Some(row) = self.house.ledger.file(seen.id).await? else {
            return self.enter(vec![entry]).await;
        };
        let outside = entry.fingerprint;
        let is_plain = entry.kind == EntryKind::Regular && !entry.ignored;
        match (row.state, &row.digests) {
            // Another file where a lost copy would have been made anew from.
            (State::Seen, Some(_)) if !(is_plain && outside.looks_like(&row.fingerprint)) => {
                self.lost(&row).await?;
                self.enter(vec![entry]).await
            }
            // How it grows is nobody's business: the ledger hears of it when it
            // passes, so that a long upload writes no event a scan.
            (State::Seen, _) if is_plain => {
                let standing = Standing::waiting(entry.temporary);
                self.remember(entry.path, outside, row.id, standing);
                Ok(())
            }
            (State::Seen, _) => {
                let detail = json!({"replaced": true});
                self.advance(row.id, Event::Vanished, Change::default(), detail)
                    .await?;
                self.enter(vec![entry]).await
            }
            // The copy under way finds out by itself and comes back to Seen.
            (State::Settled, _) => Ok(()),
            (State::Ignored, _) if entry.ignored => {
                self.remember(entry.path, outside, row.id, Standing::Ignored);
                Ok(())
            }
            (State::Refused, _) if entry.kind != EntryKind::Regular && !entry.ignored => {
                self.remember(entry.path, outside, row.id, Standing::Done);
                Ok(())
            }
            (_, Some(digests)) if is_plain && outside.looks_like(&row.fingerprint) => {
                // Mounted anew, another mode or owner: the bytes have the last word.
                let choice = DigestChoice {
                    sm3: digests.sm3.is_some(),
                };
                let found = self.share.digests(&entry.path, &outside, choice).await?;
                if found.as_ref() != Some(digests) {
                    return self.enter(vec![entry]).await;
                }
                let now = self.house.clock.now();
                self.house.ledger.touched(row.id, now, outside).await?;
                self.remember(entry.path, outside, row.id, Standing::Done);
                Ok(())
            }
            _ => self.enter(vec![entry]).await,
        }
    }

    /// Nothing stands at a known path any more.
    async fn vanished(&mut self, path: RelPath) -> Result<(), Fault> {
        let Some(seen) = self.seen.get(&path) else {
            return Ok(());
        };
        // Moved about while the scan went on, it may have been missed only.
        if self.share.look(&path).await?.is_some() {
            return Ok(());
        }
        match self.house.ledger.file(seen.id).await? {
            Some(row) if row.state == State::Seen && row.digests.is_some() => {
                self.lost(&row).await?;
            }
            Some(row) if row.state == State::Seen => {
                let id = row.id;
                tracing::warn!(file = %id, %path, "disappeared from the share before it was taken in");
                self.advance(id, Event::Vanished, Change::default(), json!({}))
                    .await?;
            }
            // Staging finds out; until then the path must stay known.
            Some(row) if row.state == State::Settled => return Ok(()),
            _ => {}
        }
        self.forget(&path);
        Ok(())
    }

    /// Whatever stands at this path from now on is another arrival.
    fn forget(&mut self, path: &RelPath) {
        self.seen.remove(path);
        self.waiting.remove(path);
    }

    /// Looks at every file that waits, and says when the next look is due.
    async fn settle(&mut self) -> Result<Duration, Fault> {
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

    async fn advance(
        &self,
        id: FileId,
        event: Event,
        change: Change,
        detail: serde_json::Value,
    ) -> Result<(), Fault> {
        let at = self.house.clock.now();
        let from = State::Seen;
        let transition = match event {
            Event::Passed => "passed",
            Event::Vanished => "vanished",
            _ => "changed",
        };
        kill_point::reach("before", transition);
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
        kill_point::reach("committed", transition);
        Ok(())
    }
}
