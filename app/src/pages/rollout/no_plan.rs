//! The page of an environment without a plan.

use leptos::prelude::*;

/// Links to the import of a plan.
#[component]
pub(super) fn NoPlan() -> impl IntoView {
    view! {
        <div class="empty">
            <h1>"No plan yet"</h1>
            <p>"This environment has no plan; the first start loads one into the first environment only."</p>
            <p><a class="button button-primary" href="/admin/rollout/new">"New rollout"</a>
                " " <a class="button" href="/admin/rollout/plan">"Import a plan"</a></p>
        </div>
    }
}
