//! What happened, and what to do next.

use leptos::prelude::*;

use crate::request::Trouble;

/// Something went as wanted.
#[component]
pub(crate) fn Notice(children: Children) -> impl IntoView {
    view! { <p class="notice" role="status">{children()}</p> }
}

/// Something did not.
#[component]
pub(crate) fn TroubleNotice(trouble: Trouble) -> impl IntoView {
    view! { <p class="notice notice-error" role="alert">{trouble.message}</p> }
}
