//! Renaming and deleting an environment.

use phasegate_domain::{
    accounts::Role,
    audit::SubjectKind,
    field_error::FieldCode,
    ids::{EnvironmentId, EnvironmentKey, is_reserved},
};
use phasegate_store::models::{Edit, Environment, EnvironmentAuditEntry};
use serde_json::json;

use crate::{
    CachedEnvironment, InUse, ObjectKind, Service, ServiceError, access::Actor,
    audit::audit_document_change, maintenance::erase_environment,
};

/// The maximum length of a name, in characters.
const MAX_NAME_CHARS: usize = 100;

/// Checks the key of a new or renamed environment.
///
/// # Errors
/// Returns an error if the key is reserved for a page.
pub(super) fn check_key(key: &EnvironmentKey) -> Result<(), ServiceError> {
    if is_reserved(key.as_str()) {
        let text = format!("{:?} is reserved; choose another one", key.as_str());
        return Err(ServiceError::invalid("key", FieldCode::Reserved, text));
    }
    Ok(())
}

/// Trims a name and checks its length; the key replaces an empty one.
///
/// # Errors
/// Returns an error if the name is too long.
pub(super) fn check_name<'a>(
    key: &'a EnvironmentKey,
    name: &'a str,
) -> Result<&'a str, ServiceError> {
    let name = name.trim();
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(ServiceError::invalid(
            "name",
            FieldCode::TooLong,
            format!("at most {MAX_NAME_CHARS} characters"),
        ));
    }
    Ok(if name.is_empty() { key.as_str() } else { name })
}

fn environment_document(live: &CachedEnvironment) -> Option<serde_json::Value> {
    Some(json!({"key": live.environment.key, "name": live.environment.name}))
}

/// Changes the key and name of an environment. Its keys and tokens stay valid; URLs of the API and
/// of the admin use the new key. `seen` holds the key and name that the actor saw; `None` skips the
/// comparison with the stored ones.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, a field is invalid, another change came
/// first, or another environment of the project has that key.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn rename_environment(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    seen: Option<&Environment>,
    key: EnvironmentKey,
    name: &str,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Admin)?;
    actor.require_shared("environments")?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    let names = |environment: &Environment| (environment.key.clone(), environment.name.clone());
    if seen.is_some_and(|seen| names(seen) != names(&live.environment)) {
        return Err(ServiceError::Conflict(ObjectKind::Environment));
    }
    let name = check_name(&key, name)?.to_owned();
    if (&live.environment.key, &live.environment.name) == (&key, &name) {
        return Ok(());
    }
    if live.environment.key != key {
        check_key(&key)?;
        let siblings = service.project_environments(live.environment.project_id);
        if siblings.iter().any(|sibling| sibling.environment.key == key) {
            return Err(ServiceError::Exists {
                what: ObjectKind::Environment,
                key: key.to_string(),
            });
        }
    }
    let after = Some(json!({"key": key, "name": name}));
    let (kind, subject) = (SubjectKind::Environment, key.as_str());
    let entry =
        audit_document_change(service, actor, kind, subject, environment_document(&live), after);
    let edits = [Edit::RenameEnvironment(key.clone(), name)];
    let entries = [EnvironmentAuditEntry::new(environment, entry)];
    service.apply_edits(environment, &edits, &entries, ObjectKind::Environment).await
}

/// Deletes an environment with its switches, rules, overrides, keys, tokens, rollout and telemetry.
/// The audit log keeps its key and name. `typed` is the key as the actor typed it, to confirm which
/// environment is meant.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, `typed` is another key, it is the project's
/// last environment, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_environment(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    typed: &str,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Admin)?;
    actor.require_shared("environments")?;
    let turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    let key = &live.environment.key;
    if typed.trim() != key.as_str() {
        let text = format!("type the key of the environment, {key}, to delete it");
        return Err(ServiceError::invalid("confirm", FieldCode::Invalid, text));
    }
    if service.project_environments(live.environment.project_id).len() < 2 {
        return Err(InUse::LastEnvironment.into());
    }
    let kind = SubjectKind::Environment;
    let entry = audit_document_change(
        service,
        actor,
        kind,
        key.as_str(),
        environment_document(&live),
        None,
    );
    let entries = [EnvironmentAuditEntry::new(environment, entry)];
    service
        .apply_edits(environment, &[Edit::DeleteEnvironment], &entries, ObjectKind::Environment)
        .await?;
    // Erasing much telemetry takes a while, which must not delay other changes. Maintenance erases
    // batches in flight and raw events within an hour.
    drop(turn);
    erase_environment(service, environment).await
}
