//! Removes the source, if everything says that it may go.

use serde_json::json;

use super::Happened;
use super::probe::digests_of;
use super::stage::share_of;
use crate::house::House;
use crate::life::Event;
use crate::port::fault::Fault;
use crate::port::ledger::FileRow;
use crate::port::share::Removal;

/// What a file waits for while the store is not trusted.
pub const UNTRUSTED: &str = "the store has not been seen to keep what custody relies on, so the \
    source stays; run `unbroken doctor --store`";

/// Whether sources may be removed at all now. Where the config keeps them anyway,
/// there is nothing to wait for.
pub fn may_begin(house: &House) -> bool {
    let release = &house.config().release;
    !release.enabled || !release.require_store_doctor || house.is_store_trusted()
}

/// Removes the source, or says why it stays.
pub async fn release(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let config = house.config();
    if !row.complete {
        return Ok(kept("it was taken in incomplete"));
    }
    if !config.release.enabled {
        return Ok(kept("release.enabled is false"));
    }
    // The drive asks too, before it begins; this is the last door.
    if !may_begin(house) {
        return Err(Fault::Fleeting(UNTRUSTED.to_owned()));
    }
    let digests = digests_of(row)?;
    // Asserted in pairs: the step that stored it read it back, and the ledger
    // must know of that object now.
    let object = house
        .ledger
        .evidence(&digests.blake3, house.store.id())
        .await?;
    if object.is_none_or(|object| row.object != Some(object.key)) {
        return Err(Fault::Final(format!(
            "{} has no verified object; the source stays",
            row.id
        )));
    }
    let share = share_of(house, row)?;
    let removal = share
        .remove(&row.path, &row.fingerprint, digests, !row.lease_held)
        .await?;
    Ok(match removal {
        Removal::Removed => Happened::just(Event::SourceRemoved, json!({"was_there": true})),
        Removal::AlreadyGone => Happened::just(Event::SourceRemoved, json!({"was_there": false})),
        Removal::Changed => kept("something else stands at its path now"),
    })
}

fn kept(why: &str) -> Happened {
    Happened::just(Event::SourceKept, json!({"why": why}))
}
