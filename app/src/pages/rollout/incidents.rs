//! The page of an incident.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::rollout::read_incident;

use crate::{
    islands::LiveIncident,
    models::build_incident_page,
    parts::render_page,
    request::{PageError, Request},
};

#[component]
pub(crate) fn IncidentPage() -> impl IntoView {
    view! {
        <Title text="Incident"/>
        {render_page(|request| async move { render_incident(&request).await })}
    }
}

async fn render_incident(request: &Request) -> Result<AnyView, PageError> {
    let (service, actor) = (&request.service, &request.actor);
    let id = request.query.get("id").parse();
    let id = id.map_err(|_| PageError::invalid("id: must be the number of an incident"))?;
    let view = read_incident(service, actor, request.environment, id).await?;
    let environment = request.cached_environment()?.environment().key.clone();
    let done = request.take_done();
    let first = build_incident_page(&view);
    Ok(view! { <LiveIncident first environment done/> }.into_any())
}
