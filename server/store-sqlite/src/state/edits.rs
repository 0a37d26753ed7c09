//! Applies edits in one transaction, all or none. Each edit names the version that it changes.

use phasegate_domain::{
    Timestamp,
    accounts::Reach,
    flags::{Flag, FlagState, IndividualOverride},
    ids::{EnvironmentId, FlagKey},
    targeting::Segment,
};
use phasegate_store::{
    StoreError,
    models::{ClientKey, Edit, EnvironmentAuditEntry, ServerToken},
};
use sqlx::SqliteConnection;

use super::{
    account_edits, audit_log,
    columns::to_json,
    create::{create_flag, create_segment},
    rollout,
    statement::execute_or_conflict,
};
use crate::{
    database::{Database, commit_transaction},
    error::database_error,
};

pub(super) async fn apply_edits(
    db: &Database,
    environment: EnvironmentId,
    edits: &[Edit],
    entries: &[EnvironmentAuditEntry],
) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    let at = entries.iter().map(|placed| placed.entry.at).max().unwrap_or_default();
    for edit in edits {
        apply_edit(&mut tx, environment, edit, at).await?;
    }
    for EnvironmentAuditEntry { environment, entry } in entries {
        audit_log::append_entry(&mut tx, *environment, entry).await?;
    }
    commit_transaction(tx).await
}

async fn apply_edit(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    edit: &Edit,
    at: Timestamp,
) -> Result<(), StoreError> {
    match edit {
        Edit::CreateFlag(new) => {
            create_flag(tx, environment, &new.flag, [&new.state, &new.elsewhere], at).await
        }
        Edit::SaveDefinition(flag, version) => {
            save_definition(tx, environment, flag, *version, at).await
        }
        Edit::SaveState(flag, state) => save_state(tx, environment, flag, state, at).await,
        Edit::DeleteFlag(flag, version) => delete_flag(tx, environment, flag, *version).await,
        Edit::CreateSegment(segment) => create_segment(tx, environment, segment).await,
        Edit::SaveSegment(segment, version) => {
            save_segment(tx, environment, segment, *version).await
        }
        Edit::DeleteSegment(key, version) => {
            let delete = sqlx::query(
                "DELETE FROM segments WHERE key = ? AND version = ? AND project_id =
                     (SELECT project_id FROM environments WHERE id = ?)",
            );
            execute_or_conflict(tx, delete.bind(key.as_str()).bind(version).bind(environment.0))
                .await
        }
        Edit::CreateOverride(personal) => create_override(tx, environment, personal).await,
        Edit::SaveOverride(personal, version) => {
            let save = sqlx::query(
                "UPDATE overrides SET override = ?, version = version + 1
                 WHERE environment_id = ? AND flag_key = ? AND targeting_key = ? AND version = ?",
            );
            let save = save.bind(to_json("override", personal)?).bind(environment.0);
            let save = save.bind(personal.flag.as_str()).bind(&personal.targeting_key);
            execute_or_conflict(tx, save.bind(version)).await
        }
        Edit::DeleteOverride(flag, user, version) => {
            let delete = sqlx::query(
                "DELETE FROM overrides
                 WHERE environment_id = ? AND flag_key = ? AND targeting_key = ? AND version = ?",
            );
            let delete = delete.bind(environment.0).bind(flag.as_str()).bind(user);
            execute_or_conflict(tx, delete.bind(version)).await
        }
        Edit::CreateClientKey(key) => create_client_key(tx, environment, key).await,
        Edit::SaveClientKey(key) => {
            let save = sqlx::query(
                "UPDATE client_keys SET name = ?, allowed_origins = ?, version = version + 1
                 WHERE environment_id = ? AND key = ? AND version = ?",
            );
            let save = save.bind(&key.name).bind(to_json("origins", &key.allowed_origins)?);
            execute_or_conflict(tx, save.bind(environment.0).bind(&key.key).bind(key.version)).await
        }
        Edit::DeleteClientKey(key, version) => {
            let delete = sqlx::query(
                "DELETE FROM client_keys WHERE environment_id = ? AND key = ? AND version = ?",
            );
            execute_or_conflict(tx, delete.bind(environment.0).bind(key).bind(version)).await
        }
        Edit::CreateToken(token) => create_token(tx, environment, token).await,
        Edit::SaveToken(token) => {
            let save = sqlx::query(
                "UPDATE server_tokens SET name = ?, scopes = ?, reach = ?, version = version + 1
                 WHERE environment_id = ? AND id = ? AND version = ?",
            );
            let save = save.bind(&token.name).bind(to_json("scopes", &token.scopes)?);
            let save = save.bind(token.reach.as_str());
            execute_or_conflict(tx, save.bind(environment.0).bind(token.id.0).bind(token.version))
                .await
        }
        Edit::RenameEnvironment(key, name) => {
            let save = sqlx::query(
                "UPDATE environments SET key = ?, name = ? WHERE id = ? AND deleted_at IS NULL",
            );
            execute_or_conflict(tx, save.bind(key.as_str()).bind(name).bind(environment.0)).await
        }
        Edit::DeleteEnvironment => delete_environment(tx, environment, at).await,
        Edit::SaveCollectionSettings(collection_settings, version) => {
            let save = sqlx::query(
                "UPDATE environments SET collection_settings = ?, collection_settings_version = collection_settings_version + 1
                 WHERE id = ? AND collection_settings_version = ?",
            );
            let save = save.bind(to_json("collection_settings", collection_settings)?);
            execute_or_conflict(tx, save.bind(environment.0).bind(version)).await
        }
        Edit::SaveRetentionPolicy(retention_policy, version) => {
            let save = sqlx::query(
                "UPDATE environments SET retention_policy = ?, retention_policy_version = retention_policy_version + 1
                 WHERE id = ? AND retention_policy_version = ?",
            );
            let save = save.bind(to_json("retention_policy", retention_policy)?);
            execute_or_conflict(tx, save.bind(environment.0).bind(version)).await
        }
        Edit::CreateAccount(..)
        | Edit::SaveRole(..)
        | Edit::SavePassword(..)
        | Edit::DeleteAccount(..)
        | Edit::CreateAccountLink(..)
        | Edit::DeleteAccountLink(..) => account_edits::apply_account_edit(tx, edit).await,
        Edit::CreateRollout(plan, salt) => {
            rollout::create_rollout(tx, environment, plan, salt).await
        }
        Edit::SavePlan(key, plan, version) => {
            let save = sqlx::query(
                "UPDATE rollouts SET plan = ?, key = ?
                 WHERE environment_id = ? AND key = ? AND version = ?",
            );
            let save = save.bind(to_json("plan", plan)?).bind(plan.key.as_str());
            execute_or_conflict(tx, save.bind(environment.0).bind(key.as_str()).bind(version)).await
        }
        Edit::SaveRollout(key, state, version) => {
            rollout::save_rollout(tx, environment, key, state, *version).await
        }
        Edit::DeleteToken(id, version) => {
            let delete = sqlx::query(
                "DELETE FROM server_tokens WHERE environment_id = ? AND id = ? AND version = ?",
            );
            execute_or_conflict(tx, delete.bind(environment.0).bind(id.0).bind(version)).await
        }
    }
}

