//! Deletion of expired telemetry and of whole environments, in small transactions, so that batches
//! never wait long.

use std::collections::BTreeMap;

use phasegate_domain::{
    Timestamp,
    ids::EnvironmentId,
    metrics::Metric,
    privacy::{RetentionKind, RetentionPolicy},
    time::{Resolution, day_of},
};
use phasegate_store::StoreError;
use sqlx::{Sqlite, query::Query, sqlite::SqliteArguments};

use crate::{
    database::{Database, commit_transaction},
    error::database_error,
};

/// Maximum number of rows that one transaction deletes.
const PART: i64 = 5_000;

/// Deletes telemetry that has expired by the retention policy of its environment.
pub(super) async fn purge_expired_telemetry(
    db: &Database,
    now: Timestamp,
    kept: &BTreeMap<EnvironmentId, RetentionPolicy>,
) -> Result<(), StoreError> {
    // Skips from one environment to the next through the primary key. This also finds environments
    // without recent events.
    let environments: Vec<i64> = sqlx::query_scalar(
        "WITH RECURSIVE found (id) AS (
             SELECT min(environment_id) FROM rollups
             UNION ALL
             SELECT (SELECT min(environment_id) FROM rollups WHERE environment_id > found.id)
             FROM found WHERE found.id IS NOT NULL)
         SELECT id FROM found WHERE id IS NOT NULL",
    )
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    for id in environments {
        let kept = kept.get(&EnvironmentId(id).real_id()).copied().unwrap_or_default();
        delete_rollups_before(db, id, now, kept).await?;
        let today = day_of(now);
        if let Some(day) = kept.first_kept_day(RetentionKind::Rollups, today) {
            let sets =
                "DELETE FROM activities WHERE environment_id = ?1 AND (activity, day, chunk) IN (
                 SELECT activity, day, chunk FROM activities
                 WHERE environment_id = ?1 AND day < ?2 LIMIT ?3)";
            delete_rows_before(db, sets, id, day).await?;
        }
        let begin = |kind| kept.first_kept_day(kind, today).map(|day| day * 86_400_000);
        if let Some(at) = begin(RetentionKind::Reports) {
            delete_rows_before(
                db,
                "DELETE FROM reports WHERE id IN (
                 SELECT id FROM reports WHERE environment_id = ?1 AND at < ?2 LIMIT ?3)",
                id,
                at,
            )
            .await?;
        }
        if let Some(at) = begin(RetentionKind::Screenshots) {
            let pictures = "DELETE FROM screenshots WHERE environment_id = ?1 AND id IN (
                 SELECT id FROM screenshots WHERE environment_id = ?1 AND at < ?2 LIMIT ?3)";
            delete_rows_before(db, pictures, id, at).await?;
        }
    }
    Ok(())
}

async fn delete_rollups_before(
    db: &Database,
    environment: i64,
    now: Timestamp,
    kept: RetentionPolicy,
) -> Result<(), StoreError> {
    for resolution in Resolution::ALL {
        let since = match resolution {
            Resolution::Day => kept.first_kept_day(RetentionKind::Rollups, day_of(now)),
            _ => resolution.kept_days().map(|_| resolution.kept_since(now)),
        };
        let Some(since) = since else { continue };
        for metric in Metric::ALL {
            delete_in_parts(db, || {
                sqlx::query(
                    "DELETE FROM rollups WHERE environment_id = ?1 AND resolution = ?2
                     AND metric = ?3 AND (dimension, bucket, label) IN (
                         SELECT dimension, bucket, label FROM rollups
                         WHERE environment_id = ?1 AND resolution = ?2 AND metric = ?3
                         AND bucket < ?4 LIMIT ?5)",
                )
                .bind(environment)
                .bind(resolution.stored_number())
                .bind(metric.as_str())
                .bind(since)
                .bind(PART)
            })
            .await?;
        }
    }
    Ok(())
}

async fn delete_rows_before(
    db: &Database,
    statement: &'static str,
    environment: i64,
    before: i64,
) -> Result<(), StoreError> {
    delete_in_parts(db, || sqlx::query(statement).bind(environment).bind(before).bind(PART)).await
}

/// Runs a statement that deletes at most [`PART`] rows, each time in its own transaction, until
/// there are no more.
async fn delete_in_parts(
    db: &Database,
    statement: impl Fn() -> Query<'static, Sqlite, SqliteArguments>,
) -> Result<(), StoreError> {
    loop {
        let mut tx = db.begin_write().await?;
        let done = statement().execute(&mut *tx).await.map_err(database_error)?;
        commit_transaction(tx).await?;
        if done.rows_affected() < PART.unsigned_abs() {
            return Ok(());
        }
    }
}

/// Deletes the telemetry of an environment, except raw events, evaluation counts and waiting
/// labels, which expire. The simulation goes last, so that an interrupted deletion can be repeated.
pub(super) async fn delete_environment_telemetry(
    db: &Database,
    environment: EnvironmentId,
) -> Result<(), StoreError> {
    for part in [
        "DELETE FROM rollups WHERE environment_id = ?1 AND (resolution, metric, dimension, bucket, label) IN (
             SELECT resolution, metric, dimension, bucket, label FROM rollups
             WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM activities WHERE environment_id = ?1 AND (activity, day, chunk) IN (
             SELECT activity, day, chunk FROM activities WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM users WHERE environment_id = ?1 AND hash IN (
             SELECT hash FROM users WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM sessions WHERE environment_id = ?1 AND id IN (
             SELECT id FROM sessions WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM batches WHERE environment_id = ?1 AND id IN (
             SELECT id FROM batches WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM reports WHERE id IN (
             SELECT id FROM reports WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM screenshots WHERE environment_id = ?1 AND id IN (
             SELECT id FROM screenshots WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM labels WHERE environment_id = ?1 AND (metric, label) IN (
             SELECT metric, label FROM labels WHERE environment_id = ?1 LIMIT ?2)",
        "DELETE FROM simulations WHERE environment_id IN (SELECT ?1 LIMIT ?2)",
    ] {
        delete_in_parts(db, || sqlx::query(part).bind(environment.0).bind(PART)).await?;
    }
    Ok(())
}
