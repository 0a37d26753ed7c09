//! The stored state of sessions.

use std::collections::BTreeMap;

use phasegate_domain::{events::SessionHash, ids::EnvironmentId, metrics::Session};
use phasegate_store::StoreError;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::error::{damaged_error, database_error};

type Place = (EnvironmentId, SessionHash);

/// Returns the hash as the column stores it: the same bits, signed.
fn session_column(session: SessionHash) -> i64 {
    session.0.cast_signed()
}

pub(super) async fn read_sessions(
    tx: &mut SqliteConnection,
    places: impl Iterator<Item = &Place>,
) -> Result<BTreeMap<Place, Session>, StoreError> {
    let places: Vec<Place> = places.copied().collect();
    let document: Vec<Value> =
        places.iter().map(|(e, s)| json!([e.0, session_column(*s)])).collect();
    let stored: Vec<(i64, String)> = sqlx::query_as(
        "SELECT j.key, s.session FROM json_each(?) AS j CROSS JOIN sessions AS s
         ON s.environment_id = j.value ->> 0 AND s.id = j.value ->> 1",
    )
    .bind(Value::Array(document).to_string())
    .fetch_all(tx)
    .await
    .map_err(database_error)?;
    let mut known = BTreeMap::new();
    for (index, session) in stored {
        let session = serde_json::from_str(&session).map_err(|e| damaged_error("session")(&e))?;
        let place = usize::try_from(index).ok().and_then(|index| places.get(index));
        known.extend(place.map(|place| (*place, session)));
    }
    Ok(known)
}

/// Stores the sessions that differ from `before`.
pub(super) async fn save_sessions(
    tx: &mut SqliteConnection,
    sessions: &BTreeMap<Place, Session>,
    before: &BTreeMap<Place, Session>,
    today: i64,
) -> Result<(), StoreError> {
    let changed = sessions.iter().filter(|(place, session)| before.get(place) != Some(session));
    let mut document = Vec::new();
    for ((environment, id), session) in changed {
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