async fn delete_environment(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    // The suffix frees the key; no valid key contains a '~'.
    let delete = sqlx::query(
        "UPDATE environments SET deleted_at = ?, key = key || '~' || id
         WHERE id = ? AND deleted_at IS NULL",
    );
    execute_or_conflict(&mut *tx, delete.bind(at.timestamp_millis()).bind(environment.0)).await?;
    // Tokens for the whole project stay valid: they move to another environment.
    sqlx::query(
        "UPDATE server_tokens SET environment_id = (
             SELECT min(other.id) FROM environments other JOIN environments gone
                 ON gone.project_id = other.project_id AND gone.id = ?1
             WHERE other.deleted_at IS NULL)
         WHERE environment_id = ?1 AND reach = ?2",
    )
    .bind(environment.0)
    .bind(Reach::Project.as_str())
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
    for delete in [
        "DELETE FROM flag_states WHERE environment_id = ?",
        "DELETE FROM overrides WHERE environment_id = ?",
        "DELETE FROM client_keys WHERE environment_id = ?",
        "DELETE FROM server_tokens WHERE environment_id = ?",
        "DELETE FROM rollouts WHERE environment_id = ?",
        "DELETE FROM account_values WHERE environment_id = ?",
    ] {
        sqlx::query(delete).bind(environment.0).execute(&mut *tx).await.map_err(database_error)?;
    }
    Ok(())
}

