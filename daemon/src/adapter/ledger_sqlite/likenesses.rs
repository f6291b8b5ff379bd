//! What pictures look like: entered with their measurements, held in memory from
//! the first question on.

use serde_json::Value;
use sqlx::SqliteConnection;
use unbroken_probes::measure::likeness::{Bits, Likeness};

use super::rows::get;
use super::trouble::{damaged, fault};
use crate::likeness::{Index, Near};
use crate::port::fault::Fault;
use crate::port::ledger::LooksAlike;

/// Rows read at once while the index catches up.
const PAGE_ROWS: i64 = 65_536;

/// Enters what the measurements of a content say of its looks.
pub(super) async fn enter(
    conn: &mut SqliteConnection,
    blake3: &str,
    measurements: &Value,
) -> Result<(), Fault> {
    let likeness = measurements
        .pointer("/photo/likeness")
        .and_then(|found| serde_json::from_value::<Likeness>(found.clone()).ok());
    if let Some(likeness) = likeness.filter(Likeness::is_comparable) {
        sqlx::query("INSERT INTO likenesses (blake3, bits) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(blake3)
            .bind(likeness.bits.to_bytes().as_slice())
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
    }
    let pixels = measurements
        .pointer("/photo/pixels_blake3")
        .and_then(Value::as_str);
    if let Some(pixels) = pixels {
        sqlx::query(
            "INSERT INTO equal_pixels (pixels_blake3, blake3) VALUES ($1, $2) \
             ON CONFLICT DO NOTHING",
        )
        .bind(pixels)
        .bind(blake3)
        .execute(conn)
        .await
        .map_err(fault)?;
    }
    Ok(())
}

/// Adds to the index what was entered since.
pub(super) async fn catch_up(conn: &mut SqliteConnection, index: &mut Index) -> Result<(), Fault> {
    loop {
        let after = index.last_number().map_or(0, i64::from);
        let rows =
            sqlx::query("SELECT id, bits FROM likenesses WHERE id > $1 ORDER BY id LIMIT $2")
                .bind(after)
                .bind(PAGE_ROWS)
                .fetch_all(&mut *conn)
                .await
                .map_err(fault)?;
        if rows.is_empty() {
            return Ok(());
        }
        index.reserve(rows.len());
        for row in &rows {
            let id: i64 = get(row, "id")?;
            let bytes: &[u8] = get(row, "bits")?;
            let entry = u32::try_from(id).ok().zip(<[u8; 32]>::try_from(bytes).ok());
            let (number, bytes) =
                entry.ok_or_else(|| damaged(format!("likeness {id} is not 32 bytes")))?;
            index.add(number, Bits::from_bytes(bytes));
        }
    }
}

/// The contents behind what the index found.
pub(super) async fn contents(
    conn: &mut SqliteConnection,
    found: &[Near],
) -> Result<Vec<LooksAlike>, Fault> {
    let mut alike = Vec::with_capacity(found.len());
    for near in found {
        let row = sqlx::query("SELECT blake3 FROM likenesses WHERE id = $1")
            .bind(i64::from(near.number))
            .fetch_one(&mut *conn)
            .await
            .map_err(fault)?;
        alike.push(LooksAlike {
            blake3: get(&row, "blake3")?,
            distance_bits: near.distance_bits,
            asked: near.asked,
        });
    }
    Ok(alike)
}

/// Contents whose decoded pixels are these.
pub(super) async fn with_pixels(
    conn: &mut SqliteConnection,
    pixels_blake3: &str,
    limit: u32,
) -> Result<Vec<String>, Fault> {
    sqlx::query("SELECT blake3 FROM equal_pixels WHERE pixels_blake3 = $1 LIMIT $2")
        .bind(pixels_blake3)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(fault)?
        .iter()
        .map(|row| get(row, "blake3"))
        .collect()
}
