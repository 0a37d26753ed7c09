//! Evaluation counts by flag, variant and hour.

use phasegate_domain::ids::{EnvironmentId, FlagKey, VariantName};
use phasegate_store::{StoreError, models::EvaluationCount};

use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
};

pub(super) async fn add_evaluation_counts(
    db: &Database,
    rows: &[EvaluationCount],
    delete_before: i64,
) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    for row in rows {
        sqlx::query(
            "INSERT INTO flag_usage (environment_id, hour, flag, variant, count)
             VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count",
        )
        .bind(row.environment.0)
        .bind(row.hour)
        .bind(row.flag.as_str())
        .bind(row.variant.as_str())
        .bind(i64::try_from(row.count).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    }
    sqlx::query("DELETE FROM flag_usage WHERE hour < ?")
        .bind(delete_before)
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    commit_transaction(tx).await
}

pub(super) async fn read_evaluation_counts(
    db: &Database,
    environment: EnvironmentId,
    from_hour: i64,
) -> Result<Vec<EvaluationCount>, StoreError> {
    let rows: Vec<(i64, String, String, i64)> = sqlx::query_as(
        "SELECT hour, flag, variant, count FROM flag_usage
         WHERE environment_id = ? AND hour >= ? ORDER BY hour",
    )
    .bind(environment.0)
    .bind(from_hour)
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    let read = |(hour, flag, variant, count): (i64, String, String, i64)| {
        let flag = FlagKey::new(flag).map_err(|error| damaged_error("flag usage")(&error))?;
        let variant =
            VariantName::new(variant).map_err(|error| damaged_error("flag usage")(&error))?;
        let count = u64::try_from(count).unwrap_or_default();
        Ok(EvaluationCount { environment, hour, flag, variant, count })
    };
    rows.into_iter().map(read).collect()
}
