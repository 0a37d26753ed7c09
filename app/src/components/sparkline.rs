//! Counts over time as small bars.

use leptos::prelude::*;

/// One bar per time bucket, the current one last. Hidden from assistive technology, because the
/// page shows the number beside it.
#[component]
pub(crate) fn Sparkline(by_hour: Vec<u64>) -> impl IntoView {
    const HEIGHT: f64 = 20.0;
    let most = by_hour.iter().copied().max().unwrap_or_default().max(1) as f64;
    let width = by_hour.len() * 4;
    let bars = by_hour
        .iter()
        .enumerate()
        .map(|(hour, count)| {
            // A count above 0 is always visible.
            let height = if *count == 0 { 0.5 } else { (*count as f64 / most * HEIGHT).max(2.0) };
            view! {
                <rect x=hour * 4 y=HEIGHT - height width="3" height=height class:is-empty=*count == 0></rect>
            }
        })
        .collect_view();
    view! {
        <svg class="sparkline" viewBox=format!("0 0 {width} {HEIGHT}") width=width height=HEIGHT
            aria-hidden="true">
            {bars}
        </svg>
    }
}
