//! At the start: throws away private copies that nobody needs any more.

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
