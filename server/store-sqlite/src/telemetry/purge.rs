//! Deletion of expired telemetry and of whole environments, in small transactions, so that batches
//! never wait long.

use std::collections::BTreeSet;

use phasegate_domain::{
    Timestamp, ids::EnvironmentId, metrics::Metric, privacy::RetentionCutoffs, time::Resolution,
};
use phasegate_store::StoreError;
use sqlx::{Sqlite, query::Query, sqlite::SqliteArguments};

use crate::{
    database::{Database, commit_transaction},
    error::database_error,
};

/// Maximum number of rows that one transaction deletes.
const PART: i64 = 5_000;

/// Returns the environments with telemetry. Each query skips from one environment to the next
/// through an index, so it also finds environments without recent events.
pub(super) async fn list_environments(
    db: &Database,
) -> Result<BTreeSet<EnvironmentId>, StoreError> {
    let mut found = BTreeSet::new();
    for table in ["rollups", "activities", "reports", "screenshots"] {
        let environments: Vec<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "WITH RECURSIVE found (id) AS (
                 SELECT min(environment_id) FROM {table}
                 UNION ALL
                 SELECT (SELECT min(environment_id) FROM {table} WHERE environment_id > found.id)
                 FROM found WHERE found.id IS NOT NULL)
             SELECT id FROM found WHERE id IS NOT NULL",
        )))
        .fetch_all(&db.reader)
        .await
        .map_err(database_error)?;
        found.extend(environments.into_iter().map(EnvironmentId));
    }
    Ok(found)
}

pub(super) async fn delete_expired_telemetry(
    db: &Database,
    environment: EnvironmentId,
    cutoffs: &RetentionCutoffs,
) -> Result<(), StoreError> {
    for (resolution, bucket) in &cutoffs.rollup_buckets {
        delete_rollups_before(db, environment, *resolution, *bucket).await?;
    }
    let millis = |at: Option<Timestamp>| at.map(|at| at.timestamp_millis());
    for (statement, before) in [
        (
            "DELETE FROM activities WHERE environment_id = ?1 AND (activity, day, chunk) IN (
                 SELECT activity, day, chunk FROM activities
                 WHERE environment_id = ?1 AND day < ?2 LIMIT ?3)",
            cutoffs.user_set_day,
        ),
        (
            "DELETE FROM reports WHERE id IN (
                 SELECT id FROM reports WHERE environment_id = ?1 AND at < ?2 LIMIT ?3)",
            millis(cutoffs.reports_since),
        ),
        (
            "DELETE FROM screenshots WHERE environment_id = ?1 AND id IN (
                 SELECT id FROM screenshots WHERE environment_id = ?1 AND at < ?2 LIMIT ?3)",
            millis(cutoffs.screenshots_since),
        ),
    ] {
        let Some(before) = before else { continue };
        delete_in_parts(db, || sqlx::query(statement).bind(environment.0).bind(before).bind(PART))
            .await?;
    }
    Ok(())
}

async fn delete_rollups_before(
    db: &Database,
    environment: EnvironmentId,
    resolution: Resolution,
    bucket: i64,
) -> Result<(), StoreError> {
    for metric in Metric::ALL {
        delete_in_parts(db, || {
            sqlx::query(
                "DELETE FROM rollups WHERE environment_id = ?1 AND resolution = ?2
                 AND metric = ?3 AND (dimension, bucket, label) IN (
                     SELECT dimension, bucket, label FROM rollups
                     WHERE environment_id = ?1 AND resolution = ?2 AND metric = ?3
                     AND bucket < ?4 LIMIT ?5)",
            )
            .bind(environment.0)
            .bind(resolution.stored_number())
            .bind(metric.as_str())
            .bind(bucket)
            .bind(PART)
        })
        .await?;
    }
    Ok(())
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
