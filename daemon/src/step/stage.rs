//! Copies a complete file into private staging and hashes it in the same read.

use serde_json::json;

use super::Happened;
use crate::house::House;
use crate::life::Event;
use crate::port::fault::Fault;
use crate::port::ledger::{Change, FileId, FileRow};
use crate::port::share::{DigestChoice, Share, Stage};

/// The share of a file. Gone from the config: a person has to say what is meant.
pub(crate) fn share_of<'a>(house: &'a House, row: &FileRow) -> Result<&'a dyn Share, Fault> {
    house
        .share(&row.share)
        .map(|share| share.as_ref())
        .ok_or_else(|| {
            Fault::Final(format!(
                "the share {} of this file is not in the config any more; put it back or resume \
             the file when it is",
                row.share
            ))
        })
}

/// Copies and hashes.
pub async fn stage(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let share = share_of(house, row)?;
    let target = house.state.staged(row.id);
    let config = house.config();
    let choice = DigestChoice {
        sm3: config.stage.sm3,
    };
    // A copy from before a crash was never committed, so it counts for nothing.
    remove_if_there(&target)?;
    let free_bytes = free_bytes(&house.state.staging())?;
    require_space(
        free_bytes,
        row.fingerprint.size_bytes,
        config.stage.min_free_bytes,
    )?;
    let staged = share
        .stage(&row.path, &row.fingerprint, &target, choice)
        .await?;
    // Taken in once already: what was measured then is known, its bytes are not.
    let lost = |what: &str| {
        Err(Fault::Final(format!(
            "the private copy of {} was lost and its source {what}; it was taken in with BLAKE3 {}: \
             put that very file back and resume, or write down why it is missing",
            row.path,
            row.digests
                .as_ref()
                .map_or("unknown", |d| d.blake3.as_str()),
        )))
    };
    let once_taken_in = row.digests.is_some();
    Ok(match staged {
        Stage::Vanished if once_taken_in => return lost("is gone"),
        Stage::Declined(_) if once_taken_in => return lost("was replaced"),
        Stage::Staged(staged)
            if (row.digests.as_ref()).is_some_and(|d| d.blake3 != staged.digests.blake3) =>
        {
            remove_if_there(&target)?;
            return lost("holds other bytes now");
        }
        Stage::Staged(staged) => Happened {
            event: Event::Copied,
            detail: json!({
                "bytes": staged.digests.size_bytes,
                "blake3": staged.digests.blake3,
                "sha256": staged.digests.sha256,
                "sm3": staged.digests.sm3,
                "lease_held": staged.lease_held,
            }),
            change: Change {
                lease_held: Some(staged.lease_held),
                digests: Some(staged.digests),
                ..Change::default()
            },
        },
        Stage::Changed => Happened::just(Event::Changed, json!({"while": "staging"})),
        Stage::Busy => Happened::just(Event::Changed, json!({"while": "staging", "writer": true})),
        Stage::Vanished => Happened::just(Event::Vanished, json!({"while": "staging"})),
        Stage::Declined(kind) => {
            Happened::just(Event::Declined, json!({"kind": format!("{kind:?}")}))
        }
    })
}

fn free_bytes(folder: &std::path::Path) -> Result<u64, Fault> {
    let space = rustix::fs::statvfs(folder).map_err(std::io::Error::from)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Refuses a copy after which less than the reserve would be free.
fn require_space(free_bytes: u64, copy_bytes: u64, reserve_bytes: u64) -> Result<(), Fault> {
    if free_bytes >= copy_bytes.saturating_add(reserve_bytes) {
        return Ok(());
    }
    Err(Fault::Fleeting(format!(
        "not enough space for a private copy: {} MiB are free, {} MiB and a reserve of {} MiB \
         (stage.min_free_bytes) are needed; free some space in the state folder, it goes on by \
         itself. The file stays in the share",
        free_bytes >> 20,
        copy_bytes.div_ceil(1 << 20),
        reserve_bytes >> 20,
    )))
}

/// Throws the private copy away; called when a file has come to rest. A
/// leftover is swept at the next start.
pub fn discard(house: &House, id: FileId) {
    if let Err(error) = remove_if_there(&house.state.staged(id)) {
        tracing::warn!(file = %id, %error, "the private copy could not be removed");
    }
}

fn remove_if_there(path: &std::path::Path) -> Result<(), Fault> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Fault::from(error).while_doing(format!("removing {}", path.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_stays_free() {
        assert!(require_space(30, 10, 20).is_ok());
        let Err(Fault::Fleeting(why)) = require_space(29 << 20, 10 << 20, 20 << 20) else {
            panic!("there was no room");
        };
        assert!(
            why.contains("29 MiB") && why.contains("stage.min_free_bytes"),
            "{why}"
        );
        assert!(require_space(u64::MAX - 1, 1, u64::MAX).is_err());
    }
}
