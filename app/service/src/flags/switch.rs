//! Switching a flag on or off.

use phasegate_domain::{
    flags::FlagState,
    history::{Change, HistoryEntry},
    ids::{EnvironmentId, FlagKey},
    people::Role,
};

use crate::{Service, ServiceError, access::Actor};

/// Switches a flag, if it is still as the actor saw it.
///
/// # Errors
/// When the actor may not, there is no such flag, or somebody else was first.
pub async fn switch(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    flag: &FlagKey,
    enabled: bool,
    seen_version: i64,
) -> Result<(), ServiceError> {
    actor.require(Role::Operator)?;
    let live = service.environment(environment)?;
    let missing = || ServiceError::NotFound { what: "flag", key: flag.to_string() };
    let entry = live.snapshot.flag(flag.as_str()).ok_or_else(missing)?;
    let state = FlagState { enabled, version: seen_version + 1, ..entry.state };
    let line = HistoryEntry {
        at: service.now(),
        actor: actor.name(),
        change: Change::FlagSwitched { flag: flag.clone(), enabled },
    };
    service
        .state
        .save_flag_state(environment, flag, state, &line)
        .await
        .map_err(ServiceError::on_conflict("the flag"))?;
    service.reload().await
}
