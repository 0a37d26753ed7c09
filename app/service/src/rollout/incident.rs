//! The view of an incident.

use chrono::TimeDelta;
use phasegate_domain::{
    accounts::Role, audit::SubjectKind, ids::EnvironmentId, reports::IncidentView,
};
use phasegate_store::models::AuditQuery;

use super::stored::read_rollout;
use crate::{ObjectKind, Service, ServiceError, access::Actor};

/// The maximum number of audit entries in the timeline of an incident.
const MAX_RECORDS: u32 = 100;

/// Reads an incident of the rollout, with what happened while it was open.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, there is no rollout or no such incident, or
/// storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_incident(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: u32,
) -> Result<IncidentView, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let rollout = read_rollout(service, environment).await?;
    let incident = rollout.state.record.find_incident(id).cloned();
    let incident =
        incident.ok_or_else(|| ServiceError::not_found(ObjectKind::Incident, id.to_string()))?;
    let query = AuditQuery {
        since: Some(incident.detected_at),
        until: incident.closed_at.map(|at| at + TimeDelta::seconds(1)),
        limit: MAX_RECORDS,
        without: Some(SubjectKind::Account),
        ..AuditQuery::default()
    };
    let records = service.stores.state.read_audit_records(environment, &query).await?;
    let (role, at) = (actor.role(), service.now());
    Ok(IncidentView { plan: rollout.plan, incident, records, role, at })
}

/// Checks that the actor may write about an incident.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, there is no rollout or no such incident, or
/// storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn check_may_write(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: u32,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let rollout = read_rollout(service, environment).await?;
    match rollout.state.record.find_incident(id) {
        Some(_) => Ok(()),
        None => Err(ServiceError::not_found(ObjectKind::Incident, id.to_string())),
    }
}
