//! Login sessions.

use phasegate_domain::{Timestamp, ids::AccountId};
use phasegate_store::{
    StoreError,
    models::{Digest, Session},
};

use super::columns::parse_timestamp;
use crate::{
    database::{Database, commit_transaction},
    error::database_error,
};

pub(super) async fn create_session(db: &Database, session: &Session) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    sqlx::query(
        "INSERT INTO sessions (id, account_id, account_epoch, data, expires_at)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(session.id.0.as_slice())
    .bind(session.account.map(|id| id.0))
    .bind(session.epoch)
    .bind(&session.data)
    .bind(session.expires_at.timestamp_millis())
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    commit_transaction(tx).await
}

pub(super) async fn save_session(db: &Database, session: &Session) -> Result<bool, StoreError> {
    let mut tx = db.begin_write().await?;
    let done = sqlx::query(
        "UPDATE sessions SET account_id = ?, account_epoch = ?, data = ?, expires_at = ?
         WHERE id = ?",
    )
    .bind(session.account.map(|id| id.0))
    .bind(session.epoch)
    .bind(&session.data)
    .bind(session.expires_at.timestamp_millis())
    .bind(session.id.0.as_slice())
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    commit_transaction(tx).await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn read_session(
    db: &Database,
    id: Digest,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let row: Option<(Option<i64>, i64, String, i64)> = sqlx::query_as(
        "SELECT s.account_id, s.account_epoch, s.data, s.expires_at FROM sessions s
         LEFT JOIN accounts a ON a.id = s.account_id
         WHERE s.id = ? AND s.expires_at > ?
           AND (s.account_id IS NULL OR a.session_epoch = s.account_epoch)",
    )
    .bind(id.0.as_slice())
    .bind(now.timestamp_millis())
    .fetch_optional(&db.reader)
    .await
    .map_err(database_error)?;
    row.map(|(account, epoch, data, expires_at)| {
        let expires_at = parse_timestamp("session", expires_at)?;
        Ok(Session { id, account: account.map(AccountId), epoch, data, expires_at })
    })
    .transpose()
}

pub(super) async fn delete_session(db: &Database, id: Digest) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    sqlx::query("DELETE FROM sessions WHERE id = ?")
        .bind(id.0.as_slice())
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    commit_transaction(tx).await
}

pub(super) async fn delete_ended_sessions(db: &Database, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
        .bind(now.timestamp_millis())
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    commit_transaction(tx).await
}
