//! The page of an incident: its times, the contacts to notify, its timeline and its post-mortem.

mod contacts;
mod page;
mod post_mortem;
mod timeline;

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;

use self::{
    contacts::Contacts,
    page::{Page, incident_fields},
    post_mortem::PostMortemPart,
    timeline::Timeline,
};
use crate::{
    components::{Time, live},
    models::{Done, IncidentHead, IncidentPage},
    server_fns::incidents::CloseIncident,
};

/// The whole page of an incident.
#[island(lazy)]
pub(crate) fn LiveIncident(
    first: IncidentPage,
    environment: EnvironmentKey,
    /// What a form without a script has just done.
    done: Option<Done>,
) -> impl IntoView {
    let id = first.id;
    let page = Page::provide(first, environment, done);
    page.follow_state();
    let head = page.part(|page| page.head.clone());
    let can_close = page.part(|page| page.can_act && page.head.is_open);
    view! {
        {page.render_done()}
        {live(move || render_head(id, head.get()))}
        <Contacts/>
        <Timeline/>
        <PostMortemPart/>
        {live(move || match can_close.get() {
            true => view! { <CloseForm/> }.into_any(),
            false => ().into_any(),
        })}
        <p><a href="/admin/rollout" rel="external">"Back to the rollout"</a></p>
    }
}

fn render_head(id: u32, head: IncidentHead) -> AnyView {
    let (status, class) =
        if head.is_open { ("open", "pill pill-warning") } else { ("closed", "pill") };
    let closed = head.closed_at.map(|at| view! { <div><dt>"Closed"</dt><dd><Time at/></dd></div> });
    view! {
        <header class="page-head">
            <h1>{format!("Incident {id}: {}", head.title)}</h1>
            <span class=class data-testid="incident-status">{status}</span>
        </header>
        <p class="lead">{head.reason}</p>
        <dl class="facts">
            <div><dt>"Detected"</dt><dd><Time at=head.detected_at/></dd></div>
            <div><dt>"Carried out"</dt><dd><Time at=head.acted_at/> " " {head.response}</dd></div>
            <div><dt>"Deadline"</dt><dd><Time at=head.deadline/></dd></div>
            <div><dt>"Follow-up"</dt><dd>{head.follow_up}</dd></div>
            {closed}
        </dl>
    }
    .into_any()
}

#[component]
fn CloseForm() -> impl IntoView {
    let page = Page::from_context();
    view! {
            {page.form::<CloseIncident>("", view! {
                {incident_fields(page)}
                <button class="button" type="submit">"Close the incident"</button>
    }.into_any())}
        }
}
