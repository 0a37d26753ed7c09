//! What accounts keep for themselves.

use phasegate_domain::ids::{AccountId, EnvironmentId};
use phasegate_store::{
    StoreError,
    models::{AccountValue, AccountValueKind},
};

use crate::{
    database::{Database, commit_transaction},
    error::database_error,
};

pub(super) async fn read_values(
    db: &Database,
    account: AccountId,
    environment: EnvironmentId,
    kind: AccountValueKind,
) -> Result<Vec<(String, String)>, StoreError> {
    sqlx::query_as(
        "SELECT name, value FROM account_values
         WHERE account_id = ? AND environment_id = ? AND kind = ? ORDER BY name",
    )
    .bind(account.0)
    .bind(environment.0)
    .bind(kind.as_str())
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)
}

pub(super) async fn save_value(db: &Database, value: &AccountValue) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    sqlx::query(
        "INSERT OR REPLACE INTO account_values (account_id, environment_id, kind, name, value)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(value.account.0)
    .bind(value.environment.0)
    .bind(value.kind.as_str())
    .bind(&value.name)
    .bind(&value.value)
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    commit_transaction(tx).await
}

pub(super) async fn delete_value(db: &Database, value: &AccountValue) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    sqlx::query(
        "DELETE FROM account_values
         WHERE account_id = ? AND environment_id = ? AND kind = ? AND name = ?",
    )
    .bind(value.account.0)
    .bind(value.environment.0)
    .bind(value.kind.as_str())
    .bind(&value.name)
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    commit_transaction(tx).await
}
