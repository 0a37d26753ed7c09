//! Making an environment.

use phasegate_domain::{
    accounts::Role,
    audit::SubjectKind,
    field_error::{FieldCode, FieldError},
    flags::FlagState,
    ids::{EnvironmentId, EnvironmentKey, FlagKey},
};
use serde_json::json;

use super::change::{check_key, check_name};
use crate::{Service, ServiceError, access::Actor, audit::saved};

/// Most environments of a project.
const MAX_ENVIRONMENTS: usize = 50;

/// Makes an environment beside another one. Each flag begins there as everywhere that it was not made for:
/// off, without rules.
///
/// # Errors
/// When the actor may not, or there is one of that key.
#[tracing::instrument(level = "debug", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create(
    service: &Service,
    actor: &Actor,
    beside: EnvironmentId,
    key: EnvironmentKey,
    name: &str,
) -> Result<EnvironmentId, ServiceError> {
    actor.require(Role::Admin)?;
    actor.require_shared("environments")?;
    check_key(&key)?;
    let _turn = service.begin_edit().await?;
    let project = service.environment(beside)?.environment.project_id;
    if service.siblings(project).len() >= MAX_ENVIRONMENTS {
        let text = format!("there are {MAX_ENVIRONMENTS} environments, and no more are allowed");
        return Err(FieldError::whole(FieldCode::TooMany, text).into());
    }
    let name = check_name(&key, name)?;
    let is = Some(json!({"key": key, "name": name}));
    let entry = saved(service, actor, SubjectKind::Environment, key.as_str(), None, is);
    let flags: Vec<(FlagKey, FlagState)> = service
        .environment(beside)?
        .flags
        .iter()
        .map(|stored| (stored.flag.key.clone(), FlagState::unused(&stored.flag.key)))
        .collect();
    let made = service.stores.state.create_environment(project, &key, name, &flags, &entry).await;
    let id = made.map_err(|error| match error {
        phasegate_store::StoreError::Conflict => {
            ServiceError::Exists { what: "environment", key: key.to_string() }
        }
        other => other.into(),
    })?;
    service.reload().await?;
    Ok(id)
}
