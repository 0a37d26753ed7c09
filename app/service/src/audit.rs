//! The audit: who changed what, from which value to which, and when.

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, AuditRecord, Change, SubjectKind},
    flags::FlagDocument,
    ids::{EnvironmentId, FlagKey},
};
use phasegate_store::models::{AuditQuery, EnvironmentAuditEntry};
use serde_json::Value;

use crate::{CachedEnvironment, Service, ServiceError, access::Actor};

/// Most lines of one answer.
pub const MAX_LINES: u32 = 500;

/// Lines of an environment's history, newest first.
///
/// # Errors
/// When the actor may not look, or storage fails.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn history(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &AuditQuery,
) -> Result<Vec<AuditRecord>, ServiceError> {
    actor.require(Role::Viewer)?;
    let query = AuditQuery { limit: query.limit.min(MAX_LINES), ..query.clone() };
    Ok(service.stores.state.audit_records(environment, &query).await?)
}

/// The line about a document that was made, changed or deleted just now.
pub(crate) fn saved(
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

/// The same line in the history of every environment of the project: it is about what they share.
pub(crate) fn in_all(
    service: &Service,
    live: &CachedEnvironment,
    entry: &AuditEntry,
) -> Vec<EnvironmentAuditEntry> {
    let siblings = service.siblings(live.environment.project_id).into_iter();
    let place = |sibling: std::sync::Arc<CachedEnvironment>| EnvironmentAuditEntry {
        environment: sibling.environment.id,
        entry: entry.clone(),
    };
    siblings.map(place).collect()
}

/// A flag's line in each environment of the project, told as that environment sees it: what the
/// flag is changes everywhere, what is decided about it only in one. Where nothing changes, there
/// is no line. `after` is what becomes of the flag in an environment.
pub(crate) fn of_flag(
    service: &Service,
    actor: &Actor,
    live: &CachedEnvironment,
    key: &FlagKey,
    after: impl Fn(&CachedEnvironment) -> Option<FlagDocument>,
) -> Vec<EnvironmentAuditEntry> {
    let json = |document: FlagDocument| serde_json::to_value(document).ok();
    let mut lines = Vec::new();
    for sibling in service.siblings(live.environment.project_id) {
        let stored = sibling.stored_flag(key.as_str()).ok();
        let before = stored.map(|stored| FlagDocument::new(&stored.flag, &stored.state));
        let after = after(&sibling);
        if before != after {
            let (before, after) = (before.and_then(json), after.and_then(json));
            let entry = saved(service, actor, SubjectKind::Flag, key.as_str(), before, after);
            lines.push(EnvironmentAuditEntry { environment: sibling.environment.id, entry });
        }
    }
    lines
}