async fn save_definition(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    flag: &Flag,
    version: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let save = sqlx::query(
        "UPDATE flags SET definition = ?, version = version + 1, changed_at = ?
         WHERE key = ? AND version = ? AND project_id =
             (SELECT project_id FROM environments WHERE id = ?)",
    );
    let save = save.bind(to_json("flag", flag)?).bind(at.timestamp_millis());
    execute_or_conflict(tx, save.bind(flag.key.as_str()).bind(version).bind(environment.0)).await
}

async fn save_state(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    flag: &FlagKey,
    state: &FlagState,
    at: Timestamp,
) -> Result<(), StoreError> {
    let save = sqlx::query(
        "UPDATE flag_states SET state = ?1, version = ?2, changed_at = ?3
         WHERE environment_id = ?4 AND flag_key = ?5 AND version = ?2 - 1",
    );
    let save = save.bind(to_json("flag state", state)?).bind(state.version);
    let save = save.bind(at.timestamp_millis()).bind(environment.0);
    execute_or_conflict(tx, save.bind(flag.as_str())).await
}

async fn delete_flag(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    flag: &FlagKey,
    version: i64,
) -> Result<(), StoreError> {
    let delete = sqlx::query(
        "DELETE FROM flags WHERE key = ? AND version = ? AND project_id =
             (SELECT project_id FROM environments WHERE id = ?)",
    );
    execute_or_conflict(&mut *tx, delete.bind(flag.as_str()).bind(version).bind(environment.0))
        .await?;
    for delete in [
        "DELETE FROM flag_states WHERE flag_key = ?1 AND environment_id IN
             (SELECT id FROM environments WHERE project_id =
                 (SELECT project_id FROM environments WHERE id = ?2))",
        "DELETE FROM overrides WHERE flag_key = ?1 AND environment_id IN
             (SELECT id FROM environments WHERE project_id =
                 (SELECT project_id FROM environments WHERE id = ?2))",
    ] {
        sqlx::query(delete)
            .bind(flag.as_str())
            .bind(environment.0)
            .execute(&mut *tx)
            .await
            .map_err(database_error)?;
    }
    Ok(())
}

async fn save_segment(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    segment: &Segment,
    version: i64,
) -> Result<(), StoreError> {
    let save = sqlx::query(
        "UPDATE segments SET definition = ?, version = version + 1
         WHERE key = ? AND version = ? AND project_id =
             (SELECT project_id FROM environments WHERE id = ?)",
    );
    let save = save.bind(to_json("segment", segment)?).bind(segment.key.as_str());
    execute_or_conflict(tx, save.bind(version).bind(environment.0)).await
}

async fn create_override(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    personal: &IndividualOverride,
) -> Result<(), StoreError> {
    let insert = sqlx::query(
        "INSERT INTO overrides (environment_id, flag_key, targeting_key, override, version)
         VALUES (?, ?, ?, ?, (SELECT coalesce(max(id), 0) + 1 FROM audit_log))",
    );
    let insert = insert.bind(environment.0).bind(personal.flag.as_str());
    let insert = insert.bind(&personal.targeting_key).bind(to_json("override", personal)?);
    execute_or_conflict(tx, insert).await
}

pub(super) async fn create_client_key(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    key: &ClientKey,
) -> Result<(), StoreError> {
    let insert = sqlx::query(
        "INSERT INTO client_keys (key, environment_id, name, allowed_origins, created_at, version)
         VALUES (?, ?, ?, ?, ?, 1)",
    );
    let insert = insert.bind(&key.key).bind(environment.0).bind(&key.name);
    let insert = insert.bind(to_json("origins", &key.allowed_origins)?);
    execute_or_conflict(tx, insert.bind(key.created_at.timestamp_millis())).await
}

pub(super) async fn create_token(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    token: &ServerToken,
) -> Result<(), StoreError> {
    let insert = sqlx::query(
        "INSERT INTO server_tokens
             (digest, environment_id, name, scopes, created_at, created_by, reach, owner, version)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
    );
    let insert = insert.bind(token.digest.0.as_slice()).bind(environment.0).bind(&token.name);
    let insert = insert.bind(to_json("scopes", &token.scopes)?);
    let insert = insert.bind(token.created_at.timestamp_millis()).bind(&token.created_by);
    execute_or_conflict(tx, insert.bind(token.reach.as_str()).bind(&token.owner)).await
}
