//! The data of one user: reading and erasing it.

use phasegate_domain::{
    accounts::Role,
    audit::SubjectKind,
    events::UserHash,
    field_error::FieldCode,
    ids::EnvironmentId,
    privacy::{ErasureReport, UserData},
};
use phasegate_store::models::EnvironmentAuditEntry;
use serde_json::json;

use crate::{
    ObjectKind, Service, ServiceError, access::Actor, audit::audit_document_change,
    ingest::user_digest,
};

/// Reads everything that is stored about the user with this id in the app, and writes an audit
/// entry. The store only knows the digest of the id.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, the id is empty, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_user_data(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: &str,
) -> Result<UserData, ServiceError> {
    actor.require_role(Role::Admin)?;
    let who = user_digest(service, environment, require_user_id(id)?);
    let found = service.stores.telemetry.read_user_data(environment, who).await?;
    record_data_access(service, actor, environment, who, "shown").await?;
    Ok(found)
}

/// Erases a user and writes an audit entry. Counts stay: they do not identify the user.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, the id is empty, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn erase_user(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: &str,
) -> Result<ErasureReport, ServiceError> {
    actor.require_role(Role::Admin)?;
    let who = user_digest(service, environment, require_user_id(id)?);
    let erased = service.stores.telemetry.erase_user(environment, who).await?;
    record_data_access(service, actor, environment, who, "erased").await?;
    Ok(erased)
}

/// Writes an audit entry about access to a user's data. It names the digest, which only identifies
/// the user to readers who know the id.
async fn record_data_access(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    who: UserHash,
    done: &str,
) -> Result<(), ServiceError> {
    let live = service.environment(environment)?;
    let is =
        |done: &str| Some(json!({"user": {"digest": format!("{:016x}", who.0), "data": done}}));
    let (kind, key) = (SubjectKind::Environment, live.environment.key.as_str());
    let entry = audit_document_change(service, actor, kind, key, is("stored"), is(done));
    service
        .apply_edits(
            environment,
            &[],
            &[EnvironmentAuditEntry::new(environment, entry)],
            ObjectKind::User,
        )
        .await
}

fn require_user_id(id: &str) -> Result<&str, ServiceError> {
    match id.trim() {
        "" => Err(ServiceError::invalid("id", FieldCode::Missing, "the user ID that the app uses")),
        id => Ok(id),
    }
}
