//! The page for unknown URLs.

use leptos::prelude::*;
use leptos_meta::Title;

/// Answers with 404 Not Found and a link to the rollout.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found"/>
        <div class="page empty">
            <h1>"Page not found"</h1>
            <p>"The address may be mistyped, or the page has moved."</p>
            <p><a class="button" href="/admin/rollout">"Go to the rollout"</a></p>
        </div>
    }
}
