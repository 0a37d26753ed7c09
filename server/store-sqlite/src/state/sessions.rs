//! Login sessions.

use phasegate_domain::{Timestamp, ids::UserId};
use phasegate_store::{
    StoreError,
    models::{Digest, Session},
};

use super::instant;
use crate::{
    database::{Database, commit},
    error::database,
};

pub(super) async fn save(db: &Database, session: &Session) -> Result<(), StoreError> {
    let mut tx = db.write().await?;
    sqlx::query(
        "INSERT INTO sessions (id, account_id, data, expires_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
             account_id = excluded.account_id,
             data = excluded.data,
             expires_at = excluded.expires_at",
    )
    .bind(session.id.0.as_slice())
    .bind(session.person.map(|id| id.0))
    .bind(&session.data)
    .bind(session.expires_at.timestamp_millis())
    .execute(&mut *tx)
    .await
    .map_err(database)?;
    commit(tx).await
}

pub(super) async fn load(
    db: &Database,
    id: Digest,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let row: Option<(Option<i64>, String, i64)> = sqlx::query_as(
        "SELECT account_id, data, expires_at FROM sessions WHERE id = ? AND expires_at > ?",
    )
    .bind(id.0.as_slice())
    .bind(now.timestamp_millis())
    .fetch_optional(&db.reader)
    .await
    .map_err(database)?;
    row.map(|(person, data, expires_at)| {
        let expires_at = instant("session", expires_at)?;
        Ok(Session { id, person: person.map(UserId), data, expires_at })
    })
    .transpose()
}

pub(super) async fn delete(db: &Database, id: Digest) -> Result<(), StoreError> {
    let mut tx = db.write().await?;
    sqlx::query("DELETE FROM sessions WHERE id = ?")
        .bind(id.0.as_slice())
        .execute(&mut *tx)
        .await
        .map_err(database)?;
    commit(tx).await
}

pub(super) async fn delete_ended(db: &Database, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.write().await?;
    sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
        .bind(now.timestamp_millis())
        .execute(&mut *tx)
        .await
        .map_err(database)?;
    commit(tx).await
}
