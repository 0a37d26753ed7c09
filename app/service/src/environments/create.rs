//! The use case that creates environments.

use phasegate_domain::{
    accounts::Role,
    audit::SubjectKind,
    field_error::{FieldCode, FieldError},
    flags::FlagState,
    ids::{EnvironmentId, EnvironmentKey, FlagKey},
};
use serde_json::json;

use super::change::{check_key, check_name};
use crate::{ObjectKind, Service, ServiceError, access::Actor, audit::audit_document_change};

/// The maximum number of environments of a project.
const MAX_ENVIRONMENTS: usize = 50;

/// Creates an environment in the project of `beside`. Each flag begins off there, without rules.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, a field is invalid, the project has an
/// environment of that key or too many environments, or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_environment(
    service: &Service,
    actor: &Actor,
    beside: EnvironmentId,
    key: EnvironmentKey,
    name: &str,
) -> Result<EnvironmentId, ServiceError> {
    actor.require_role(Role::Admin)?;
    actor.require_shared("environments")?;
    check_key(&key)?;
    let _turn = service.begin_edit().await?;
    let project = service.environment(beside)?.environment.project_id;
    if service.project_environments(project).len() >= MAX_ENVIRONMENTS {
        let text = format!("there are {MAX_ENVIRONMENTS} environments, and no more are allowed");
        return Err(FieldError::without_field(FieldCode::TooMany, text).into());
    }
    let name = check_name(&key, name)?;
    let is = Some(json!({"key": key, "name": name}));
    let entry =
        audit_document_change(service, actor, SubjectKind::Environment, key.as_str(), None, is);
    let flags: Vec<(FlagKey, FlagState)> = service
        .environment(beside)?
        .flags
        .iter()
        .map(|stored| (stored.flag.key.clone(), FlagState::unused(&stored.flag.key)))
        .collect();
    let made = service.stores.state.create_environment(project, &key, name, &flags, &entry).await;
    let id = made.map_err(|error| match error {
        phasegate_store::StoreError::Conflict => {
            ServiceError::Exists { what: ObjectKind::Environment, key: key.to_string() }
        }
        other => other.into(),
    })?;
    service.reload_configuration().await?;
    Ok(id)
}
