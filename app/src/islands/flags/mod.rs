//! The list of flags, with their switches.

mod bulk;
mod filters;
mod page;
mod row;

use leptos::prelude::*;
use phasegate_domain::ids::{EnvironmentKey, FlagKey};

use self::{
    bulk::{Bulk, SavedFilters},
    filters::{Filters, Pages},
    page::{AskedSwitch, Page},
    row::Row,
};
use crate::{
    components::{live, live_text},
    format,
    models::{Done, FlagList},
};

/// The whole list of flags.
#[island(lazy)]
pub(crate) fn LiveFlags(
    first: FlagList,
    environment: EnvironmentKey,
    /// The flag whose switch the address asks about.
    asked: Option<FlagKey>,
    /// What a form without a script has just done.
    done: Option<Done>,
) -> impl IntoView {
    let page = Page::provide(first, environment, done);
    provide_context(AskedSwitch(RwSignal::new(asked)));
    page.follow_state();
    let keys = page.part(|page| page.rows.iter().map(|row| row.key.clone()).collect::<Vec<_>>());
    let count = page.part(|page| page.count);
    let can_act = page.peek(|page| page.can_act);
    let is_empty = page.part(|page| page.is_empty);
    view! {
        {page.render_done()}
        {live(move || match is_empty.get() {
            true => view! {
                <div class="empty">
                    <p>"No flags yet."</p>
                    <p><a class="button button-primary" href="/admin/flags/new" rel="external">"Create a flag"</a></p>
                </div>
            }
            .into_any(),
            false => view! {
                <Filters/>
                <SavedFilters/>
                {can_act.then(|| view! { <Bulk/> })}
                <p class="hint">{live_text(move || format::format_quantity(count.get() as u64, "flag", "flags"))}</p>
                {render_rows(keys)}
                <Pages/>
            }
            .into_any(),
        })}
    }
}

/// The rows, which keep their elements while others come and go: a tick stays with its flag.
fn render_rows(keys: Memo<Vec<FlagKey>>) -> AnyView {
    let is_empty = Memo::new(move |_| keys.read().is_empty());
    live(move || {
        match is_empty.get() {
        true => view! {
            <p class="empty">"No flags match these filters. "
                <a href="/admin/flags" rel="external">"Show all"</a></p>
        }
        .into_any(),
        false => view! {
            <ul class="flag-list">
                <For each=move || keys.get() key=FlagKey::clone children=|key| view! { <Row key/> }.into_any()/>
            </ul>
        }
        .into_any(),
    }
    })
}
