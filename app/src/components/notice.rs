//! What happened, and what to do next.

use leptos::prelude::*;

use crate::request::PageError;

/// Something went as wanted.
#[component]
pub(crate) fn Notice(children: Children) -> impl IntoView {
    view! { <p class="notice" role="status">{children()}</p> }
}

#[component]
pub(crate) fn PageErrorNotice(trouble: PageError) -> impl IntoView {
    view! { <p class="notice notice-error" role="alert">{trouble.message}</p> }
}
