//! Which key a content is to stand under: one content, one object.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::SqliteConnection;

use super::events::{Entry, append};
use super::rows::{get, us};
use super::trouble::{damaged, fault};
use crate::port::fault::Fault;
use crate::port::store::ObjectKey;

/// The content's key, claimed now if none was.
pub(super) async fn claim(
    conn: &mut SqliteConnection,
    blake3: &str,
    key: &ObjectKey,
    at: DateTime<Utc>,
) -> Result<ObjectKey, Fault> {
    let standing = sqlx::query("SELECT object_key FROM claims WHERE blake3 = $1")
        .bind(blake3)
        .fetch_optional(&mut *conn)
        .await
        .map_err(fault)?;
    if let Some(row) = standing {
        let claimed: String = get(&row, "object_key")?;
        return ObjectKey::new(claimed)
            .ok_or_else(|| damaged(format!("the claimed key of content {blake3} is no key")));
    }
    sqlx::query("INSERT INTO claims (blake3, object_key, at_us) VALUES ($1, $2, $3)")
        .bind(blake3)
        .bind(key.as_str())
        .bind(us(at))
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let detail = json!({ "blake3": blake3, "key": key });
    append(
        conn,
        Entry {
            at,
            file: None,
            kind: "claimed",
            detail,
        },
    )
    .await?;
    Ok(key.clone())
}
