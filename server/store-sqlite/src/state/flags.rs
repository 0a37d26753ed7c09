//! Flags with their state, segments, and overrides.

use phasegate_domain::{
    flags::{FlagState, PersonalOverride},
    ids::EnvironmentId,
    segments::Segment,
};
use phasegate_store::{
    StoreError,
    models::{StoredFlag, Versioned},
};
use serde::de::DeserializeOwned;

use super::{from_json, instant};
use crate::{database::Database, error::database};

pub(super) async fn flags(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Vec<StoredFlag>, StoreError> {
    let rows: Vec<(String, i64, i64, String, i64, i64)> = sqlx::query_as(
        "SELECT f.definition, f.version, f.created_at, s.state, s.version,
                max(f.changed_at, s.changed_at)
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
        .map(|(flag, definition_version, created_at, state, version, changed_at)| {
            let state: FlagState = from_json("flag state", &state)?;
            Ok(StoredFlag {
                flag: from_json("flag", &flag)?,
                state: FlagState { version, ..state },
                definition_version,
                created_at: instant("flag", created_at)?,
                changed_at: instant("flag", changed_at)?,
            })
        })
        .collect()
}

fn versioned<T: DeserializeOwned>(
    what: &'static str,
    rows: &[(String, i64)],
) -> Result<Vec<Versioned<T>>, StoreError> {
    let read = |(text, version): &(String, i64)| {
        Ok(Versioned { value: from_json(what, text)?, version: *version })
    };
    rows.iter().map(read).collect()
}

pub(super) async fn segments(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Vec<Versioned<Segment>>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT s.definition, s.version FROM segments s
         JOIN environments e ON e.project_id = s.project_id
         WHERE e.id = ? ORDER BY s.key",
    )
    .bind(environment.0)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    versioned("segment", &rows)
}

pub(super) async fn overrides(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Vec<Versioned<PersonalOverride>>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT override, version FROM overrides
         WHERE environment_id = ? ORDER BY flag_key, targeting_key",
    )
    .bind(environment.0)
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    versioned("override", &rows)
}
