//! Throws away what nobody needs any more: private copies at the start, and once
//! a day uploads that began and will never end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::house::House;
use crate::port::fault::Fault;
use crate::port::ledger::FileId;

/// Removes copies of files that have come to rest, and copies that never became
/// whole. A copy of a file under way stays.
pub async fn leftovers(house: &House) -> Result<(), Fault> {
    for entry in std::fs::read_dir(house.state.staging())? {
        let entry = entry?;
        let name = entry.file_name();
        let id = name
            .to_str()
            .and_then(|name| name.strip_prefix('F')?.parse().ok())
            .map(FileId);
        let needed = match id {
            Some(id) => house
                .ledger
                .file(id)
                .await?
                .is_some_and(|row| row.state.is_working()),
            None => false,
        };
        if !needed && entry.file_type()?.is_file() {
            tracing::info!(copy = %entry.path().display(), "removing a leftover private copy");
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// How often uploads are swept.
const UPLOADS_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Uploads younger than this may be another daemon's, whose ledger we do not
/// know. Named guess: far longer than any upload takes.
const UPLOADS_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Sweeps abandoned uploads until `stop` turns true. Parts of them cost space
/// and stand nowhere as objects; they are no evidence.
pub async fn uploads(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match abandoned_uploads(&house).await {
            Ok(0) => {}
            Ok(swept) => {
                tracing::info!(store = house.store.id(), swept, "removed abandoned uploads")
            }
            Err(error) => {
                tracing::warn!(store = house.store.id(), %error, "abandoned uploads could not be removed; trying again in a day");
            }
        }
        tokio::select! {
            () = house.clock.sleep(UPLOADS_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn abandoned_uploads(house: &House) -> Result<u64, Fault> {
    let known = house.ledger.upload_ids().await?;
    house.store.sweep_uploads(&known, UPLOADS_AGE).await
}
