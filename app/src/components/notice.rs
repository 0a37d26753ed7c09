//! What happened, and what to do next.

use leptos::prelude::*;

use crate::api::{ApiError, ErrorKind};

/// Something went as wanted.
#[component]
pub(crate) fn Notice(children: Children) -> impl IntoView {
    view! { <p class="notice" role="status">{children()}</p> }
}

/// Something did not.
#[component]
pub(crate) fn ErrorNotice(error: ApiError) -> impl IntoView {
    let remedy = match error.kind {
        ErrorKind::Unauthenticated => {
            Some(view! { <a href="/login" rel="external">"Log in again"</a> }.into_any())
        }
        ErrorKind::Unreachable => {
            Some(view! { <a href="" rel="external">"Reload the page"</a> }.into_any())
        }
        _ => None,
    };
    view! {
        <p class="notice notice-error" role="alert">
            {error.message} " " {remedy}
        </p>
    }
}
