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
    let staged = share
        .stage(&row.path, &row.fingerprint, &target, choice)
        .await?;
    Ok(match staged {
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
