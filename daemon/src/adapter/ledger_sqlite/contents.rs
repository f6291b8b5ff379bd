//! Contents by BLAKE3: digests, measurements, stills, series; and reports of files.

use serde_json::Value;
use sqlx::SqliteConnection;

use super::rows::{self, get, us};
use super::trouble::{damaged, fault};
use super::{likenesses, places};
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::ledger::{FileId, Measured, ReportRow};

/// Enters a content, or holds it against the one that stands there.
pub(super) async fn enter(conn: &mut SqliteConnection, digests: &Digests) -> Result<(), Fault> {
    // A digest that was switched off at the first arrival is filled in.
    sqlx::query(
        "INSERT INTO contents (blake3, size_bytes, sha256, sm3) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (blake3) DO UPDATE SET sm3 = COALESCE(contents.sm3, excluded.sm3)",
    )
    .bind(&digests.blake3)
    .bind(digests.size_bytes.cast_signed())
    .bind(&digests.sha256)
    .bind(&digests.sm3)
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    let row = sqlx::query("SELECT size_bytes, sha256, sm3 FROM contents WHERE blake3 = $1")
        .bind(&digests.blake3)
        .fetch_one(conn)
        .await
        .map_err(fault)?;
    let sm3: Option<String> = get(&row, "sm3")?;
    let same = get::<i64>(&row, "size_bytes")?.cast_unsigned() == digests.size_bytes
        && get::<&str>(&row, "sha256")? == digests.sha256
        && (digests.sm3.is_none() || digests.sm3 == sm3);
    if same {
        return Ok(());
    }
    Err(Fault::Final(format!(
        "content {} is in the ledger with another size, SHA-256 or SM3; one of the two readings \
         was wrong: check memory and disk of this machine, then resume",
        digests.blake3
    )))
}

/// Enters measurements; those of an earlier measuring are replaced.
pub(super) async fn measure(
    conn: &mut SqliteConnection,
    blake3: &str,
    measured: &Measured,
) -> Result<(), Fault> {
    let schema = measured.measurements.get("schema").and_then(Value::as_str);
    sqlx::query("UPDATE contents SET measurements = $1, schema_name = $2 WHERE blake3 = $3")
        .bind(measured.measurements.to_string())
        .bind(schema)
        .bind(blake3)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    sqlx::query("DELETE FROM stills WHERE blake3 = $1")
        .bind(blake3)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    for (place, (label, at_ms, jpeg)) in (0i64..).zip(&measured.stills) {
        sqlx::query(
            "INSERT INTO stills (blake3, place, label, at_ms, jpeg) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(blake3)
        .bind(place)
        .bind(label)
        .bind(at_ms.cast_signed())
        .bind(jpeg.as_slice())
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    }
    likenesses::enter(conn, blake3, &measured.measurements).await?;
    places::enter(conn, blake3, &measured.measurements).await?;
    sqlx::query("DELETE FROM series WHERE blake3 = $1")
        .bind(blake3)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    if !measured.series.is_empty() {
        sqlx::query("INSERT INTO series (blake3, bytes) VALUES ($1, $2)")
            .bind(blake3)
            .bind(measured.series.as_slice())
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
    }
    Ok(())
}

pub(super) async fn measured(
    conn: &mut SqliteConnection,
    blake3: &str,
) -> Result<Option<Measured>, Fault> {
    let found = sqlx::query(
        "SELECT measurements FROM contents WHERE blake3 = $1 AND measurements IS NOT NULL",
    )
    .bind(blake3)
    .fetch_optional(&mut *conn)
    .await
    .map_err(fault)?;
    let Some(row) = found else { return Ok(None) };
    let measurements = rows::json(get(&row, "measurements")?)?;
    let stills =
        sqlx::query("SELECT label, at_ms, jpeg FROM stills WHERE blake3 = $1 ORDER BY place")
            .bind(blake3)
            .fetch_all(&mut *conn)
            .await
            .map_err(fault)?;
    let series = sqlx::query("SELECT bytes FROM series WHERE blake3 = $1")
        .bind(blake3)
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    let stills = stills.iter().map(|row| {
        let at_ms: i64 = get(row, "at_ms")?;
        Ok((get(row, "label")?, at_ms.cast_unsigned(), get(row, "jpeg")?))
    });
    Ok(Some(Measured {
        measurements,
        stills: stills.collect::<Result<_, Fault>>()?,
        series: series
            .map(|row| get(&row, "bytes"))
            .transpose()?
            .unwrap_or_default(),
    }))
}

pub(super) async fn measured_after(
    conn: &mut SqliteConnection,
    blake3: &str,
    limit: u32,
) -> Result<Vec<(String, Value)>, Fault> {
    let found = sqlx::query(
        "SELECT blake3, measurements FROM contents \
         WHERE blake3 > $1 AND measurements IS NOT NULL ORDER BY blake3 LIMIT $2",
    )
    .bind(blake3)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    let pairs = found.iter().map(|row| {
        let measurements = rows::json(get(row, "measurements")?)?;
        Ok((get(row, "blake3")?, measurements))
    });
    pairs.collect()
}

/// Enters a report; its revision must be newer than every one before.
pub(super) async fn enter_report(
    conn: &mut SqliteConnection,
    id: FileId,
    report: &ReportRow,
) -> Result<(), Fault> {
    let row = sqlx::query("SELECT MAX(revision) AS newest FROM reports WHERE file = $1")
        .bind(id.0)
        .fetch_one(&mut *conn)
        .await
        .map_err(fault)?;
    let newest = get::<Option<i64>>(&row, "newest")?.unwrap_or_default();
    if i64::from(report.revision) <= newest {
        return Err(Fault::Final(format!(
            "report revision {} of {id} does not follow revision {newest}, which is in the ledger: \
             another program may have entered it meanwhile; nothing was changed, look again",
            report.revision
        )));
    }
    sqlx::query(
        "INSERT INTO reports (file, revision, at_us, rules, report, json_key, html_key) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id.0)
    .bind(i64::from(report.revision))
    .bind(us(report.at))
    .bind(&report.rules)
    .bind(report.report.to_string())
    .bind(report.json_key.as_str())
    .bind(report.html_key.as_str())
    .execute(&mut *conn)
    .await
    .map_err(fault)?;
    let row = sqlx::query("UPDATE files SET report_revision = $1 WHERE id = $2")
        .bind(i64::from(report.revision))
        .bind(id.0)
        .execute(conn)
        .await
        .map_err(fault)?;
    match row.rows_affected() {
        1 => Ok(()),
        _ => Err(damaged(format!(
            "{id} vanished while its report was entered"
        ))),
    }
}

/// Every report of a file, oldest first.
pub(super) async fn reports(
    conn: &mut SqliteConnection,
    id: FileId,
) -> Result<Vec<ReportRow>, Fault> {
    sqlx::query(
        "SELECT revision, at_us, rules, report, json_key, html_key FROM reports \
         WHERE file = $1 ORDER BY revision",
    )
    .bind(id.0)
    .fetch_all(conn)
    .await
    .map_err(fault)?
    .iter()
    .map(rows::report)
    .collect()
}

pub(super) async fn report(
    conn: &mut SqliteConnection,
    id: FileId,
) -> Result<Option<ReportRow>, Fault> {
    sqlx::query(
        "SELECT revision, at_us, rules, report, json_key, html_key FROM reports \
         WHERE file = $1 ORDER BY revision DESC LIMIT 1",
    )
    .bind(id.0)
    .fetch_optional(conn)
    .await
    .map_err(fault)?
    .as_ref()
    .map(rows::report)
    .transpose()
}
