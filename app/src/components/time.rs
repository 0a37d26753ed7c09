//! An instant, readable by users and machines.

use leptos::prelude::*;
use phasegate_domain::Timestamp;

use crate::format;

/// An instant with its machine-readable form.
#[component]
pub(crate) fn Time(at: Timestamp) -> impl IntoView {
    view! { <time datetime=at.to_rfc3339()>{format::format_instant(at)}</time> }
}
