//! The sentence about what a call has just done.

use leptos::server_fn::ServerFn;
use phasegate_domain::audit::{AuditEntry, Change};
use phasegate_domain::ids::EnvironmentKey;
use phasegate_domain::rollout::stakeholder_message;
use phasegate_service::rollout::read_rollout_summary;

use super::{ApiError, caller::Caller};
use crate::{
    models::{Done, Undo},
    sentences::describe_change_with_plan,
};

/// Describes the newest change of the rollout, which the caller has just made.
pub(super) async fn describe_newest(caller: &Caller) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = caller;
    let rollout = read_rollout_summary(service, actor, *environment).await?;
    let newest =
        rollout.as_ref().and_then(|rollout| Some((&rollout.plan, rollout.history.first()?)));
    Ok(newest.map_or_else(|| Done::new("Saved."), |(plan, entry)| describe_entry(entry, plan)))
}

/// Adds the call of `F` that takes back what was done. The environment is one of its fields.
pub(super) fn undo_with<F: ServerFn>(
    done: Done,
    environment: &EnvironmentKey,
    fields: impl IntoIterator<Item = (&'static str, String)>,
) -> Done {
    let environment = ("environment", environment.to_string());
    let fields = std::iter::once(environment).chain(fields);
    let fields = fields.map(|(name, value)| (name.to_owned(), value)).collect();
    Done { undo: Some(Undo { function: F::PATH.to_owned(), fields }), ..done }
}

/// Describes an entry of the audit log.
fn describe_entry(entry: &AuditEntry, plan: &phasegate_domain::plan::Plan) -> Done {
    let message = match &entry.change {
        Change::Rollout { what, .. } => stakeholder_message(plan, what, &entry.actor, entry.at),
        _ => None,
    };
    Done { message, ..Done::new(describe_change_with_plan(&entry.change, plan)) }
}
