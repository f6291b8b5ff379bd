//! Keeps the ledger's view of one share true: our own scanner decides, the
//! file system's events only wake it.

mod differences;
mod waiting;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::house::House;
use crate::kill_point;
use crate::life::{Event, State};
use crate::port::fault::Fault;
use crate::port::ledger::{Advance, Change, FileId, FileRow, Known, Notice};
use crate::port::share::{Entry, EntryKind, Fingerprint, RelPath, Share};
use crate::step::watch::{Seen, reconcile};

/// Most files entered into the ledger in one transaction.
const BATCH: usize = 2000;

/// How often the ledger is asked for files that came back to waiting.
const ADOPT_EVERY: Duration = Duration::from_secs(30);

const TEMPORARY: &str = "临时文件名,等待改名 / a temporary name, waits to be renamed";
const BARE: &str = "投递箱空无一物,挂载可能已断开 / the share is bare: its mount may have dropped";
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

    /// Whatever stands at this path from now on is another arrival.
    fn forget(&mut self, path: &RelPath) {
        self.seen.remove(path);
        self.waiting.remove(path);
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
