//! The definitions of all numbers.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::metrics::DEFINITIONS;

use crate::parts::Logo;

#[component]
pub(crate) fn MetricsPage() -> impl IntoView {
    let links = DEFINITIONS.iter().map(|definition| {
        view! { <li><a href=format!("#{}", definition.id) rel="external">{definition.title}</a></li> }
    });
    let parts = DEFINITIONS.iter().map(|definition| {
        view! {
            <section class="definition-part" id=definition.id aria-labelledby=format!("{}-title", definition.id)>
                <h2 id=format!("{}-title", definition.id)>{definition.title}</h2>
                <p>{definition.text.trim()}</p>
            </section>
        }
    });
    view! {
        <Title text="What the numbers mean"/>
        <main class="page docs">
            <a class="brand" href="/admin/dashboard"><Logo/>"Phasegate"</a>
            <h1>"What the numbers mean"</h1>
            <p class="lead">"Each number can be read by flag, variant and phase of a rollout; its definition is the same everywhere."</p>
            <nav aria-label="Definitions"><ul class="docs-links">{links.collect_view()}</ul></nav>
            {parts.collect_view()}
        </main>
    }
}
