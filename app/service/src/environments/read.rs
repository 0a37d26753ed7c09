//! The use cases that read environments.

use phasegate_domain::{
    accounts::Role,
    ids::{EnvironmentId, EnvironmentKey},
};
use phasegate_store::models::Environment;

use crate::{ObjectKind, Service, ServiceError, access::Actor};

/// Returns the environments of a project by its key, the oldest first.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
pub fn list_environments(
    service: &Service,
    actor: &Actor,
    project: &str,
) -> Result<Vec<Environment>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let all = service.environments().into_iter().map(|live| live.environment.clone());
    Ok(all.filter(|environment| environment.project.as_str() == project).collect())
}

/// Returns an environment by its id.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or there is none of that id.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
pub fn read_environment(
    service: &Service,
    actor: &Actor,
    id: EnvironmentId,
) -> Result<Environment, ServiceError> {
    actor.require_role(Role::Viewer)?;
    Ok(service.environment(id)?.environment.clone())
}

/// Returns the id of the environment with this key.
///
/// # Errors
/// Returns [`ServiceError::NotFound`] if there is none.
#[tracing::instrument(level = "info", skip_all, fields(environment = %key), err(level = "debug"))]
pub fn find_environment_id(
    service: &Service,
    key: &EnvironmentKey,
) -> Result<EnvironmentId, ServiceError> {
    let all = service.environments();
    let live = all.iter().find(|live| live.environment.key == *key);
    let missing = || ServiceError::not_found(ObjectKind::Environment, key.to_string());
    Ok(live.ok_or_else(missing)?.environment.id)
}
