//! Reads flags with their state, segments, and overrides. Documents that the caller knows at their
//! current version are not read again.

use std::{collections::HashMap, sync::Arc};

use phasegate_domain::{
    config::override_key,
    flags::{Flag, FlagState, IndividualOverride},
    ids::EnvironmentId,
    targeting::Segment,
};
use phasegate_store::{
    StoreError,
    models::{StoredFlag, Versioned},
};
use serde::de::DeserializeOwned;

use super::columns::{from_json, parse_timestamp, to_json};
use crate::{database::Database, error::database_error};

/// A flag's key, definition version, creation time, state version, and time of the last change. The
/// creation time distinguishes a flag from an earlier one with the same key.
type FlagHead = (String, i64, i64, i64, i64);

/// Selects the heads of all flags by key, from covering indexes: in the tables, the versions are
/// stored behind the documents, which would have to be read.
const FLAG_HEADS: &str =
    "SELECT f.key, f.version, f.created_at, s.version, max(f.changed_at, s.changed_at)
     FROM flag_states s INDEXED BY flag_state_versions
     JOIN environments e ON e.id = s.environment_id
     JOIN flags f INDEXED BY flag_versions
          ON f.project_id = e.project_id AND f.key = s.flag_key
     WHERE s.environment_id = ? ORDER BY f.key";

pub(super) async fn read_flags(
    db: &Database,
    environment: EnvironmentId,
    known: &[StoredFlag],
) -> Result<Vec<StoredFlag>, StoreError> {
    // One transaction, so that heads and documents are of the same snapshot.
    let mut tx = db.reader.begin().await.map_err(database_error)?;
    let heads: Vec<FlagHead> = sqlx::query_as(FLAG_HEADS)
        .bind(environment.0)
        .fetch_all(&mut *tx)
        .await
        .map_err(database_error)?;
    let known: HashMap<&str, &StoredFlag> =
        known.iter().map(|stored| (stored.flag.key.as_str(), stored)).collect();
    let is_known = |head: &&FlagHead| {
        let (key, definition, created_at, state, _) = head;
        known.get(key.as_str()).is_some_and(|stored| {
            (stored.definition_version, stored.state.version) == (*definition, *state)
                && stored.created_at.timestamp_millis() == *created_at
        })
    };
    let wanted: Vec<&str> =
        heads.iter().filter(|head| !is_known(head)).map(|head| head.0.as_str()).collect();
    let mut read: HashMap<String, (Flag, FlagState)> = HashMap::new();
    if !wanted.is_empty() {
        let documents: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT f.key, f.definition, s.state FROM flag_states s
             JOIN environments e ON e.id = s.environment_id
             JOIN flags f ON f.project_id = e.project_id AND f.key = s.flag_key
             WHERE s.environment_id = ? AND s.flag_key IN (SELECT value FROM json_each(?))",
        )
        .bind(environment.0)
        .bind(to_json("flag keys", &wanted)?)
        .fetch_all(&mut *tx)
        .await
        .map_err(database_error)?;
        for (key, flag, state) in documents {
            read.insert(key, (from_json("flag", &flag)?, from_json("flag state", &state)?));
        }
    }
    let mut all = Vec::with_capacity(heads.len());
    for (key, definition_version, created_at, version, changed_at) in heads {
        let (flag, state) = match (read.remove(&key), known.get(key.as_str())) {
            (Some((flag, state)), _) => (Arc::new(flag), Arc::new(FlagState { version, ..state })),
            (None, Some(stored)) => (Arc::clone(&stored.flag), Arc::clone(&stored.state)),
            (None, None) => continue,
        };
        let created_at = parse_timestamp("flag", created_at)?;
        let changed_at = parse_timestamp("flag", changed_at)?;
        all.push(StoredFlag { flag, state, definition_version, created_at, changed_at });
    }
    Ok(all)
}

/// Two queries: one for the versions of all rows, and one for the documents that the caller does
/// not know.
struct Documents {
    what: &'static str,
    /// Selects key and version by key, from a covering index: in the table, the version is stored
    /// behind the document, which would have to be read.
    heads: &'static str,
    /// Selects key and document of the keys that are bound as a JSON array.
    documents: &'static str,
}

