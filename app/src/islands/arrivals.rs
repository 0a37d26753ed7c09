//! The events that arrive from pages, to check an installation.

use leptos::prelude::*;
use phasegate_domain::reports::Arrivals;

use super::live::subscribe_to_updates;

/// The events of the last hour by kind, updated live.
#[island]
pub(crate) fn LiveArrivals(first: Arrivals) -> impl IntoView {
    let (newer, connection) = subscribe_to_updates::<Arrivals>("/admin/live/arrivals");
    let arrivals = Memo::new(move |_| newer.get().unwrap_or_else(|| first.clone()));
    view! {
        <div class="card arrivals" role="status" data-testid="arrivals">
            <span class=move || connection.get().class()>{move || connection.get().title()}</span>
            {move || render_arrivals(&arrivals.read())}
        </div>
    }
}

fn render_arrivals(arrivals: &Arrivals) -> AnyView {
    if arrivals.kinds.is_empty() {
        return view! {
            <p><strong>"Waiting for the first event …"</strong></p>
            <p class="hint">"Open a page that has the snippet. Its events arrive within a few seconds, unless the browser sends Do Not Track."</p>
        }
        .into_any();
    }
    let kinds = arrivals.kinds.iter().map(|(kind, count)| {
        view! { <li>{format!("{kind}: ")}<strong>{count.to_string()}</strong></li> }
    });
    view! {
        <p><strong>"Events are arriving."</strong>" In the last hour:"</p>
        <ul class="arrivals-kinds">{kinds.collect_view()}</ul>
        <p class="hint"><a href="/admin/dashboard">"Open the dashboard"</a></p>
    }
    .into_any()
}
