//! Where pictures say that they were taken: entered with their measurements.

use serde_json::Value;
use sqlx::SqliteConnection;
use unbroken_probes::measurements::Position;

use super::rows::get;
use super::trouble::fault;
use crate::port::fault::Fault;
use crate::port::ledger::FileId;

/// Millionths of a degree, 0.11 m.
const PER_DEGREE: f64 = 1e6;

/// Latitude and longitude that measurements tell of, in millionths of a degree.
fn place(measurements: &Value) -> Option<(i64, i64)> {
    let found = measurements.get("position")?;
    let position: Position = serde_json::from_value(found.clone()).ok()?;
    let micro = |degrees: f64| (degrees * PER_DEGREE).round() as i64;
    Some((micro(position.latitude_deg), micro(position.longitude_deg)))
}

/// Enters what the measurements of a content say of its place.
pub(super) async fn enter(
    conn: &mut SqliteConnection,
    blake3: &str,
    measurements: &Value,
) -> Result<(), Fault> {
    let Some((latitude_udeg, longitude_udeg)) = place(measurements) else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO places (blake3, latitude_udeg, longitude_udeg) VALUES ($1, $2, $3) \
         ON CONFLICT (blake3) DO UPDATE SET latitude_udeg = excluded.latitude_udeg, \
         longitude_udeg = excluded.longitude_udeg",
    )
    .bind(blake3)
    .bind(latitude_udeg)
    .bind(longitude_udeg)
    .execute(conn)
    .await
    .map_err(fault)?;
    Ok(())
}

/// Holds the place entered of a content against its measurements, in words if
/// they do not fit. A place that only an earlier measuring found may stand.
pub(super) async fn misfit(
    conn: &mut SqliteConnection,
    blake3: &str,
    measurements: &Value,
    measurings: usize,
) -> Result<Option<String>, Fault> {
    let entered: Option<(i64, i64)> =
        sqlx::query_as("SELECT latitude_udeg, longitude_udeg FROM places WHERE blake3 = $1")
            .bind(blake3)
            .fetch_optional(conn)
            .await
            .map_err(fault)?;
    let measured = place(measurements);
    let is_earlier = measured.is_none() && measurings > 1;
    Ok((entered != measured && !is_earlier)
        .then(|| "its place is not the one that was measured".to_owned()))
}

/// Places of the other files of a case, the newest first.
pub(super) async fn of_case(
    conn: &mut SqliteConnection,
    case_number: &str,
    but: FileId,
    limit: u32,
) -> Result<Vec<Position>, Fault> {
    sqlx::query(
        "SELECT latitude_udeg, longitude_udeg FROM files JOIN places ON places.blake3 = files.blake3 \
         WHERE case_number = $1 AND id <> $2 ORDER BY id DESC LIMIT $3",
    )
    .bind(case_number)
    .bind(but.0)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(fault)?
    .iter()
    .map(|row| {
        let degrees = |column| get::<i64>(row, column).map(|micro| micro as f64 / PER_DEGREE);
        Ok(Position {
            latitude_deg: degrees("latitude_udeg")?,
            longitude_deg: degrees("longitude_udeg")?,
            ..Position::default()
        })
    })
    .collect()
}
