//! The flag list, and one flag in full.

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

/// All flags of an environment as they are stored, by key; archived ones too.
///
/// # Errors
/// When the actor may not look.
pub fn stored_flags(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<StoredFlag>, ServiceError> {
    actor.require(Role::Viewer)?;
    Ok(service.environment(environment)?.flags.clone())
}

/// A flag as it is stored.
///
/// # Errors
/// When the actor may not look, or there is none of that key.
pub fn stored_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &str,
) -> Result<StoredFlag, ServiceError> {
    actor.require(Role::Viewer)?;
    Ok(service.environment(environment)?.stored_flag(key)?.clone())
}

/// Lines of history on a flag's page.
const HISTORY_LINES: u32 = 30;

/// The flags that need another one to answer in a certain way first.
fn needed_by(live: &CachedEnvironment, key: &FlagKey) -> Vec<FlagKey> {
    let needs = |other: &&StoredFlag| other.state.prerequisites.iter().any(|p| p.flag == *key);
    live.flags.iter().filter(needs).map(|other| other.flag.key.clone()).collect()
}

fn row(
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
    // What still waits for its turn, or holds another flag up, is not done with.
    let is_waiting = (added_in.is_some() && !is_reached)
        || stored.state.schedule.iter().any(|switch| switch.at > now)
        || is_needed;
    let advice =
        usage.stale_advice(stored.changed_at, now).filter(|_| !stored.flag.archived && !is_waiting);
    let lifecycle = match &advice {
        _ if stored.flag.archived => Lifecycle::Archived,
        Some(_) => Lifecycle::Stale,
        None => Lifecycle::Active,
    };
    let row = FlagRow {
        flag: Flag::clone(&stored.flag),
        state: FlagState::clone(&stored.state),
        enabled: stored.state.is_enabled(now),
        added_in,
        is_reached,
        variable: entry.and_then(|entry| entry.forced.as_ref()).map(|held| held.variable.clone()),
        usage,
        lifecycle,
    };
    (row, advice)
}

/// All flags of an environment, archived ones too, in the order of the phases that add them.
///
/// # Errors
/// When the actor may not look, there is no such environment, or storage fails.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<FlagRow>, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let mut usages = evaluation_counts::of_flags(service, environment).await?;
    let needed: HashSet<&FlagKey> =
        live.flags.iter().flat_map(|s| s.state.prerequisites.iter().map(|p| &p.flag)).collect();
    let mut rows: Vec<FlagRow> = live
        .flags
        .iter()
        .map(|stored| {
            let usage = usages.remove(&stored.flag.key).unwrap_or_else(evaluation_counts::nothing);
            row(service, &live, stored, usage, needed.contains(&stored.flag.key)).0
        })
        .collect();
    rows.sort_by_key(|row| (row.flag.archived, row.added_in.is_none(), row.added_in));
    Ok(rows)
}

/// One flag in full.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagDetail {
    /// As in the list.
    pub row: FlagRow,
    /// As it is stored, with its versions and times.
    pub stored: StoredFlag,
    /// Why it is stale, if it is.
    pub advice: Option<StaleAdvice>,
    /// What it answers to whom, in plain words.
    pub words: Vec<String>,
    /// Whether it is on, environment by environment.
    pub switches: Vec<(Environment, StoredFlag)>,
    /// What happened to it, newest first.
    pub history: Vec<AuditRecord>,
    /// The flags that need it.
    pub needed_by: Vec<FlagKey>,
}

/// One flag with everything that its page shows.
///
/// # Errors
/// When the actor may not look, or there is no such flag.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn detail(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
) -> Result<FlagDetail, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let stored = live.stored_flag(key.as_str())?;
    let mut usages = evaluation_counts::of_flags(service, environment).await?;
    let usage = usages.remove(key).unwrap_or_else(evaluation_counts::nothing);
    let needed_by = needed_by(&live, key);
    let (row, advice) = row(service, &live, stored, usage, !needed_by.is_empty());
    let query = AuditQuery {
        since: None,
        until: None,
        kind: Some(SubjectKind::Flag),
        subjects: vec![key.to_string()],
        before: None,
        limit: HISTORY_LINES,
    };
    let siblings = service.siblings(live.environment.project_id);
    let switches = siblings.iter().filter_map(|sibling| {
        let stored = sibling.stored_flag(key.as_str()).ok()?;
        Some((sibling.environment.clone(), stored.clone()))
    });
    let held = live.snapshot.flag(key.as_str()).and_then(|entry| entry.forced.as_ref());
    let words = match held {
        Some(held) => {
            vec![format!("{} for everyone, because {} says so.", held.variant, held.variable)]
        }
        None => describe_targeting(&stored.flag, &stored.state, row.added_in, service.now()),
    };
    Ok(FlagDetail {
        words,
        row,
        stored: stored.clone(),
        advice,
        switches: switches.collect(),
        history: service.stores.state.audit_records(environment, &query).await?,
        needed_by,
    })
}
