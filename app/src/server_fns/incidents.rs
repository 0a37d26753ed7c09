//! Server functions of incidents.

use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use phasegate_domain::rollout::RecordEntry;
use phasegate_domain::{ids::EnvironmentKey, incidents::PostMortem};

#[cfg(feature = "ssr")]
use phasegate_service::{
    accounts::{drop_account_value, keep_account_value, list_account_values},
    models::{AccountValue, AccountValueKind},
};

use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use super::{
    caller::{Caller, read_caller, read_visitor},
    rollout::add_entry,
};
#[cfg(feature = "ssr")]
use crate::models::build_incident_page;
use crate::models::{Done, IncidentPage};

/// Reads an incident with what happened while it was open.
#[server(prefix = "/admin/fn", endpoint = "incidents/read", input = GetUrl, output = JsonResult)]
pub async fn read_incident(
    environment: EnvironmentKey,
    incident: u32,
) -> Result<IncidentPage, ApiError> {
    let Caller { service, actor, environment: here } = read_caller(&environment)?;
    let view = phasegate_service::rollout::read_incident(&service, &actor, here, incident).await?;
    let draft = draft_of(&environment, incident, String::new())?;
    let (account, kind) = (read_visitor()?.account, draft.kind);
    let kept = list_account_values(&service, &account, here, kind).await?;
    let kept = kept.into_iter().find(|(name, _)| *name == draft.name);
    let kept = kept.and_then(|(_, json)| serde_json::from_str(&json).ok());
    Ok(build_incident_page(&view, kept))
}

/// The draft of the caller for a post-mortem.
#[cfg(feature = "ssr")]
fn draft_of(
    environment: &EnvironmentKey,
    incident: u32,
    value: String,
) -> Result<AccountValue, ApiError> {
    Ok(AccountValue {
        account: read_visitor()?.account.id,
        environment: read_caller(environment)?.environment,
        kind: AccountValueKind::PostMortemDraft,
        name: incident.to_string(),
        value,
    })
}

/// Keeps the draft of a post-mortem, for the caller alone.
#[server(prefix = "/admin/fn", endpoint = "incidents/save_draft", output = JsonResult)]
pub async fn save_draft(
    environment: EnvironmentKey,
    incident: u32,
    #[server(default)] post_mortem: PostMortem,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment: here } = read_caller(&environment)?;
    phasegate_service::rollout::check_may_write(&service, &actor, here, incident).await?;
    let json = serde_json::to_string(&post_mortem.without_empty_actions()).unwrap_or_default();
    let draft = draft_of(&environment, incident, json)?;
    keep_account_value(&service, draft).await?;
    Ok(Done::new("The draft is kept."))
}

/// Adds a note to an incident.
#[server(prefix = "/admin/fn", endpoint = "incidents/add_note", output = JsonResult)]
pub async fn add_note(
    environment: EnvironmentKey,
    incident: u32,
    text: String,
) -> Result<Done, ApiError> {
    add_entry(&environment, &RecordEntry::Note { incident, text }).await
}

/// Records that a contact was notified of an incident.
#[server(prefix = "/admin/fn", endpoint = "incidents/notify_contact", output = JsonResult)]
pub async fn notify_contact(
    environment: EnvironmentKey,
    incident: u32,
    contact: String,
) -> Result<Done, ApiError> {
    add_entry(&environment, &RecordEntry::Notify { incident, contact }).await
}

/// Writes the post-mortem of an incident. Rows of actions without any text are left out.
#[server(prefix = "/admin/fn", endpoint = "incidents/write_post_mortem", output = JsonResult)]
pub async fn write_post_mortem(
    environment: EnvironmentKey,
    incident: u32,
    post_mortem: PostMortem,
) -> Result<Done, ApiError> {
    let post_mortem = post_mortem.without_empty_actions();
    let entry = RecordEntry::WritePostMortem { incident, post_mortem };
    let done = add_entry(&environment, &entry).await?;
    let draft = draft_of(&environment, incident, String::new())?;
    drop_account_value(&read_visitor()?.service, &draft).await?;
    Ok(done)
}

/// Closes an incident whose follow-up is done.
#[server(prefix = "/admin/fn", endpoint = "incidents/close", output = JsonResult)]
pub async fn close_incident(environment: EnvironmentKey, incident: u32) -> Result<Done, ApiError> {
    add_entry(&environment, &RecordEntry::CloseIncident { incident }).await
}
