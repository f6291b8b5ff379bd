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

/// The looks that measurements tell of, if these can be compared.
fn looks(measurements: &Value) -> Option<Bits> {
    let found = measurements.pointer("/photo/likeness")?;
    let likeness: Likeness = serde_json::from_value(found.clone()).ok()?;
    likeness.is_comparable().then_some(likeness.bits)
}

/// The digest of the decoded pixels that measurements tell of.
fn pixels(measurements: &Value) -> Option<&str> {
    measurements.pointer("/photo/pixels_blake3")?.as_str()
}

/// Enters what the measurements of a content say of its looks.
pub(super) async fn enter(
    conn: &mut SqliteConnection,
    blake3: &str,
    measurements: &Value,
) -> Result<(), Fault> {
    if let Some(bits) = looks(measurements) {
        sqlx::query("INSERT INTO likenesses (blake3, bits) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(blake3)
            .bind(bits.to_bytes().as_slice())
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
    }
    if let Some(pixels) = pixels(measurements) {
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

/// Holds what is entered of a content's looks against its measurements, in
/// words if they do not fit. An earlier measuring may have left looks of its
/// own; more than there were `measurings` nobody entered.
pub(super) async fn misfit(
    conn: &mut SqliteConnection,
    blake3: &str,
    measurements: &Value,
    measurings: usize,
) -> Result<Option<String>, Fault> {
    let bits = looks(measurements).map(|bits| bits.to_bytes().to_vec());
    let entered = column(
        conn,
        "SELECT bits FROM likenesses WHERE blake3 = $1",
        blake3,
    )
    .await?;
    if !fits(bits.as_ref(), &entered, measurings) {
        return Ok(Some(
            "its looks are not those that were measured".to_owned(),
        ));
    }
    let pixels = pixels(measurements).map(str::to_owned);
    let of_content = "SELECT pixels_blake3 FROM equal_pixels WHERE blake3 = $1";
    let entered = column(conn, of_content, blake3).await?;
    Ok((!fits(pixels.as_ref(), &entered, measurings))
        .then(|| "the digest of its pixels is not the one that was measured".to_owned()))
}

/// Whether the value measured last is among those entered, and no more of them
/// than measurings.
fn fits<T: PartialEq>(measured: Option<&T>, entered: &[T], measurings: usize) -> bool {
    measured.is_none_or(|value| entered.contains(value)) && entered.len() <= measurings
}

/// The first column of what a question about a content finds.
async fn column<T>(
    conn: &mut SqliteConnection,
    question: &'static str,
    blake3: &str,
) -> Result<Vec<T>, Fault>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite> + Send + Unpin,
{
    sqlx::query_scalar(question)
        .bind(blake3)
        .fetch_all(conn)
        .await
        .map_err(fault)
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
