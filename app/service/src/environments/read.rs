//! The use cases that read environments.

use phasegate_domain::{accounts::Role, ids::EnvironmentId};
use phasegate_store::models::Environment;

use crate::{Service, ServiceError, access::Actor};

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
