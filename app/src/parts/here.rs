//! Which environment a form is about.

use leptos::prelude::*;

use crate::request::{HERE, Request};

/// Stands in every form, so that what was seen in one environment is not done in another one that
/// was chosen in the meantime, in another tab.
#[component]
pub(crate) fn Here() -> impl IntoView {
    let live = Request::current().ok().and_then(|request| request.live().ok());
    let key = live.map(|live| live.environment().key.to_string());
    view! { <input type="hidden" name=HERE value=key/> }
}
