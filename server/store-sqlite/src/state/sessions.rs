//! Login sessions.

use phasegate_domain::{Timestamp, ids::AccountId};
use phasegate_store::{
    StoreError,
    models::{Digest, Session},
};

use super::columns::parse_timestamp;
use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
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
        // A request that began before a new password must not take its session back to the old epoch.
        "UPDATE sessions SET account_epoch = iif(account_id IS ?1, account_epoch, ?2),
             account_id = ?1, data = ?3, expires_at = ?4
         WHERE id = ?5",
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

pub(super) async fn read_sessions(
    db: &Database,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let rows: Vec<(Vec<u8>, i64, i64, String, i64)> = sqlx::query_as(
        "SELECT s.id, s.account_id, s.account_epoch, s.data, s.expires_at
         FROM sessions s JOIN accounts a ON a.id = s.account_id
         WHERE s.expires_at > ?1 AND a.session_epoch = s.account_epoch
             AND (?2 IS NULL OR s.account_id = ?2)
         ORDER BY s.expires_at DESC LIMIT 10000",
    )
    .bind(now.timestamp_millis())
    .bind(account.map(|id| id.0))
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    let parse = |(id, account, epoch, data, expires_at): (Vec<u8>, _, _, _, _)| {
        let damaged = |_| damaged_error("session")(&"a digest has 32 bytes");
        let id = Digest(id.try_into().map_err(damaged)?);
        let expires_at = parse_timestamp("session", expires_at)?;
        Ok(Session { id, account: Some(AccountId(account)), epoch, data, expires_at })
    };
    rows.into_iter().map(parse).collect()
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
    for delete in [
        "DELETE FROM sessions WHERE expires_at <= ?",
        "DELETE FROM account_links WHERE expires_at <= ?",
    ] {
        sqlx::query(delete)
            .bind(now.timestamp_millis())
            .execute(&mut *tx)
            .await
            .map_err(database_error)?;
    }
    commit_transaction(tx).await
}
