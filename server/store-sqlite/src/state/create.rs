//! New flags and segments.

use phasegate_domain::{
    Timestamp,
    flags::{Flag, FlagState},
    ids::EnvironmentId,
    targeting::Segment,
};
use phasegate_store::StoreError;
use sqlx::SqliteConnection;

use super::{columns::to_json, statement::execute_or_conflict};

pub(super) async fn create_flag(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    flag: &Flag,
    [state, elsewhere]: [&FlagState; 2],
    at: Timestamp,
) -> Result<(), StoreError> {
    let at = at.timestamp_millis();
    let insert = sqlx::query(
        "INSERT INTO flags (project_id, key, definition, version, created_at, changed_at)
         SELECT project_id, ?1, ?2, 1, ?3, ?3 FROM environments WHERE id = ?4",
    );
    let insert = insert.bind(flag.key.as_str()).bind(to_json("flag", flag)?).bind(at);
    execute_or_conflict(tx, insert.bind(environment.0)).await?;
    let insert = sqlx::query(
        "INSERT INTO flag_states (environment_id, flag_key, state, version, changed_at)
         SELECT id, ?1, iif(id = ?2, ?3, ?4), 1, ?5 FROM environments
         WHERE deleted_at IS NULL AND project_id = (SELECT project_id FROM environments WHERE id = ?2)",
    );
    let state = FlagState { version: 1, ..state.clone() };
    let insert = insert.bind(flag.key.as_str()).bind(environment.0);
    let insert =
        insert.bind(to_json("flag state", &state)?).bind(to_json("flag state", elsewhere)?);
    execute_or_conflict(tx, insert.bind(at)).await
}

/// Inserts a segment. Its version comes from the audit log, so that it is never that of an earlier
/// segment with the same key: readers cache documents by version.
pub(super) async fn create_segment(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    segment: &Segment,
) -> Result<(), StoreError> {
    let insert = sqlx::query(
        "INSERT INTO segments (project_id, key, definition, version)
         SELECT project_id, ?, ?, (SELECT coalesce(max(id), 0) + 1 FROM audit_log)
         FROM environments WHERE id = ?",
    );
    let insert = insert.bind(segment.key.as_str()).bind(to_json("segment", segment)?);
    execute_or_conflict(tx, insert.bind(environment.0)).await
}
