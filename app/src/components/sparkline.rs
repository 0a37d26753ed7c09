//! A day in 24 small bars.

use leptos::prelude::*;

/// How many in each hour, the current one last. The number beside it says the same in words.
#[component]
pub(crate) fn Sparkline(by_hour: Vec<u64>) -> impl IntoView {
    const HEIGHT: f64 = 20.0;
    let most = by_hour.iter().copied().max().unwrap_or_default().max(1) as f64;
    let width = by_hour.len() * 4;
    let bars = by_hour
        .iter()
        .enumerate()
        .map(|(hour, count)| {
            // An hour with an evaluation is never quite flat.
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
