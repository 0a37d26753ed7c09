//! Environments, client keys and server tokens.

use phasegate_domain::{
    Timestamp,
    accounts::Reach,
    audit::AuditEntry,
    flags::FlagState,
    ids::{EnvironmentId, EnvironmentKey, FlagKey, ProjectId, TokenId},
};
use phasegate_store::{
    StoreError,
    models::{ClientKey, Digest, Environment, ServerToken, Versioned},
};
use sqlx::{FromRow, Row as _, sqlite::SqliteRow};

use super::{
    audit_log,
    columns::{from_json, parse_timestamp, to_json},
    statement::parse_key,
};
use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
};

/// The columns of the query for environments.
type EnvironmentRow = (i64, i64, String, String, String, String, i64, String, i64);

pub(super) async fn read_deleted_environments(
    db: &Database,
) -> Result<Vec<EnvironmentId>, StoreError> {
    let deleted = sqlx::query_scalar("SELECT id FROM environments WHERE deleted_at IS NOT NULL");
    let ids: Vec<i64> = deleted.fetch_all(&db.reader).await.map_err(database_error)?;
    Ok(ids.into_iter().map(EnvironmentId).collect())
}

pub(super) async fn read_environments(db: &Database) -> Result<Vec<Environment>, StoreError> {
    let rows: Vec<EnvironmentRow> = sqlx::query_as(
        "SELECT e.id, p.id, p.key, e.key, e.name, e.collection_settings, e.collection_settings_version,
                e.retention_policy, e.retention_policy_version
         FROM environments e JOIN projects p ON p.id = e.project_id
         WHERE e.deleted_at IS NULL ORDER BY e.id",
    )
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    rows.into_iter()
        .map(
            |(
                id,
                project_id,
                project,
                own_key,
                name,
                collection_settings,
                version,
                retention_policy,
                kept_version,
            )| {
                Ok(Environment {
                    id: EnvironmentId(id),
                    project_id: ProjectId(project_id),
                    project: parse_key("project", project)?,
                    key: parse_key("environment", own_key)?,
                    name,
                    collection_settings: Versioned {
                        value: from_json("collection_settings", &collection_settings)?,
                        version,
                    },
                    retention_policy: Versioned {
                        value: from_json("retention_policy", &retention_policy)?,
                        version: kept_version,
                    },
                })
            },
        )
        .collect()
}

pub(super) async fn create_environment(
    db: &Database,
    project: ProjectId,
    (key, name): (&EnvironmentKey, &str),
    flags: &[(FlagKey, FlagState)],
    entry: &AuditEntry,
) -> Result<EnvironmentId, StoreError> {
    let mut tx = db.begin_write().await?;
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO environments (project_id, key, name) VALUES (?, ?, ?)
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(project.0)
    .bind(key.as_str())
    .bind(name)
    .fetch_optional(&mut *tx)
    .await
    .map_err(database_error)?;
    let id = EnvironmentId(id.ok_or(StoreError::Conflict)?);
    let known: Vec<String> = sqlx::query_scalar("SELECT key FROM flags WHERE project_id = ?")
        .bind(project.0)
        .fetch_all(&mut *tx)
        .await
        .map_err(database_error)?;
    // A flag that another process has created in the meantime would have no state in this
    // environment.
    if known.iter().any(|key| flags.iter().all(|(given, _)| given.as_str() != key)) {
        return Err(StoreError::Conflict);
    }
    for (flag, state) in flags {
        sqlx::query(
            "INSERT INTO flag_states (environment_id, flag_key, state, version, changed_at)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(id.0)
        .bind(flag.as_str())
        .bind(to_json("flag state", state)?)
        .bind(state.version)
        .bind(entry.at.timestamp_millis())
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    }
    audit_log::append_entry(&mut tx, id, entry).await?;
    commit_transaction(tx).await?;
    Ok(id)
}

pub(super) async fn read_client_keys(db: &Database) -> Result<Vec<ClientKey>, StoreError> {
    let rows: Vec<(String, i64, String, String, i64, i64)> = sqlx::query_as(
        "SELECT key, environment_id, name, allowed_origins, created_at, version
         FROM client_keys ORDER BY created_at, key",
    )
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    rows.into_iter()
        .map(|(key, environment, name, allowed_origins, created_at, version)| {
            Ok(ClientKey {
                key,
                environment: EnvironmentId(environment),
                name,
                allowed_origins: from_json("origins", &allowed_origins)?,
                created_at: parse_timestamp("client key", created_at)?,
                version,
            })
        })
        .collect()
}

struct TokenRow {
    id: i64,
    digest: Vec<u8>,
    environment_id: i64,
    name: String,
    scopes: String,
    created_at: i64,
    created_by: String,
    reach: String,
    owner: String,
    last_used_at: Option<i64>,
    version: i64,
}

impl FromRow<'_, SqliteRow> for TokenRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            digest: row.try_get("digest")?,
            environment_id: row.try_get("environment_id")?,
            name: row.try_get("name")?,
            scopes: row.try_get("scopes")?,
            created_at: row.try_get("created_at")?,
            created_by: row.try_get("created_by")?,
            reach: row.try_get("reach")?,
            owner: row.try_get("owner")?,
            last_used_at: row.try_get("last_used_at")?,
            version: row.try_get("version")?,
        })
    }
}

pub(super) async fn read_server_tokens(db: &Database) -> Result<Vec<ServerToken>, StoreError> {
    let rows: Vec<TokenRow> = sqlx::query_as("SELECT * FROM server_tokens ORDER BY id")
        .fetch_all(&db.reader)
        .await
        .map_err(database_error)?;
    rows.into_iter()
        .map(|row| {
            let what = "server token";
            let digest = row.digest.try_into();
            let digest =
                digest.map_err(|_| damaged_error(what)(&"its digest is not 32 bytes long"))?;
            Ok(ServerToken {
                id: TokenId(row.id),
                digest: Digest(digest),
                environment: EnvironmentId(row.environment_id),
                name: row.name,
                scopes: from_json("scopes", &row.scopes)?,
                created_at: parse_timestamp(what, row.created_at)?,
                reach: Reach::parse(&row.reach)
                    .ok_or_else(|| damaged_error(what)(&"its reach is unknown"))?,
                created_by: row.created_by,
                owner: row.owner,
                last_used_at: row.last_used_at.map(|at| parse_timestamp(what, at)).transpose()?,
                version: row.version,
            })
        })
        .collect()
}

pub(super) async fn save_token_uses(
    db: &Database,
    used: &[(TokenId, Timestamp)],
) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    for (id, at) in used {
        sqlx::query(
            "UPDATE server_tokens SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?",
        )
        .bind(at.timestamp_millis())
        .bind(id.0)
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    }
    commit_transaction(tx).await
}
