//! The environment that a form is made for.

use leptos::prelude::*;

use crate::request::{ENVIRONMENT_FIELD, Request};

/// The field of every form that names its environment, so that the action does not apply to another
/// environment that was selected in another tab.
#[component]
pub(crate) fn EnvironmentField() -> impl IntoView {
    let live = Request::from_context().ok().and_then(|request| request.cached_environment().ok());
    let key = live.map(|live| live.environment().key.to_string());
    view! { <input type="hidden" name=ENVIRONMENT_FIELD value=key/> }
}
