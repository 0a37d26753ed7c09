//! The flag list, and the details of one flag.

use std::collections::HashSet;

use phasegate_domain::{
    accounts::Role,
    audit::{AuditRecord, SubjectKind},
    flags::{EvaluationCounts, Flag, FlagState, Lifecycle, StaleAdvice, describe_targeting},
    ids::{EnvironmentId, FlagKey},
    reports::FlagRow,
};
use phasegate_store::models::{AuditQuery, Environment, StoredFlag};

use crate::{CachedEnvironment, Service, ServiceError, access::Actor, evaluation_counts};

/// Returns all stored flags of an environment by key, archived ones too.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn stored_flags(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<StoredFlag>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    Ok(service.environment(environment)?.flags.clone())
}

/// Returns a stored flag by its key.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or there is none of that key.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn stored_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &str,
) -> Result<StoredFlag, ServiceError> {
    actor.require_role(Role::Viewer)?;
    Ok(service.environment(environment)?.stored_flag(key)?.clone())
}

/// Returns a stored flag for its editor.
///
/// # Errors
/// Returns an error if the actor may not change flags or there is none of that key.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn read_flag_to_edit(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
) -> Result<StoredFlag, ServiceError> {
    actor.require_role(Role::Operator)?;
    stored_flag(service, actor, environment, key.as_str())
}

/// Checks that the actor may create flags, before a form is shown to them.
///
/// # Errors
/// Returns an error if the actor lacks the operator role.
pub fn check_may_create(actor: &Actor) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)
}

/// The maximum number of audit entries on a flag's page.
const HISTORY_LINES: u32 = 30;

/// Returns the flags that have another one as a prerequisite.
fn find_dependents(live: &CachedEnvironment, key: &FlagKey) -> Vec<FlagKey> {
    let needs = |other: &&StoredFlag| other.state.prerequisites.iter().any(|p| p.flag == *key);
    live.flags.iter().filter(needs).map(|other| other.flag.key.clone()).collect()
}

fn build_flag_row(
    service: &Service,
    live: &CachedEnvironment,
    stored: &StoredFlag,
    usage: EvaluationCounts,
    is_needed: bool,
) -> (FlagRow, Option<StaleAdvice>) {
    let now = service.now();
    let entry = live.snapshot.flag(stored.flag.key.as_str());
    let added_in = entry.and_then(|entry| entry.added_in);
    let current = live.snapshot.serving_phase();
    let is_reached = added_in.is_some_and(|phase| current.is_some_and(|current| phase <= current));
    // A flag that waits for its phase or schedule, or that another one requires, is not stale.
    let is_waiting = (added_in.is_some() && !is_reached)
        || stored.state.schedule.iter().any(|switch| switch.at > now)
        || is_needed;
    let advice =
        usage.stale_advice(stored.changed_at, now).filter(|_| !stored.flag.archived && !is_waiting);
    let lifecycle = match stored.flag.archived {
        true => Lifecycle::Archived,
        false => Lifecycle::of_flag(stored.created_at, advice.as_ref(), now),
    };
    let row = FlagRow {
        flag: Flag::clone(&stored.flag),
        state: FlagState::clone(&stored.state),
        enabled: stored.state.is_enabled(now),
        added_in,
        is_reached,
        variable: entry
            .and_then(|entry| entry.environment_override.as_ref())
            .map(|pinned| pinned.variable.clone()),
        usage,
        lifecycle,
    };
    (row, advice)
}

/// Lists all flags of an environment in the order of the phases that add them, archived ones last.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, the environment does not exist, or storage
/// fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list_flags(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<FlagRow>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let mut usages = evaluation_counts::read_evaluation_counts(service, environment).await?;
    let needed: HashSet<&FlagKey> =
        live.flags.iter().flat_map(|s| s.state.prerequisites.iter().map(|p| &p.flag)).collect();
    let mut rows: Vec<FlagRow> = live
        .flags
        .iter()
        .map(|stored| {
            let usage =
                usages.remove(&stored.flag.key).unwrap_or_else(evaluation_counts::zero_counts);
            build_flag_row(service, &live, stored, usage, needed.contains(&stored.flag.key)).0
        })
        .collect();
    rows.sort_by_key(|row| (row.flag.archived, row.added_in.is_none(), row.added_in));
    Ok(rows)
}

/// A flag with the data of its page.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagDetail {
    /// The row of the flag list.
    pub row: FlagRow,
    /// The stored flag, with its versions and times.
    pub stored: StoredFlag,
    /// The reason why it is stale, if it is.
    pub advice: Option<StaleAdvice>,
    /// Its targeting, in plain words.
    pub words: Vec<String>,
    /// The flag in each environment of the project.
    pub switches: Vec<(Environment, StoredFlag)>,
    /// Its audit entries, newest first.
    pub history: Vec<AuditRecord>,
    /// The flags that have it as a prerequisite.
    pub needed_by: Vec<FlagKey>,
}

/// Reads a flag with the data of its page.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, the flag does not exist, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_flag_detail(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
) -> Result<FlagDetail, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let stored = live.stored_flag(key.as_str())?;
    let mut usages = evaluation_counts::read_evaluation_counts(service, environment).await?;
    let usage = usages.remove(key).unwrap_or_else(evaluation_counts::zero_counts);
    let needed_by = find_dependents(&live, key);
    let (row, advice) = build_flag_row(service, &live, stored, usage, !needed_by.is_empty());
    let query = AuditQuery {
        kind: Some(SubjectKind::Flag),
        subjects: vec![key.to_string()],
        limit: HISTORY_LINES,
        ..AuditQuery::default()
    };
    let siblings = service.project_environments(live.environment.project_id);
    let switches = siblings.iter().filter_map(|sibling| {
        let stored = sibling.stored_flag(key.as_str()).ok()?;
        Some((sibling.environment.clone(), stored.clone()))
    });
    let pinned =
        live.snapshot.flag(key.as_str()).and_then(|entry| entry.environment_override.as_ref());
    let words = match pinned {
        Some(pinned) => {
            vec![format!("{} for everyone, because {} says so.", pinned.variant, pinned.variable)]
        }
        None => describe_targeting(&stored.flag, &stored.state, row.added_in, service.now()),
    };
    Ok(FlagDetail {
        words,
        row,
        stored: stored.clone(),
        advice,
        switches: switches.collect(),
        history: service.stores.state.read_audit_records(environment, &query).await?,
        needed_by,
    })
}
