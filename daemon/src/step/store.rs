//! Stores the content under its official name, reads it back, and only then
//! says that it is saved (`save.24h`, `custody`).

use std::path::Path;

use serde_json::json;

use super::Happened;
use super::probe::digests_of;
use crate::adapter::digester::digest_reader;
use crate::cases::{Assignment, folder};
use crate::house::House;
use crate::life::Event;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::ledger::{Change, FileRow, ObjectRow};
use crate::port::store::{ObjectKey, Put, Source};

/// Stores and reads back.
pub async fn store(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let digests = digests_of(row)?;
    if let Some(object) = house.ledger.evidence(&digests.blake3).await? {
        // The same bytes are there. The source will be removed on the strength
        // of that object, so it is read back now, not only then.
        let version = read_back(house, &object.key, object.version.as_deref(), digests).await?;
        return Ok(saved(house, row, object.key, version, true));
    }
    let staged = house.state.staged(row.id);
    if !staged.exists() {
        return Ok(Happened::just(
            Event::StagingLost,
            json!({"why": "missing"}),
        ));
    }
    // The claim is committed before the store is asked: whoever brings these
    // bytes again, now or after a crash, goes on with the same key.
    let claimed = house
        .ledger
        .claim(&digests.blake3, &key_of(row)?, house.clock.now())
        .await?;
    let mut version = None;
    let mut key = None;
    for candidate in [claimed.clone(), beside(&claimed, digests)?] {
        let source = Source::File(staged.clone());
        let put = house
            .store
            .create(&candidate, &source, digests, house.ledger.as_ref())
            .await;
        match put {
            Ok(Put::Created { version: created }) => {
                version = created;
                key = Some(candidate);
                break;
            }
            Ok(Put::Taken) => {
                tracing::warn!(file = %row.id, key = %candidate, "another content stands under this name; storing beside it");
            }
            Err(fault) => {
                if is_damaged(&staged, digests)? {
                    return Ok(Happened::just(
                        Event::StagingLost,
                        json!({"why": "damaged"}),
                    ));
                }
                return Err(fault.while_doing(format!("storing {candidate}")));
            }
        }
    }
    let key = key.ok_or_else(|| {
        Fault::Final(format!(
            "other contents stand in {} under the name of {} and under its digest; look at who \
             else writes there",
            house.store.id(),
            row.id
        ))
    })?;
    let version = read_back(house, &key, version.as_deref(), digests).await?;
    house
        .ledger
        .enter_object(
            house.clock.now(),
            &ObjectRow {
                key: key.clone(),
                kind: "evidence".to_owned(),
                store: house.store.id().to_owned(),
                version: version.clone(),
                digests: digests.clone(),
                verified: house.clock.now(),
            },
        )
        .await?;
    Ok(saved(house, row, key, version, false))
}

fn saved(
    house: &House,
    row: &FileRow,
    key: ObjectKey,
    version: Option<String>,
    same_content: bool,
) -> Happened {
    let stored = house.clock.now();
    let mut detail = json!({
        "key": key, "version": version, "store": house.store.id(), "same_content": same_content,
    });
    if let (Some(received), Some(map)) = (row.received, detail.as_object_mut()) {
        map.insert(
            "system_s".to_owned(),
            json!((stored - received).num_seconds()),
        );
    }
    Happened {
        event: Event::Saved,
        change: Change {
            stored: Some(stored),
            object: Some(key),
            ..Change::default()
        },
        detail,
    }
}

/// The key by the file's official name.
fn key_of(row: &FileRow) -> Result<ObjectKey, Fault> {
    let official = row.official.as_deref();
    let folder = Assignment::of(row).map(|assignment| folder(&assignment, row));
    official
        .zip(folder)
        .and_then(|(official, folder)| ObjectKey::new(format!("evidence/{folder}/{official}")))
        .ok_or_else(|| {
            Fault::Final(format!(
                "{} has no usable official name; a fault of the program",
                row.id
            ))
        })
}

/// Where a content goes if another one, which the ledger does not know, stands
/// under its key: beside it, in a folder of its digest.
fn beside(key: &ObjectKey, digests: &Digests) -> Result<ObjectKey, Fault> {
    let (folder, name) = key.as_str().rsplit_once('/').unwrap_or(("", key.as_str()));
    ObjectKey::new(format!("{folder}/{}/{name}", digests.blake3))
        .ok_or_else(|| Fault::Final(format!("{key} leaves no room for a folder beside it")))
}

/// Reads the object back whole. A copy that differs is the worst that can
/// happen: nothing is released, and a person is called.
async fn read_back(
    house: &House,
    key: &ObjectKey,
    version: Option<&str>,
    digests: &Digests,
) -> Result<Option<String>, Fault> {
    let sm3 = digests.sm3.is_some();
    let back = house.store.read_back(key, version, sm3).await?.ok_or_else(|| {
        Fault::Final(format!(
            "{key} is not in {} although it was stored; the source is kept. Look at who deletes there",
            house.store.id()
        ))
    })?;
    if back.digests.size_bytes == digests.size_bytes
        && back.digests.blake3 == digests.blake3
        && back.digests.sha256 == digests.sha256
    {
        return Ok(back.version);
    }
    Err(Fault::Final(format!(
        "the copy of {key} in {} differs from the source: {} bytes, BLAKE3 {}, expected {} bytes, \
         BLAKE3 {}. The source is kept. Check that storage before anything else is stored there",
        house.store.id(),
        back.digests.size_bytes,
        back.digests.blake3,
        digests.size_bytes,
        digests.blake3
    )))
}

/// Whether the private copy still holds the bytes that were hashed.
fn is_damaged(staged: &Path, digests: &Digests) -> Result<bool, Fault> {
    let copy = std::fs::File::open(staged)?;
    Ok(digest_reader(copy, false)?.blake3 != digests.blake3)
}
