//! Notices about actions that succeeded.

use leptos::prelude::*;

/// A notice that an action succeeded.
#[component]
pub(crate) fn Notice(children: Children) -> impl IntoView {
    view! { <p class="notice" role="status">{children()}</p> }
}
