//! A page that is not there.

use leptos::prelude::*;
use leptos_meta::Title;

/// Says so, with the right status, and leads back.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found"/>
        <div class="page empty">
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or the page has moved."</p>
            <p><a class="button" href="/admin/rollout">"Go to the rollout"</a></p>
        </div>
    }
}
