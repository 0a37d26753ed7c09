//! The freshness of a page's numbers.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, time::TimeRange};

use crate::format;

/// Shows the time range, when it was computed, and when the last event arrived.
#[component]
pub(crate) fn Freshness(
    period: TimeRange,
    at: Timestamp,
    last_event_at: Option<Timestamp>,
) -> impl IntoView {
    let heard = match last_event_at {
        Some(heard) => {
            format!("last event {} earlier", format::format_duration(at - heard))
        }
        None => "no events received yet".to_owned(),
    };
    view! {
        <p class="hint" data-testid="freshness">
            {format!("{} · as of {} · {heard}", period.title(), format::format_instant(at))}
        </p>
    }
}
