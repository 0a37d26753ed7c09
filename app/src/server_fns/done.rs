//! The sentence about what a call has just done.

use phasegate_domain::audit::{AuditEntry, Change};
use phasegate_domain::rollout::stakeholder_message;
use phasegate_service::rollout::read_rollout_summary;

use super::{ApiError, caller::Caller};
use crate::{models::Done, sentences::describe_change_with_plan};

/// Describes the newest change of the rollout, which the caller has just made.
pub(super) async fn describe_newest(caller: &Caller) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = caller;
    let rollout = read_rollout_summary(service, actor, *environment).await?;
    let newest =
        rollout.as_ref().and_then(|rollout| Some((&rollout.plan, rollout.history.first()?)));
    Ok(newest.map_or_else(
        || Done { text: "Saved.".to_owned(), message: None },
        |(plan, entry)| describe_entry(entry, plan),
    ))
}

/// Describes an entry of the audit log.
pub(crate) fn describe_entry(entry: &AuditEntry, plan: &phasegate_domain::plan::Plan) -> Done {
    let message = match &entry.change {
        Change::Rollout { what, .. } => stakeholder_message(plan, what, &entry.actor, entry.at),
        _ => None,
    };
    Done { text: describe_change_with_plan(&entry.change, plan), message }
}
