//! Stored objects, running numbers, and uploads under way.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::SqliteConnection;

use super::against_chain::object_facts;
use super::events::{Entry, append};
use super::rows::{self, get, us};
use super::trouble::{damaged, fault};
use crate::port::fault::Fault;
use crate::port::ledger::{FileId, ObjectRow};
use crate::port::store::{ObjectKey, Upload};

const OBJECT: &str = "SELECT object_key, kind, store, version, size_bytes, blake3, sha256, sm3, \
     verified_us FROM objects WHERE store = $1 AND object_key = $2";

pub(super) async fn evidence(
    conn: &mut SqliteConnection,
    blake3: &str,
    store: &str,
) -> Result<Option<ObjectRow>, Fault> {
    sqlx::query(
        "SELECT object_key, kind, store, version, size_bytes, blake3, sha256, sm3, verified_us \
         FROM objects WHERE blake3 = $1 AND kind = 'evidence' \
         ORDER BY CASE WHEN store = $2 THEN 0 ELSE 1 END, verified_us, object_key LIMIT 1",
    )
    .bind(blake3)
    .bind(store)
    .fetch_optional(conn)
    .await
    .map_err(fault)?
    .as_ref()
    .map(rows::object)
    .transpose()
}

/// The object of this key in this store.
pub(super) async fn object(
    conn: &mut SqliteConnection,
    key: &str,
    store: &str,
) -> Result<Option<ObjectRow>, Fault> {
    sqlx::query(OBJECT)
        .bind(store)
        .bind(key)
        .fetch_optional(conn)
        .await
        .map_err(fault)?
        .as_ref()
        .map(rows::object)
        .transpose()
}

/// Keys and stores of objects, in pages by key and store.
pub(super) async fn names_after(
    conn: &mut SqliteConnection,
    (key, store): (&str, &str),
    limit: i64,
) -> Result<Vec<(String, String)>, Fault> {
    sqlx::query(
        "SELECT object_key, store FROM objects \
         WHERE object_key > $1 OR (object_key = $1 AND store > $2) \
         ORDER BY object_key, store LIMIT $3",
    )
    .bind(key)
    .bind(store)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(fault)?
    .iter()
    .map(|row| Ok((get(row, "object_key")?, get(row, "store")?)))
    .collect()
}

/// The running numbers of a file, by series.
pub(super) async fn numbers(
    conn: &mut SqliteConnection,
    id: FileId,
) -> Result<BTreeMap<String, u64>, Fault> {
    sqlx::query("SELECT series, number FROM numbers WHERE file = $1")
        .bind(id.0)
        .fetch_all(conn)
        .await
        .map_err(fault)?
        .iter()
        .map(|row| {
            let number: i64 = get(row, "number")?;
            Ok((get(row, "series")?, number.cast_unsigned()))
        })
        .collect()
}

