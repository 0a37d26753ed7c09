//! The card of errors.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, reports::ErrorPanel};

use crate::{
    charts::{ChartRange, Shape, draw_chart},
    format,
};

#[component]
pub(super) fn ErrorCard(panel: ErrorPanel, at: Timestamp) -> impl IntoView {
    let chart = draw_chart(
        (460, 150),
        &panel.points,
        ChartRange::last_hour(at),
        Shape::Bars,
        None,
        &[],
        &|v| format!("{v:.0}"),
    );
    let class = if panel.count == 0 { "number is-good" } else { "number is-poor" };
    view! {
        <article class="card" data-testid="errors">
            <header class="card-head"><h3>"JavaScript errors"</h3></header>
            <p class="vital-value">
                <span class=class data-testid="value">{format::format_count(panel.count)}</span>
            </p>
            <div class="chart" role="img" aria-label="Errors per minute" inner_html=chart></div>
        </article>
    }
}
