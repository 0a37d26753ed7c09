//! The form of the rollout page.

use phasegate_domain::rollout::{CommandKind, RolloutCommand};
use phasegate_service::rollout::{add_to_record, execute_command};

use super::{emergency, record_entries};
use crate::request::{PageError, Request};

/// Carries out the command of the form, or adds its entry to the record.
pub(super) async fn handle_rollout_form(request: &Request) -> Result<(), PageError> {
    let Some(form) = &request.form else { return Ok(()) };
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    if form.has("add") {
        let record_entry = record_entries::read_record_entry(form)?;
        add_to_record(service, actor, environment, &record_entry).await?;
        request.redirect_to(&match record_entry.incident() {
            Some(id) => format!("/admin/rollout/incident?id={id}&done=1"),
            None => "/admin/rollout?done=1".to_owned(),
        });
        return Ok(());
    }
    let kind = CommandKind::parse(form.get("kind"))
        .ok_or_else(|| PageError::invalid("kind: there is no such command"))?;
    let (version, reason) = (form.parse_version()?, form.get("reason").to_owned());
    let detected_at = emergency::parse_detected_at(form.get("noticed"), service.now())?;
    let wanted = RolloutCommand { kind, reason, detected_at };
    execute_command(service, actor, environment, &wanted, Some(version)).await?;
    request.redirect_to("/admin/rollout?done=1");
    Ok(())
}
