//! The audit log: who changed what and when, with the values before and after.

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, AuditRecord, Change, SubjectKind},
    flags::FlagDocument,
    ids::{EnvironmentId, FlagKey},
};
use phasegate_store::models::{AuditQuery, EnvironmentAuditEntry};
use serde_json::Value;

use crate::{CachedEnvironment, Service, ServiceError, access::Actor};

/// The maximum number of entries in one answer.
pub const MAX_LINES: u32 = 500;

/// Reads audit entries of an environment, newest first and at most [`MAX_LINES`]. Entries about accounts
/// are for admins only.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_audit_entries(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &AuditQuery,
) -> Result<Vec<AuditRecord>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    // Accounts are the business of admins.
    let without = (actor.role() < Role::Admin).then_some(SubjectKind::Account);
    let query = AuditQuery { limit: query.limit.min(MAX_LINES), without, ..query.clone() };
    Ok(service.stores.state.read_audit_records(environment, &query).await?)
}

/// Returns the audit entry for a document that is created, changed or deleted now.
pub(crate) fn audit_document_change(
    service: &Service,
    actor: &Actor,
    kind: SubjectKind,
    key: impl Into<String>,
    before: Option<Value>,
    after: Option<Value>,
) -> AuditEntry {
    let change = Change::Saved { kind, key: key.into(), before, after };
    AuditEntry { at: service.now(), actor: actor.name(), change }
}

/// Copies an audit entry to every environment of the project, for a change of what they share.
pub(crate) fn copy_to_environments(
    service: &Service,
    live: &CachedEnvironment,
    entry: &AuditEntry,
) -> Vec<EnvironmentAuditEntry> {
    let siblings = service.project_environments(live.environment.project_id).into_iter();
    let place = |sibling: std::sync::Arc<CachedEnvironment>| EnvironmentAuditEntry {
        environment: sibling.environment.id,
        entry: entry.clone(),
    };
    siblings.map(place).collect()
}

/// Returns the audit entries of a flag change, one for each environment of the project in which the
/// flag changes: its definition is shared, its state belongs to one environment. `after` returns
/// the flag in an environment after the change, or `None` if it is deleted.
pub(crate) fn audit_flag_change(
    service: &Service,
    actor: &Actor,
    live: &CachedEnvironment,
    key: &FlagKey,
    after: impl Fn(&CachedEnvironment) -> Option<FlagDocument>,
) -> Vec<EnvironmentAuditEntry> {
    let json = |document: FlagDocument| serde_json::to_value(document).ok();
    let mut lines = Vec::new();
    for sibling in service.project_environments(live.environment.project_id) {
        let stored = sibling.stored_flag(key.as_str()).ok();
        let before = stored.map(|stored| FlagDocument::new(&stored.flag, &stored.state));
        let after = after(&sibling);
        if before != after {
            let (before, after) = (before.and_then(json), after.and_then(json));
            let entry = audit_document_change(
                service,
                actor,
                SubjectKind::Flag,
                key.as_str(),
                before,
                after,
            );
            lines.push(EnvironmentAuditEntry { environment: sibling.environment.id, entry });
        }
    }
    lines
}
