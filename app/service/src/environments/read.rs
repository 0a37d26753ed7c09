//! Reading environments.

use phasegate_domain::{accounts::Role, ids::EnvironmentId};
use phasegate_store::models::Environment;

use crate::{Service, ServiceError, access::Actor};

/// The environments of a project by its key, the oldest first.
///
/// # Errors
/// When the actor may not look.
pub fn of_project(
    service: &Service,
    actor: &Actor,
    project: &str,
) -> Result<Vec<Environment>, ServiceError> {
    actor.require(Role::Viewer)?;
    let all = service.environments().into_iter().map(|live| live.environment.clone());
    Ok(all.filter(|environment| environment.project.as_str() == project).collect())
}

/// An environment by its id.
///
/// # Errors
/// When the actor may not look, or there is none.
pub fn environment(
    service: &Service,
    actor: &Actor,
    id: EnvironmentId,
) -> Result<Environment, ServiceError> {
    actor.require(Role::Viewer)?;
    Ok(service.environment(id)?.environment.clone())
}
