//! Flags with their state, and segments.

use phasegate_domain::{
    flags::{Flag, FlagState},
    history::HistoryEntry,
    ids::{EnvironmentId, FlagKey},
    segments::Segment,
};
use phasegate_store::StoreError;

use super::{from_json, history};
use crate::{
    database::{Database, commit},
    error::database,
};

pub(super) async fn flags(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Vec<(Flag, FlagState)>, StoreError> {
    let rows: Vec<(String, bool, bool, i64)> = sqlx::query_as(
        "SELECT f.definition, s.enabled, s.killed, s.version
         FROM flag_states s
         JOIN environments e ON e.id = s.environment_id
         JOIN flags f ON f.project_id = e.project_id AND f.key = s.flag_key
         WHERE s.environment_id = ? ORDER BY f.key",
    )
    .bind(environment.0)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    rows.into_iter()
        .map(|(flag, enabled, killed, version)| {
            Ok((from_json("flag", &flag)?, FlagState { enabled, killed, version }))
        })
        .collect()
}

pub(super) async fn segments(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Vec<Segment>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT s.definition FROM segments s
         JOIN environments e ON e.project_id = s.project_id
         WHERE e.id = ? ORDER BY s.key",
    )
    .bind(environment.0)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    rows.iter().map(|segment| from_json("segment", segment)).collect()
}

pub(super) async fn save_state(
    db: &Database,
    environment: EnvironmentId,
    flag: &FlagKey,
    state: FlagState,
    entry: &HistoryEntry,
) -> Result<(), StoreError> {
    let mut tx = db.write().await?;
    let changed = sqlx::query(
        "UPDATE flag_states SET enabled = ?, killed = ?, version = ?
         WHERE environment_id = ? AND flag_key = ? AND version = ? - 1",
    )
    .bind(state.enabled)
    .bind(state.killed)
    .bind(state.version)
    .bind(environment.0)
    .bind(flag.as_str())
    .bind(state.version)
    .execute(&mut *tx)
    .await
    .map_err(database)?;
    if changed.rows_affected() == 0 {
        return Err(StoreError::Conflict);
    }
    history::append(&mut tx, environment, entry).await?;
    commit(tx).await
}
