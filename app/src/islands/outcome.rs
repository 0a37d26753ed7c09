//! What became of a form, beside its button.

use leptos::prelude::*;

use crate::{
    components::live,
    server_fns::{ApiError, ApiErrorCode},
};

/// Says that a form is being sent, or why it was refused.
#[component]
pub(crate) fn Outcome(
    #[prop(into)] pending: Signal<bool>,
    #[prop(into)] error: Signal<Option<ApiError>>,
) -> impl IntoView {
    view! {
        <span class="form-outcome" role="status">
            {live(move || match (pending.get(), error.get()) {
                (true, _) => view! { <span class="hint">"Saving …"</span> }.into_any(),
                (false, Some(error)) => render_error(error),
                (false, None) => ().into_any(),
            })}
        </span>
    }
}

fn render_error(error: ApiError) -> AnyView {
    let log_in = (error.code() == ApiErrorCode::LoggedOut).then(|| {
        view! {
            " " <a href="/login" target="_blank">"Log in again"</a>
            " in a new tab, then return here and try again."
        }
    });
    view! { <span class="notice notice-error" role="alert">{error.message} {log_in}</span> }
        .into_any()
}
