//! The killed flags of a rollout.

use phasegate_domain::{
    accounts::Role,
    flags::{FlagDocument, FlagState},
    ids::{EnvironmentId, FlagKey},
    rollout::Rollout,
};
use phasegate_store::models::{Edit, EnvironmentAuditEntry};

use super::stored::read_rollout;
use crate::{
    CachedEnvironment, ObjectKind, Service, ServiceError, access::Actor, audit::audit_flag_change,
};

/// Returns the killed flags of the phases that the rollout has reached.
pub(super) fn find_killed_flags(live: &CachedEnvironment, rollout: &Rollout) -> Vec<FlagKey> {
    let Some(serving) = rollout.state.status.serving_phase() else { return Vec::new() };
    let reached = rollout.plan.phases.iter().filter(|phase| phase.number <= serving);
    let flags = reached.flat_map(|phase| &phase.flags);
    let is_killed =
        |key: &&FlagKey| live.stored_flag(key.as_str()).is_ok_and(|stored| stored.state.killed);
    flags.filter(is_killed).cloned().collect()
}

/// Revives those of the `seen` flags that are killed and belong to a phase that the rollout has reached,
/// all or none. Returns them. A flag that was killed since is left alone.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, there is no rollout, another change came
/// first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn revive_killed_flags(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    seen: &[FlagKey],
) -> Result<Vec<FlagKey>, ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let rollout = read_rollout(service, environment).await?;
    let mut killed = find_killed_flags(&*service.environment(environment)?, &rollout);
    killed.retain(|flag| seen.contains(flag));
    let (mut edits, mut entries) = (Vec::new(), Vec::new());
    for flag in &killed {
        add_kill_edits(service, actor, environment, (flag, false), &mut edits, &mut entries)?;
    }
    service.apply_edits(environment, &edits, &entries, ObjectKind::Flag).await?;
    Ok(killed)
}

/// Adds the edit that kills or revives a flag, unless it is so already or does not exist.
pub(super) fn add_kill_edits(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    (key, killed): (&FlagKey, bool),
    edits: &mut Vec<Edit>,
    entries: &mut Vec<EnvironmentAuditEntry>,
) -> Result<(), ServiceError> {
    let live = service.environment(environment)?;
    let Ok(stored) = live.stored_flag(key.as_str()) else { return Ok(()) };
    if stored.state.killed == killed {
        return Ok(());
    }
    let mut state = FlagState::clone(&stored.state);
    state.killed = killed;
    state.version += 1;
    entries.extend(audit_flag_change(service, actor, &live, key, |sibling| {
        let own = sibling.stored_flag(key.as_str()).ok()?;
        let state = if sibling.environment.id == environment { &state } else { &own.state };
        Some(FlagDocument::new(&own.flag, state))
    }));
    edits.push(Edit::SaveState(key.clone(), state));
    Ok(())
}
