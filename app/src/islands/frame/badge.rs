//! The number of what needs attention, in the menu.

use leptos::prelude::*;
use phasegate_domain::{ids::EnvironmentKey, reports::Attention};

use super::attention::follow_attention;
use crate::components::live;

/// The number of alerts (or of open incidents) beside a page of the menu; nothing if there are none.
#[island]
pub(crate) fn AttentionBadge(
    first: Attention,
    environment: EnvironmentKey,
    /// Whether it counts incidents rather than alerts.
    counts_incidents: bool,
) -> impl IntoView {
    let (attention, _) = follow_attention(first, &environment);
    live(move || {
        let (count, title) = match counts_incidents {
            true => (attention.read().incidents.len(), "open incidents"),
            false => (attention.read().alerts.len(), "firing alerts"),
        };
        match count {
            0 => ().into_any(),
            _ => view! { <span class="badge">{count.to_string()}<span class="visually-hidden">" " {title}</span></span> }
                .into_any(),
        }
    })
}
