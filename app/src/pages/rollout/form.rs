//! The form of the rollback page.

use phasegate_domain::rollout::{CommandKind, RolloutCommand};
use phasegate_service::rollout::execute_command;

use super::emergency;
use crate::request::{PageError, Request};

/// Carries out the command of the form, and returns whether there was one.
pub(super) async fn handle_rollout_form(request: &Request) -> Result<bool, PageError> {
    let Some(form) = &request.form else { return Ok(false) };
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let kind = CommandKind::parse(form.get("kind"))
        .ok_or_else(|| PageError::invalid("kind: there is no such command"))?;
    let (version, reason) = (form.parse_version()?, form.get("reason").to_owned());
    let detected_at = emergency::parse_detected_at(form.get("noticed"), service.now())?;
    let wanted = RolloutCommand { kind, reason, detected_at };
    execute_command(service, actor, environment, &wanted, Some(version)).await?;
    request.redirect_to("/admin/rollout?done=1");
    Ok(true)
}
