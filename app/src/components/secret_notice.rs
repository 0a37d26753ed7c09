//! A secret that is shown once.

use leptos::prelude::*;

use crate::models::Done;

/// What was created, and its secret.
#[component]
pub(crate) fn SecretNotice(done: Done) -> impl IntoView {
    view! {
        <div class="notice" role="status" data-testid="made">
            <p>{done.text}</p>
            <p><code class="secret">{done.secret}</code></p>
        </div>
    }
}