impl Documents {
    async fn read_documents<T: DeserializeOwned>(
        &self,
        db: &Database,
        environment: EnvironmentId,
        known: &HashMap<String, &Versioned<Arc<T>>>,
    ) -> Result<Vec<Versioned<Arc<T>>>, StoreError> {
        // One transaction, so that versions and documents are of the same snapshot.
        let mut tx = db.reader.begin().await.map_err(database_error)?;
        let heads: Vec<(String, i64)> = sqlx::query_as(self.heads)
            .bind(environment.0)
            .fetch_all(&mut *tx)
            .await
            .map_err(database_error)?;
        let is_known = |(key, version): &&(String, i64)| {
            known.get(key).is_some_and(|stored| stored.version == *version)
        };
        let wanted: Vec<&str> =
            heads.iter().filter(|head| !is_known(head)).map(|(key, _)| key.as_str()).collect();
        let mut read: HashMap<String, Arc<T>> = HashMap::new();
        if !wanted.is_empty() {
            let rows: Vec<(String, String)> = sqlx::query_as(self.documents)
                .bind(environment.0)
                .bind(to_json("keys", &wanted)?)
                .fetch_all(&mut *tx)
                .await
                .map_err(database_error)?;
            for (key, text) in rows {
                read.insert(key, Arc::new(from_json(self.what, &text)?));
            }
        }
        let one = |(key, version): (String, i64)| {
            let value = read.remove(&key);
            let value = value.or_else(|| Some(Arc::clone(&known.get(&key)?.value)))?;
            Some(Versioned { value, version })
        };
        Ok(heads.into_iter().filter_map(one).collect())
    }
}

const SEGMENTS: Documents = Documents {
    what: "segment",
    heads: "SELECT s.key, s.version FROM segments s INDEXED BY segment_versions
            JOIN environments e ON e.project_id = s.project_id
            WHERE e.id = ? ORDER BY s.key",
    documents: "SELECT s.key, s.definition FROM segments s
                JOIN environments e ON e.project_id = s.project_id
                WHERE e.id = ? AND s.key IN (SELECT value FROM json_each(?))",
};

pub(super) async fn read_segments(
    db: &Database,
    environment: EnvironmentId,
    known: &[Versioned<Arc<Segment>>],
) -> Result<Vec<Versioned<Arc<Segment>>>, StoreError> {
    let known = known.iter().map(|stored| (stored.value.key.to_string(), stored)).collect();
    SEGMENTS.read_documents(db, environment, &known).await
}

const OVERRIDES: Documents = Documents {
    what: "override",
    heads: "SELECT flag_key || '/' || targeting_key, version FROM overrides
            INDEXED BY override_versions WHERE environment_id = ? ORDER BY flag_key, targeting_key",
    documents: "SELECT flag_key || '/' || targeting_key, override FROM overrides
                WHERE environment_id = ?
                  AND flag_key || '/' || targeting_key IN (SELECT value FROM json_each(?))",
};

pub(super) async fn read_overrides(
    db: &Database,
    environment: EnvironmentId,
    known: &[Versioned<Arc<IndividualOverride>>],
) -> Result<Vec<Versioned<Arc<IndividualOverride>>>, StoreError> {
    let known = known.iter().map(|stored| (override_key(&stored.value), stored)).collect();
    OVERRIDES.read_documents(db, environment, &known).await
}

#[cfg(test)]
mod tests {
    use super::{super::SqliteState, *};

    /// A document may have 200 kB, and each change reads the versions of all documents.
    #[tokio::test]
    async fn versions_are_read_without_the_documents() {
        let folder = tempfile::tempdir().unwrap();
        let state = SqliteState::open(&folder.path().join("state.db")).await.unwrap();
        for (heads, tables) in [(FLAG_HEADS, 2), (SEGMENTS.heads, 1), (OVERRIDES.heads, 1)] {
            let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {heads}"));
            let steps: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(plan).bind(1).fetch_all(&state.database.reader).await.unwrap();
            let covered = steps.iter().filter(|step| step.3.contains("COVERING INDEX")).count();
            assert_eq!(covered, tables, "{heads}: {steps:?}");
        }
    }
}
