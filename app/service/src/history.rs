//! The audit: who changed what, from which value to which, and when.

use phasegate_domain::{
    flags::FlagDocument,
    history::{Change, HistoryEntry, HistoryLine, SubjectKind},
    ids::{EnvironmentId, FlagKey},
    people::Role,
};
use phasegate_store::models::{HistoryQuery, PlacedEntry};
use serde_json::Value;

use crate::{LiveEnvironment, Service, ServiceError, access::Actor};

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

/// The same line in the history of every environment of the project: it is about what they share.
pub(crate) fn in_all(
    service: &Service,
    live: &LiveEnvironment,
    entry: &HistoryEntry,
) -> Vec<PlacedEntry> {
    let siblings = service.siblings(live.environment.project_id).into_iter();
    let place = |sibling: std::sync::Arc<LiveEnvironment>| PlacedEntry {
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
    live: &LiveEnvironment,
    key: &FlagKey,
    after: impl Fn(&LiveEnvironment) -> Option<FlagDocument>,
) -> Vec<PlacedEntry> {
    let json = |document: FlagDocument| serde_json::to_value(document).ok();
    let mut lines = Vec::new();
    for sibling in service.siblings(live.environment.project_id) {
        let stored = sibling.stored_flag(key.as_str()).ok();
        let before = stored.map(|stored| FlagDocument::new(&stored.flag, &stored.state));
        let after = after(&sibling);
        if before != after {
            let (before, after) = (before.and_then(json), after.and_then(json));
            let entry = saved(service, actor, SubjectKind::Flag, key.as_str(), before, after);
            lines.push(PlacedEntry { environment: sibling.environment.id, entry });
        }
    }
    lines
}
