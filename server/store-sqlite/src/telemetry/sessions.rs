//! The stored state of sessions.

use phasegate_domain::{
    events::SessionHash,
    metrics::{SessionKey, Sessions},
};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::{damaged_error, database_error};

/// Returns the hash as the column stores it: the same bits, signed.
fn session_column(session: SessionHash) -> i64 {
    session.0.cast_signed()
}

pub(super) async fn read_sessions(
    tx: &mut SqliteConnection,
    keys: &[SessionKey],
) -> Result<Sessions, StoreError> {
    let document: Vec<Value> = keys.iter().map(|(e, s)| json!([e.0, session_column(*s)])).collect();
    let stored: Vec<(i64, String)> = sqlx::query_as(
        "SELECT j.key, s.session FROM json_each(?) AS j CROSS JOIN sessions AS s
         ON s.environment_id = j.value ->> 0 AND s.id = j.value ->> 1",
    )
    .bind(Value::Array(document).to_string())
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    let mut known = Sessions::new();
    for (index, session) in stored {
        let session = serde_json::from_str(&session).map_err(|e| damaged_error("session")(&e))?;
        let key = usize::try_from(index).ok().and_then(|index| keys.get(index));
        known.extend(key.map(|key| (*key, session)));
    }
    Ok(known)
}

pub(super) async fn save_sessions(
    tx: &mut SqliteConnection,
    sessions: &Sessions,
    today: i64,
) -> Result<(), StoreError> {
    let mut document = Vec::new();
    for ((environment, id), session) in sessions {
        let text = serde_json::to_string(session).map_err(|e| damaged_error("session")(&e))?;
        document.push(json!([environment.0, session_column(*id), today, text]));
    }
    sqlx::query(
        "INSERT OR REPLACE INTO sessions (environment_id, id, day, session)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    )
    .bind(Value::Array(document).to_string())
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

/// Deletes the sessions that last changed before a day.
pub(super) async fn delete_sessions(tx: &mut SqliteConnection, day: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE day < ?")
        .bind(day)
        .execute(tx)
        .await
        .map_err(database_error)?;
    Ok(())
}
