//! One person's data: shown and forgotten.

use phasegate_domain::{
    ids::EnvironmentId,
    people::Role,
    telemetry::{Forgotten, PersonData},
};

use super::person;
use crate::{Service, ServiceError, access::Actor};

/// All that is kept about whom an app calls by this id. Only what their digest leads to: nothing
/// else is kept of the id.
///
/// # Errors
/// When the actor may not, or storage fails.
pub async fn person_data(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: &str,
) -> Result<PersonData, ServiceError> {
    actor.require(Role::Admin)?;
    let who = person(service, environment, checked(id)?);
    Ok(service.telemetry.person(environment, who).await?)
}

/// Forgets a person. Counts that they added to stay: nobody can tell from those who it was.
///
/// # Errors
/// When the actor may not, or storage fails.
pub async fn forget_person(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: &str,
) -> Result<Forgotten, ServiceError> {
    actor.require(Role::Admin)?;
    let who = person(service, environment, checked(id)?);
    let forgotten = service.telemetry.forget_person(environment, who).await?;
    service.announce();
    Ok(forgotten)
}

fn checked(id: &str) -> Result<&str, ServiceError> {
    match id.trim() {
        "" => Err(ServiceError::Invalid("id: the id by which the app calls the person".to_owned())),
        id => Ok(id),
    }
}
