//! The keys of stored batches, and the time of the newest one.

use std::collections::BTreeSet;

use phasegate_domain::{events::BatchKey, ids::EnvironmentId};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::{database::Database, error::database_error};

fn batch_key((environment, id): (i64, String)) -> BatchKey {
    BatchKey { environment: EnvironmentId(environment), id }
}

pub(super) async fn find_batch_keys(
    db: &Database,
    keys: &[BatchKey],
) -> Result<BTreeSet<BatchKey>, StoreError> {
    let all: Vec<Value> = keys.iter().map(|key| json!([key.environment.0, key.id])).collect();
    let known: Vec<(i64, String)> = sqlx::query_as(
        "SELECT b.environment_id, b.id FROM json_each(?) AS j CROSS JOIN batches AS b
         ON b.environment_id = j.value ->> 0 AND b.id = j.value ->> 1",
    )
    .bind(Value::Array(all).to_string())
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    Ok(known.into_iter().map(batch_key).collect())
}

pub(super) async fn add_batch_keys(
    tx: &mut SqliteConnection,
    keys: &[(BatchKey, i64)],
) -> Result<BTreeSet<BatchKey>, StoreError> {
    let row = |(key, minute): &(BatchKey, i64)| json!([key.environment.0, key.id, minute]);
    let all: Vec<Value> = keys.iter().map(row).collect();
    let fresh: Vec<(i64, String)> = sqlx::query_as(
        "INSERT INTO batches (environment_id, id, minute)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
         ON CONFLICT DO NOTHING RETURNING environment_id, id",
    )
    .bind(Value::Array(all).to_string())
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    Ok(fresh.into_iter().map(batch_key).collect())
}

/// Deletes the keys of batches before a minute.
pub(super) async fn delete_batch_keys(
    tx: &mut SqliteConnection,
    minute: i64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM batches WHERE minute < ?")
        .bind(minute)
        .execute(tx)
        .await
        .map_err(database_error)?;
    Ok(())
}

/// Reads the minute of the newest batch. The index is read from its newest end, where usually the
/// first entry matches.
pub(super) async fn read_newest_batch_minute(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar(
        "SELECT minute FROM batches INDEXED BY batches_by_minute
         WHERE environment_id = ? AND minute > 0 ORDER BY minute DESC LIMIT 1",
    )
    .bind(environment.0)
    .fetch_optional(&db.reader)
    .await
    .map_err(database_error)
}