pub(super) async fn enter_object(
    conn: &mut SqliteConnection,
    at: DateTime<Utc>,
    row: &ObjectRow,
) -> Result<(), Fault> {
    if let Some(standing) = object(conn, row.key.as_str(), &row.store).await? {
        // The first reading back is the one that counts.
        let again = ObjectRow {
            verified: standing.verified,
            ..row.clone()
        };
        if again == standing {
            return Ok(());
        }
        return Err(Fault::Final(format!(
            "object {} is in the ledger with another content or version; nothing was \
             changed; run `unbroken verify` to see which of the two the store holds",
            row.key
        )));
    }
    sqlx::query(
        "INSERT INTO objects (object_key, kind, store, version, size_bytes, blake3, sha256, \
         sm3, verified_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(row.key.as_str())
    .bind(&row.kind)
    .bind(&row.store)
    .bind(&row.version)
    .bind(row.digests.size_bytes.cast_signed())
    .bind(&row.digests.blake3)
    .bind(&row.digests.sha256)
    .bind(&row.digests.sm3)
    .bind(us(row.verified))
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    let detail = object_facts(row);
    let kind = "object";
    append(
        conn,
        Entry {
            at,
            file: None,
            kind,
            detail,
        },
    )
    .await
}

pub(super) async fn any_object(
    conn: &mut SqliteConnection,
    store: &str,
) -> Result<Option<ObjectKey>, Fault> {
    sqlx::query("SELECT object_key FROM objects WHERE store = $1 LIMIT 1")
        .bind(store)
        .fetch_optional(conn)
        .await
        .map_err(fault)?
        .map(|row| rows::key(get(&row, "object_key")?))
        .transpose()
}

pub(super) async fn objects_after(
    conn: &mut SqliteConnection,
    (key, store): (&str, &str),
    limit: u32,
) -> Result<Vec<ObjectRow>, Fault> {
    sqlx::query(
        "SELECT object_key, kind, store, version, size_bytes, blake3, sha256, sm3, verified_us \
         FROM objects WHERE object_key > $1 OR (object_key = $1 AND store > $2) \
         ORDER BY object_key, store LIMIT $3",
    )
    .bind(key)
    .bind(store)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(fault)?
    .iter()
    .map(rows::object)
    .collect()
}

/// The file's number in the series, given now if it has none.
pub(super) async fn number(
    conn: &mut SqliteConnection,
    series: &str,
    id: FileId,
    at: DateTime<Utc>,
) -> Result<u32, Fault> {
    let row = sqlx::query(
        "SELECT MAX(number) AS last, MAX(CASE WHEN file = $2 THEN number END) AS own \
         FROM numbers WHERE series = $1",
    )
    .bind(series)
    .bind(id.0)
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    let fits = |number: i64| {
        u32::try_from(number)
            .map_err(|_| damaged(format!("series {series:?} is at number {number}")))
    };
    if let Some(own) = get::<Option<i64>>(&row, "own")? {
        return fits(own);
    }
    // Numbers are never removed, so the highest is the last that was given.
    let last = get::<Option<i64>>(&row, "last")?.unwrap_or_default();
    let given = fits(last.saturating_add(1))?;
    sqlx::query("INSERT INTO numbers (series, number, file, at_us) VALUES ($1, $2, $3, $4)")
        .bind(series)
        .bind(i64::from(given))
        .bind(id.0)
        .bind(us(at))
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let (file, kind) = (Some(id), "number");
    let detail = json!({ "series": series, "number": given });
    append(
        conn,
        Entry {
            at,
            file,
            kind,
            detail,
        },
    )
    .await?;
    Ok(given)
}

pub(super) async fn load(
    conn: &mut SqliteConnection,
    key: &ObjectKey,
) -> Result<Option<Upload>, Fault> {
    let found =
        sqlx::query("SELECT upload_id, part_bytes, parts FROM uploads WHERE object_key = $1")
            .bind(key.as_str())
            .fetch_optional(conn)
            .await
            .map_err(fault)?;
    let Some(row) = found else { return Ok(None) };
    let parts = serde_json::from_str(get(&row, "parts")?)
        .map_err(|why| damaged(format!("the parts of upload {key} cannot be read: {why}")))?;
    Ok(Some(Upload {
        upload_id: get(&row, "upload_id")?,
        part_bytes: get::<i64>(&row, "part_bytes")?.cast_unsigned(),
        parts,
    }))
}

pub(super) async fn upload_ids(conn: &mut SqliteConnection) -> Result<HashSet<String>, Fault> {
    sqlx::query("SELECT upload_id FROM uploads")
        .fetch_all(conn)
        .await
        .map_err(fault)?
        .iter()
        .map(|row| get(row, "upload_id"))
        .collect()
}

pub(super) async fn save(
    conn: &mut SqliteConnection,
    key: &ObjectKey,
    upload: &Upload,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO uploads (object_key, upload_id, part_bytes, parts) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (object_key) DO UPDATE SET upload_id = excluded.upload_id, \
         part_bytes = excluded.part_bytes, parts = excluded.parts",
    )
    .bind(key.as_str())
    .bind(&upload.upload_id)
    .bind(upload.part_bytes.cast_signed())
    .bind(json!(upload.parts).to_string())
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn clear(conn: &mut SqliteConnection, key: &ObjectKey) -> Result<(), Fault> {
    sqlx::query("DELETE FROM uploads WHERE object_key = $1")
        .bind(key.as_str())
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(())
}
