//! The list of segments.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::accounts::Role;
use phasegate_service::segments::{SegmentDetail, list_segments};

use crate::{
    format,
    parts::{JustDone, render_page},
};

#[component]
pub(crate) fn SegmentsPage() -> impl IntoView {
    view! {
        <Title text="Segments"/>
        {render_page(|request| async move {
            let all = list_segments(&request.service, &request.actor, request.environment)?;
            let new = request.has_role(Role::Operator).then(|| view! {
                <a class="button button-primary" href="/admin/segments/new">"New segment"</a>
            });
            let text = request.query.get("q").to_lowercase();
            let count = all.len();
            let is_found = |detail: &SegmentDetail| {
                let segment = &detail.stored.value;
                text.is_empty()
                    || segment.key.as_str().to_lowercase().contains(&text)
                    || segment.name.to_lowercase().contains(&text)
            };
            let rows = all.into_iter().filter(is_found).map(|detail| view! { <Row detail/> });
            let rows = rows.collect_view();
            let empty = (count == 0).then(|| view! {
                <p class="empty">"No segments yet. " <code>"everyone"</code> " is built in."</p>
            });
            Ok(view! {
                <header class="page-head"><h1>"Segments"</h1> {new}</header>
                <JustDone request=request.clone()/>
                <p class="lead">"Named groups of users, for rules and for the audiences of rollouts. " <code>"everyone"</code> " is built in."</p>
                <form class="filters" method="get" action="/admin/segments" role="search">
                    <label class="field"><span>"Search"</span>
                        <input type="search" name="q" value=request.query.get("q").to_owned() autocomplete="off"/></label>
                    <button class="button" type="submit">"Apply filters"</button>
                </form>
                {empty}
                <ul class="flag-list">{rows}</ul>
            }
            .into_any())
        })}
    }
}

#[component]
fn Row(detail: SegmentDetail) -> impl IntoView {
    let segment = detail.stored.value;
    let uses = match detail.uses.len() {
        0 => "not used".to_owned(),
        count => format!("used in {}", format::format_quantity(count as u64, "place", "places")),
    };
    view! {
        <li class="flag">
            <div class="flag-text">
                <a class="flag-name" href=format!("/admin/segments/{}", segment.key)>{segment.name.clone()}</a>
                <code class="flag-key">{segment.key.to_string()}</code>
                <p class="hint">{segment.condition.to_string()}</p>
            </div>
            <span class="hint">{uses}</span>
        </li>
    }
}
