//! The card of errors.

use leptos::prelude::*;
use phasegate_domain::{reports::Dashboard, time::Resolution};

use crate::{
    charts::{ChartSpec, Shape, Unit},
    components::live,
    format,
    islands::charts::chart::ChartView,
};

#[component]
pub(super) fn ErrorCard(dashboard: Memo<Dashboard>) -> impl IntoView {
    let spec = Signal::derive(move || {
        let dashboard = dashboard.read();
        ChartSpec {
            label: "Errors per minute".to_owned(),
            unit: Unit::Count,
            shape: Shape::Bars,
            limits: None,
            resolution: Resolution::Minute,
            range: ChartSpec::last_hour(dashboard.at),
            points: dashboard.errors.points.clone(),
            marks: Vec::new(),
            size: (460, 150),
        }
    });
    view! {
        <article class="card" data-testid="errors">
            <header class="card-head"><h3>"JavaScript errors"</h3>
                <a class="hint definition" href="/docs/metrics#errors">"Definition"</a></header>
            {live(move || render_count(dashboard.read().errors.count))}
            <ChartView spec/>
        </article>
    }
}

fn render_count(count: u64) -> AnyView {
    let class = if count == 0 { "number is-good" } else { "number is-poor" };
    view! {
        <p class="vital-value"><span class=class data-testid="value">{format::format_count(count)}</span></p>
    }
    .into_any()
}
