//! The search, for browsers without a script; with one, the palette does the same in place.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{models::find_targets, parts::render_page};

#[component]
pub(crate) fn SearchPage() -> impl IntoView {
    view! {
        <Title text="Search"/>
        {render_page(|request| async move {
            let query = request.query.get("q").to_owned();
            let found = find_targets(&request.service, &request.actor, request.environment, &query).await?;
            let nothing = found.is_empty().then(|| view! { <p class="empty">"Nothing found."</p> });
            let rows = found.into_iter().map(|target| view! {
                <li class="timeline-line"><a href=target.href>{target.name}</a> <span class="hint">{target.kind}</span></li>
            });
            Ok(view! {
                <header class="page-head"><h1>"Search"</h1></header>
                <form class="row" method="get" action="/admin/search" role="search">
                    <label class="field field-wide"><span>"Pages, commands, flags, segments, incidents"</span>
                        <input type="search" name="q" value=query autocomplete="off" autofocus/></label>
                    <button class="button" type="submit">"Search"</button>
                </form>
                {nothing}
                <ul class="timeline" data-testid="results">{rows.collect_view()}</ul>
            }
            .into_any())
        })}
    }
}
