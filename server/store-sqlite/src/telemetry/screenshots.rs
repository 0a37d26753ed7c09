//! Screenshots, bounded in bytes per environment.

use phasegate_domain::{
    Timestamp,
    feedback::{ImageKind, Screenshot},
    ids::EnvironmentId,
};
use phasegate_store::StoreError;

use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
};

pub(super) async fn save_screenshot(
    db: &Database,
    screenshot: &Screenshot,
    limit_bytes: u64,
) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    sqlx::query(
        "INSERT INTO screenshots (environment_id, id, at, media_type, size, bytes)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(screenshot.environment.0)
    .bind(&screenshot.id)
    .bind(screenshot.at.timestamp_millis())
    .bind(screenshot.kind.media_type())
    .bind(i64::try_from(screenshot.bytes.len()).unwrap_or(i64::MAX))
    .bind(&screenshot.bytes)
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    // The newest screenshots that fit stay.
    sqlx::query(
        "DELETE FROM screenshots WHERE environment_id = ?1 AND id IN (
             SELECT id FROM (
                 SELECT id, sum(size) OVER (ORDER BY at DESC, id) AS taken
                 FROM screenshots WHERE environment_id = ?1)
             WHERE taken > ?2)",
    )
    .bind(screenshot.environment.0)
    .bind(i64::try_from(limit_bytes).unwrap_or(i64::MAX))
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    commit_transaction(tx).await
}

pub(super) async fn read_screenshot(
    db: &Database,
    environment: EnvironmentId,
    id: &str,
) -> Result<Option<Screenshot>, StoreError> {
    let row: Option<(i64, String, Vec<u8>)> = sqlx::query_as(
        "SELECT at, media_type, bytes FROM screenshots WHERE environment_id = ? AND id = ?",
    )
    .bind(environment.0)
    .bind(id)
    .fetch_optional(&db.reader)
    .await
    .map_err(database_error)?;
    let Some((at, media_type, bytes)) = row else { return Ok(None) };
    let wrong = |what: &str| damaged_error("screenshot")(&what);
    let at = Timestamp::from_timestamp_millis(at).ok_or_else(|| wrong("its time"))?;
    let kind = ImageKind::parse(&media_type).ok_or_else(|| wrong("its media type"))?;
    Ok(Some(Screenshot { id: id.to_owned(), environment, at, kind, bytes }))
}

/// Returns the size of all screenshots in bytes.
pub(super) async fn screenshot_bytes(db: &Database) -> Result<u64, StoreError> {
    let bytes: i64 = sqlx::query_scalar("SELECT coalesce(sum(size), 0) FROM screenshots")
        .fetch_one(&db.reader)
        .await
        .map_err(database_error)?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}
