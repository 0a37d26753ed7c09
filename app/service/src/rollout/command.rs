//! Moving the rollout.

use phasegate_domain::{
    history::{Change, HistoryEntry},
    ids::EnvironmentId,
    people::Role,
    rollout::{Command, apply},
};

use crate::{Service, ServiceError, access::Actor};

/// Carries out a command, if the rollout is still as the actor saw it.
///
/// # Errors
/// When the actor may not, a rule stands against it, or somebody else was first.
pub async fn command(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    command: &Command,
    seen_version: i64,
) -> Result<(), ServiceError> {
    actor.require(Role::Operator)?;
    let rollout = service.state.rollout(environment).await?;
    let missing = || ServiceError::NotFound { what: "rollout", key: "of this environment".into() };
    let rollout = rollout.ok_or_else(missing)?;
    // Before the rules: what was seen has changed, so a refusal would speak of something else.
    if rollout.version != seen_version {
        return Err(ServiceError::Conflict("the rollout"));
    }
    let now = service.now();
    let (state, what) = apply(&rollout.plan, &rollout.state, command, actor.role(), now)?;
    let line = HistoryEntry {
        at: now,
        actor: actor.name(),
        change: Change::Rollout { rollout: rollout.key.clone(), what },
    };
    service
        .state
        .save_rollout_state(environment, &rollout.key, &state, seen_version, &line)
        .await
        .map_err(ServiceError::on_conflict("the rollout"))?;
    service.reload().await
}
