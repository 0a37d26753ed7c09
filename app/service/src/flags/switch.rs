//! Changes of a flag that take one press.

use phasegate_domain::{
    accounts::Role,
    ids::{EnvironmentId, FlagKey},
};
use phasegate_store::models::FlagVersion;

use super::{Expected, change_flag};
use crate::{ObjectKind, Service, ServiceError, access::Actor};

/// Switches a flag on or off, if its state in the environment still has the version that the caller
/// saw. Its definition may have changed meanwhile: that does not affect what a switch means.
///
/// # Errors
/// Returns the errors of [`super::replace_flag`].
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn switch_flag(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    enabled: bool,
    state_version: i64,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let stored = service.environment(environment)?.stored_flag(key.as_str())?.version();
    if stored.state != state_version {
        return Err(ServiceError::Conflict(ObjectKind::Flag));
    }
    let now = service.now();
    change_flag(service, actor, environment, key, Expected::Version(stored), |flag| {
        flag.enabled = enabled;
        // The last scheduled switch that is due would override this one.
        flag.schedule.retain(|switch| switch.at > now);
        Ok(())
    })
    .await
}

/// What can be done to a flag as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagAction {
    /// All users get the off variant, regardless of other settings.
    Kill,
    /// The settings of a killed flag apply again.
    Revive,
    /// It is no longer evaluated in any environment.
    Archive,
    /// An archived flag is evaluated again.
    Unarchive,
}

/// Applies an action to a flag at the version that the caller saw.
///
/// # Errors
/// Returns the errors of [`super::replace_flag`].
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn apply_flag_action(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    action: FlagAction,
    version: FlagVersion,
) -> Result<(), ServiceError> {
    change_flag(service, actor, environment, key, Expected::Version(version), |flag| {
        match action {
            FlagAction::Kill => flag.killed = true,
            FlagAction::Revive => flag.killed = false,
            FlagAction::Archive => flag.archived = true,
            FlagAction::Unarchive => flag.archived = false,
        }
        Ok(())
    })
    .await
}
