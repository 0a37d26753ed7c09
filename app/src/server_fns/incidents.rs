//! Server functions of incidents.

use leptos::{prelude::*, server_fn::codec::GetUrl};
#[cfg(feature = "ssr")]
use phasegate_domain::rollout::RecordEntry;
use phasegate_domain::{ids::EnvironmentKey, incidents::PostMortem};

use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use super::{
    caller::{Caller, read_caller},
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
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let read = phasegate_service::rollout::read_incident;
    Ok(build_incident_page(&read(&service, &actor, environment, incident).await?))
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
    add_entry(&environment, &RecordEntry::WritePostMortem { incident, post_mortem }).await
}

/// Closes an incident whose follow-up is done.
#[server(prefix = "/admin/fn", endpoint = "incidents/close", output = JsonResult)]
pub async fn close_incident(environment: EnvironmentKey, incident: u32) -> Result<Done, ApiError> {
    add_entry(&environment, &RecordEntry::CloseIncident { incident }).await
}
