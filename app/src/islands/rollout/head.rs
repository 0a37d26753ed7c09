//! The top of the rollout page: name, status, alerts, phases and open incidents.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::{Time, live, live_text},
    islands::live::Connection,
    models::{OpenIncident, Step},
};

/// The name of the rollout, its status, and whether the page has lost the server.
#[component]
pub(super) fn Head(connection: Signal<Connection>) -> impl IntoView {
    let page = Page::from_context();
    let head = page.part(|page| page.head.clone());
    let class = Signal::derive(move || head.read().class.clone());
    // Only what is wrong is worth a place beside the status.
    let lost = live(move || {
        let state = connection.get();
        match state {
            Connection::Lost | Connection::Closed => {
                view! { <span class=state.class() role="status">{state.title()}</span> }.into_any()
            }
            _ => ().into_any(),
        }
    });
    view! {
        <header class="page-head">
            <h1>{live_text(move || head.read().name.clone())}</h1>
            <span class=class data-testid="rollout-status">{live_text(move || head.read().status.clone())}</span>
            {lost}
            <a class="hint" href="/admin/rollout/plan" rel="external">"Plan " {live_text(move || head.read().revision.clone())}</a>
            <a class="hint" href="/admin/rollout/review" rel="external">"Weekly review"</a>
            <a class="hint" href="/admin/rollout/new" rel="external">"New rollout"</a>
        </header>
        <p class="lead">{live_text(move || head.read().description.clone())}</p>
    }
}

/// Firing alerts, at the top of the page also after the last phase.
#[component]
pub(super) fn Alerts() -> impl IntoView {
    let firing = Page::from_context().part(|page| page.alert.clone());
    live(move || match firing.get() {
        None => ().into_any(),
        Some(text) => view! {
            <p class="notice notice-error" role="alert" data-testid="alerts">
                <strong>"Alert: "</strong> {text} ". "
                <a href="/admin/rollout/emergency" rel="external">"Roll back …"</a>
            </p>
        }
        .into_any(),
    })
}

/// One step per phase, and how many users are reached.
#[component]
pub(super) fn Track() -> impl IntoView {
    let page = Page::from_context();
    let steps = page.part(|page| page.steps.clone());
    let reach = page.part(|page| page.reach.clone());
    view! {
        <ol class="track" aria-label="Phases">
            {live(move || steps.get().into_iter().map(render_step).collect::<Vec<_>>().into_any())}
        </ol>
        {live(move || match reach.get() {
            None => ().into_any(),
            Some(text) => view! { <p class="hint" data-testid="reach">{text}</p> }.into_any(),
        })}
    }
}

fn render_step(step: Step) -> AnyView {
    view! {
        <li class=format!("track-step {}", step.class) aria-current=step.is_current.then_some("step")>
            <a href=format!("/admin/rollout?tab=plan#phase-{}", step.number) rel="external">
                <span class="track-percentage">{step.percentage}</span>
                <span class="track-name">{step.name}</span>
                <span class="visually-hidden">{step.progress}</span>
            </a>
        </li>
    }
    .into_any()
}

/// The open incidents with links; nothing if there are none.
#[component]
pub(super) fn OpenIncidents() -> impl IntoView {
    let open = Page::from_context().part(|page| page.incidents.clone());
    live(move || {
        let open = open.get();
        if open.is_empty() {
            return ().into_any();
        }
        let lines: Vec<AnyView> = open.into_iter().map(render_incident).collect();
        view! {
            <section class="notice notice-warning" aria-labelledby="incidents-title" data-testid="incidents">
                <h2 id="incidents-title">"Open incidents"</h2>
                <ul class="stack">{lines}</ul>
            </section>
        }
        .into_any()
    })
}

fn render_incident(incident: OpenIncident) -> AnyView {
    let OpenIncident { id, title, reason, acted_at, note } = incident;
    view! {
        <li>
            <a href=format!("/admin/rollout/incident?id={id}") rel="external">{format!("Incident {id}: {title}")}</a>
            " – " {reason} " "
            <span class="hint"><Time at=acted_at/> ", " {note}</span>
        </li>
    }
    .into_any()
}
