//! What is behind the answer: the plan, the history and all incidents, one at a time.

use leptos::prelude::*;

use super::{
    details::{History, Phases},
    page::Page,
};
use crate::{
    components::{Time, live},
    models::ListedIncident,
};

/// A part behind a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Plan,
    History,
    Incidents,
}

impl Tab {
    const ALL: [Self; 3] = [Self::Plan, Self::History, Self::Incidents];

    /// The name in the address.
    fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::History => "history",
            Self::Incidents => "incidents",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Plan => "Plan",
            Self::History => "History",
            Self::Incidents => "Incidents",
        }
    }
}

/// The tabs, with the one open that the address names. Without a script, each is a page.
#[component]
pub(super) fn Tabs(asked: String) -> impl IntoView {
    let page = Page::from_context();
    let first = Tab::ALL.into_iter().find(|tab| tab.as_str() == asked).unwrap_or(Tab::Plan);
    let open = RwSignal::new(first);
    let count = page.part(|page| page.all_incidents.len());
    let link = |tab: Tab| {
        let is_open = move || (open.get() == tab).then_some("true");
        let show = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            open.set(tab);
        };
        let href = format!("/admin/rollout?tab={}#details", tab.as_str());
        let number = (tab == Tab::Incidents).then(|| {
            live(move || match count.get() {
                0 => ().into_any(),
                count => view! { " " <span class="hint">{count.to_string()}</span> }.into_any(),
            })
        });
        view! { <a href=href rel="external" aria-current=is_open on:click=show>{tab.title()}{number}</a> }
            .into_any()
    };
    let links: Vec<AnyView> = Tab::ALL.into_iter().map(link).collect();
    let is_hidden = move |tab: Tab| move || open.get() != tab;
    view! {
        <nav class="tabs" id="details" aria-label="Details of the rollout">{links}</nav>
        <div hidden=is_hidden(Tab::Plan)><Phases/></div>
        <div hidden=is_hidden(Tab::History)><History/></div>
        <div hidden=is_hidden(Tab::Incidents)><Incidents/></div>
    }
}

/// All incidents, closed ones too.
#[component]
fn Incidents() -> impl IntoView {
    let all = Page::from_context().part(|page| page.all_incidents.clone());
    view! {
        <section aria-labelledby="all-incidents-title">
            <h2 id="all-incidents-title">"Incidents"</h2>
            {live(move || match all.read().is_empty() {
                true => view! { <p class="hint">"No rollback and no kill so far."</p> }.into_any(),
                false => ().into_any(),
            })}
            <ol class="timeline" data-testid="all-incidents">
                {live(move || all.get().into_iter().map(render_incident).collect::<Vec<_>>().into_any())}
            </ol>
        </section>
    }
}

fn render_incident(incident: ListedIncident) -> AnyView {
    let ListedIncident { id, title, reason, acted_at, status } = incident;
    let href = format!("/admin/rollout/incident?id={id}");
    view! {
        <li class="timeline-line">
            <a class="timeline-what" href=href rel="external">{format!("Incident {id}: {title}")}</a>
            <q class="timeline-reason">{reason}</q>
            <span class="hint">{status} ", " <Time at=acted_at/></span>
        </li>
    }
    .into_any()
}
