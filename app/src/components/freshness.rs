//! How fresh numbers are.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, time::TimeRange};

use crate::format;

/// Which time is shown, when it was computed, and when pages reported last.
#[component]
pub(crate) fn Freshness(
    period: TimeRange,
    at: Timestamp,
    last_event_at: Option<Timestamp>,
) -> impl IntoView {
    let heard = match last_event_at {
        Some(heard) => {
            format!("pages reported last {} before", format::duration(at - heard))
        }
        None => "no page has reported yet".to_owned(),
    };
    view! {
        <p class="hint" data-testid="freshness">
            {format!("{} · as of {} · {heard}", period.title(), format::instant(at))}
        </p>
    }
}
