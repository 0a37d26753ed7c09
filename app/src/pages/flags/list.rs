//! The list of flags, with search, filters and switches.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{accounts::Role, ids::FlagKey};

use crate::{
    islands::LiveFlags,
    models::FlagFilter,
    parts::render_page,
    request::{PageError, Request},
    server_fns::flags::list_flags,
};

#[component]
pub(crate) fn FlagsPage() -> impl IntoView {
    view! {
        <Title text="Flags"/>
        {render_page(|request| async move { render_list(&request).await })}
    }
}

async fn render_list(request: &Request) -> Result<AnyView, PageError> {
    let environment = request.cached_environment()?.environment().key.clone();
    let first = list_flags(environment.clone(), read_filter(request)).await?;
    let asked = FlagKey::new(request.query.get("switch")).ok();
    let done = request.take_done();
    let new = request.has_role(Role::Operator).then(|| {
        view! { <a class="button button-primary" href="/admin/flags/new">"New flag"</a> }
    });
    Ok(view! {
        <header class="page-head"><h1>"Flags"</h1> {new}</header>
        <p class="lead">
            "A flag that is off returns its off variant to all users. A flag that is on follows \
             its rules, then the rollout that adds it."
        </p>
        <LiveFlags first environment asked done/>
    }
    .into_any())
}

fn read_filter(request: &Request) -> FlagFilter {
    let field = |name: &str| request.query.get(name).to_owned();
    FlagFilter {
        q: field("q"),
        status: field("status"),
        kind: field("kind"),
        tag: field("tag"),
        sort: field("sort"),
        page: field("page").parse().unwrap_or(1),
    }
}
