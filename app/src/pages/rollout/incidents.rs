//! The page of an incident.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    islands::LiveIncident,
    parts::render_page,
    request::{PageError, Request},
    server_fns::incidents::read_incident,
};

#[component]
pub(crate) fn IncidentPage() -> impl IntoView {
    view! {
        <Title text="Incident"/>
        {render_page(|request| async move { render_incident(&request).await })}
    }
}

async fn render_incident(request: &Request) -> Result<AnyView, PageError> {
    let id = request.query.get("id").parse();
    let id = id.map_err(|_| PageError::invalid("id: must be the number of an incident"))?;
    let environment = request.cached_environment()?.environment().key.clone();
    let first = read_incident(environment.clone(), id).await?;
    let done = request.take_done();
    Ok(view! { <LiveIncident first environment done/> }.into_any())
}
