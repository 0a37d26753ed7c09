//! The rollout page's doors.

use leptos::server;
use phasegate_domain::rollout::{CommandKind, RolloutView};

use super::ApiError;

/// The rollout with its history; `None` when no plan is loaded.
///
/// # Errors
/// When nobody is logged in, or storage fails.
#[server(prefix = "/admin/fn", endpoint = "rollout/view")]
pub(crate) async fn rollout() -> Result<Option<RolloutView>, ApiError> {
    let caller = super::caller()?;
    Ok(phasegate_service::rollout::view(&caller.service, &caller.actor, caller.environment).await?)
}

/// Moves the rollout, if it is still as `version` says. Leads back to the page.
///
/// # Errors
/// When the caller may not, a rule stands against it, or somebody else was first.
#[server(prefix = "/admin/fn", endpoint = "rollout/command")]
pub(crate) async fn command_rollout(
    kind: CommandKind,
    version: i64,
    #[server(default)] reason: String,
) -> Result<(), ApiError> {
    let caller = super::caller()?;
    let command = phasegate_domain::rollout::Command { kind, reason };
    phasegate_service::rollout::command(
        &caller.service,
        &caller.actor,
        caller.environment,
        &command,
        version,
    )
    .await?;
    leptos_axum::redirect("/admin/rollout?done=1");
    Ok(())
}
