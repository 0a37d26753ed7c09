//! What happened, and what to do next.

use leptos::prelude::*;

/// Something went as wanted.
#[component]
pub(crate) fn Notice(children: Children) -> impl IntoView {
    view! { <p class="notice" role="status">{children()}</p> }
}
