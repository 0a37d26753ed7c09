//! Server functions of rollouts.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use phasegate_domain::{
    alerts::AlertKind,
    ids::{EnvironmentKey, FlagKey, PhaseNumber},
    rollout::CommandKind,
};
#[cfg(feature = "ssr")]
use phasegate_domain::{
    plan::ChecklistItem,
    rollout::{RecordEntry, RolloutCommand},
};
#[cfg(feature = "ssr")]
use phasegate_service::rollout as service;

use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use super::{
    caller::{Caller, read_caller},
    done::describe_newest,
};
#[cfg(feature = "ssr")]
use crate::models::build_rollout_page;
use crate::models::{Done, RolloutPage};

/// Reads the rollout of an environment with its measurements; `None` without a plan.
#[server(prefix = "/admin/fn", endpoint = "rollout/read", input = GetUrl, output = JsonResult)]
pub async fn read_rollout(environment: EnvironmentKey) -> Result<Option<RolloutPage>, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let view = service::read_rollout_view(&service, &actor, environment).await?;
    Ok(view.as_ref().map(build_rollout_page))
}

/// Carries out a command. `version` is that of the rollout that the caller has seen.
#[server(prefix = "/admin/fn", endpoint = "rollout/execute_command", output = JsonResult)]
pub async fn execute_command(
    environment: EnvironmentKey,
    kind: CommandKind,
    version: i64,
    #[server(default)] reason: String,
    /// For a rollback: the minutes since the problem was detected.
    #[server(default)]
    detected_minutes_ago: u32,
    /// The page to go to afterwards, for pages without the rollout itself.
    #[server(default)]
    next: Option<NextPage>,
) -> Result<Done, ApiError> {
    let caller = read_caller(&environment)?;
    let Caller { service, actor, environment } = &caller;
    let detected_at = match detected_minutes_ago {
        0 => None,
        minutes => Some(service.now() - chrono::TimeDelta::minutes(i64::from(minutes))),
    };
    let command = RolloutCommand { kind, reason, detected_at };
    service::execute_command(service, actor, *environment, &command, Some(version)).await?;
    let done = describe_newest(&caller).await?;
    Ok(Done { next: next.map(NextPage::path), ..done })
}

/// A page to go to. An address would let others choose where the browser goes.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextPage {
    /// The page of the rollout.
    Rollout,
}

impl NextPage {
    #[cfg(feature = "ssr")]
    fn path(self) -> String {
        match self {
            Self::Rollout => "/admin/rollout".to_owned(),
        }
    }
}

/// Adds an entry to the record of the rollout.
#[cfg(feature = "ssr")]
pub(super) async fn add_entry(
    environment: &EnvironmentKey,
    entry: &RecordEntry,
) -> Result<Done, ApiError> {
    let caller = read_caller(environment)?;
    let Caller { service, actor, environment } = &caller;
    service::add_to_record(service, actor, *environment, entry).await?;
    describe_newest(&caller).await
}

/// Ticks a checklist item as done; without a phase, an item of the start.
#[server(prefix = "/admin/fn", endpoint = "rollout/tick_item", output = JsonResult)]
pub async fn tick_item(
    environment: EnvironmentKey,
    #[server(default)] phase: Option<PhaseNumber>,
    item: String,
    #[server(default)] link: String,
) -> Result<Done, ApiError> {
    let item = ChecklistItem { phase, item };
    add_entry(&environment, &RecordEntry::Tick { item, link }).await
}

/// Takes back the tick of a checklist item.
#[server(prefix = "/admin/fn", endpoint = "rollout/untick_item", output = JsonResult)]
pub async fn untick_item(
    environment: EnvironmentKey,
    #[server(default)] phase: Option<PhaseNumber>,
    item: String,
) -> Result<Done, ApiError> {
    let item = ChecklistItem { phase, item };
    add_entry(&environment, &RecordEntry::Untick { item }).await
}

/// Signs a statement of the gate off as met or not met.
#[server(prefix = "/admin/fn", endpoint = "rollout/sign_off", output = JsonResult)]
pub async fn sign_off(
    environment: EnvironmentKey,
    statement: String,
    holds: bool,
    #[server(default)] comment: String,
) -> Result<Done, ApiError> {
    add_entry(&environment, &RecordEntry::SignOff { statement, holds, comment }).await
}

/// Votes for or against leaving the phase.
#[server(prefix = "/admin/fn", endpoint = "rollout/cast_vote", output = JsonResult)]
pub async fn cast_vote(
    environment: EnvironmentKey,
    go: bool,
    #[server(default)] comment: String,
) -> Result<Done, ApiError> {
    add_entry(&environment, &RecordEntry::Vote { go, comment }).await
}

/// Acknowledges an alert, so that it does not close the gate for 48 hours.
#[server(prefix = "/admin/fn", endpoint = "rollout/acknowledge_alert", output = JsonResult)]
pub async fn acknowledge_alert(
    environment: EnvironmentKey,
    alert: AlertKind,
    comment: String,
) -> Result<Done, ApiError> {
    add_entry(&environment, &RecordEntry::Acknowledge { alert, comment }).await
}

/// Revives flags of the phases reached, after a kill: those that the caller saw as killed.
#[server(prefix = "/admin/fn", endpoint = "rollout/revive_flags", output = JsonResult)]
pub async fn revive_flags(
    environment: EnvironmentKey,
    #[server(default)] flags: Vec<FlagKey>,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let revived = service::revive_killed_flags(&service, &actor, environment, &flags).await?;
    let text = match revived.len() {
        0 => "None of these flags was killed any more.".to_owned(),
        count => {
            let flags = crate::format::format_quantity(count as u64, "flag", "flags");
            format!("Revived {flags}. Connected clients have been notified.")
        }
    };
    Ok(Done::new(text))
}
