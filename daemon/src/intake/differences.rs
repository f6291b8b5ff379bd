//! What the last scan found otherwise than the ledger knows it: files renamed,
//! changed or gone.

use std::collections::HashMap;

use serde_json::json;

use super::{Intake, Standing};
use crate::life::{Event, State};
use crate::port::fault::Fault;
use crate::port::ledger::Change;
use crate::port::share::{DigestChoice, Entry, EntryKind, RelPath};
use crate::step::watch::Differences;

impl Intake {
    /// Takes the waiting files that were only renamed out of what is new: the
    /// same inode at another path. A name for uploads under way may have grown
    /// since; any other file must look as it did.
    pub(super) fn renamed(&self, differences: &mut Differences) -> Vec<(RelPath, Entry)> {
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
    pub(super) async fn rename(&mut self, from: RelPath, entry: Entry) -> Result<(), Fault> {
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
    pub(super) async fn changed(&mut self, entry: Entry) -> Result<(), Fault> {
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
    pub(super) async fn vanished(&mut self, path: RelPath) -> Result<(), Fault> {
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
}
