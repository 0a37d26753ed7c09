//! The audit: who changed what, from which value to which, and when.

use phasegate_domain::{
    history::{Change, HistoryEntry, HistoryLine, SubjectKind},
    ids::EnvironmentId,
    people::Role,
};
use phasegate_store::models::HistoryQuery;
use serde_json::Value;

use crate::{Service, ServiceError, access::Actor};

/// Most lines of one answer.
pub const MAX_LINES: u32 = 500;

/// Lines of an environment's history, newest first.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn history(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &HistoryQuery,
) -> Result<Vec<HistoryLine>, ServiceError> {
    actor.require(Role::Viewer)?;
    let query = HistoryQuery { limit: query.limit.min(MAX_LINES), ..query.clone() };
    Ok(service.state.history(environment, &query).await?)
}

/// The line about a document that was made, changed or deleted just now.
pub(crate) fn saved(
    service: &Service,
    actor: &Actor,
    kind: SubjectKind,
    key: impl Into<String>,
    before: Option<Value>,
    after: Option<Value>,
) -> HistoryEntry {
    let change = Change::Saved { kind, key: key.into(), before, after };
    HistoryEntry { at: service.now(), actor: actor.name(), change }
}
