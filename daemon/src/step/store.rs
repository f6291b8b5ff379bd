//! Stores the content under its digest, reads it back, and only then says that
//! it is saved (`save.24h`, `custody`).

use std::path::Path;

use chrono::{DateTime, Utc};
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
    let key = ObjectKey::original(&digests.blake3).ok_or_else(|| {
        Fault::Final(format!(
            "{} has a digest that is none; a fault of the program",
            row.id
        ))
    })?;
    let known = house
        .ledger
        .evidence(&digests.blake3, house.store.id())
        .await?
        .filter(|object| house.store.answers_to(&object.store));
    if let Some(object) = known {
        // The same bytes are there. The source will be removed on the strength
        // of that object, so it is read back now, not only then.
        let version = read_back(house, &object.key, object.version.as_deref(), digests).await?;
        show(house, row, &object.key).await;
        return Ok(saved(house, row, object.key, version, object.verified));
    }
    let staged = house.state.staged(row.id);
    if !staged.exists() {
        return Ok(Happened::just(
            Event::StagingLost,
            json!({"why": "missing"}),
        ));
    }
    let source = Source::File(staged.clone());
    let put = house
        .store
        .create(&key, &source, digests, house.ledger.as_ref())
        .await;
    let version = match put {
        Ok(Put::Created { version }) => version,
        Ok(Put::Taken) => {
            return Err(Fault::Final(format!(
                "in {} something else stands under {key}, where only bytes with this digest may \
                 stand: that storage was damaged or written to by others. The source is kept. \
                 Look at that object, then resume this file",
                house.store.id()
            )));
        }
        Err(fault) => {
            if is_damaged(&staged, digests)? {
                return Ok(Happened::just(
                    Event::StagingLost,
                    json!({"why": "damaged"}),
                ));
            }
            return Err(fault.while_doing(format!("storing {key}")));
        }
    };
    let version = read_back(house, &key, version.as_deref(), digests).await?;
    let verified = house.clock.now();
    house
        .ledger
        .enter_object(
            verified,
            &ObjectRow {
                key: key.clone(),
                kind: "evidence".to_owned(),
                store: house.store.id().to_owned(),
                version: version.clone(),
                digests: digests.clone(),
                verified,
            },
        )
        .await?;
    show(house, row, &key).await;
    Ok(saved(house, row, key, version, verified))
}

/// Shows the object to people by case and official name. What cannot be shown is
/// stored all the same.
async fn show(house: &House, row: &FileRow, key: &ObjectKey) {
    let folder = Assignment::of(row).map(|assignment| folder(&assignment, row));
    let at = folder
        .zip(row.official.as_deref())
        .and_then(|(folder, official)| ObjectKey::new(format!("cases/{folder}/{official}")));
    let shown = match &at {
        Some(at) => house.store.show(at, key).await,
        None => Err(Fault::Final("it has no usable official name".to_owned())),
    };
    if let Err(error) = shown {
        tracing::warn!(file = %row.id, %error, "stored, but not shown by its official name");
    }
}

/// The file is stored since its bytes were first read back (`save.24h`), not
/// since this attempt: an attempt after a crash, or the same bytes dropped once
/// more, must not make late what was saved in time.
fn saved(
    house: &House,
    row: &FileRow,
    key: ObjectKey,
    version: Option<String>,
    verified: DateTime<Utc>,
) -> Happened {
    let mut detail = json!({
        "key": key, "version": version, "store": house.store.id(), "verified": verified,
        "read_back": house.clock.now(),
    });
    if let (Some(received), Some(map)) = (row.received, detail.as_object_mut()) {
        let system_s = (verified - received).num_seconds().max(0);
        map.insert("system_s".to_owned(), json!(system_s));
    }
    Happened {
        event: Event::Saved,
        change: Change {
            stored: Some(verified),
            object: Some(key),
            ..Change::default()
        },
        detail,
    }
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
