//! The values of a chart as a table.

use leptos::prelude::*;

use super::{
    pointer::ChartState,
    time_zone::{TimeZone, switch_time_zone},
};
use crate::components::live;

/// The number of values up to which the server already writes the table.
const FEW: usize = 100;

/// The values of the visible range, newest first, and the switch of the time zone.
#[component]
pub(super) fn ChartTable(state: ChartState, zone: RwSignal<TimeZone>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let has_many = move || state.spec.read().points.len() > FEW;
    view! {
        <details class="chart-table" on:toggle=move |_| is_open.set(true)>
            <summary>"Values"</summary>
            <p><button class="button button-small" type="button" on:click=move |_| switch_time_zone(zone)>
                "Times in " {move || zone.get().title()} ": switch"</button></p>
            {live(move || match has_many() && !is_open.get() {
                true => view! { <p class="hint">"The values appear here when the page is live. The export above has them as a file."</p> }.into_any(),
                false => render_rows(state, zone),
            })}
        </details>
    }
}

fn render_rows(state: ChartState, zone: RwSignal<TimeZone>) -> AnyView {
    let (from, end) = state.range();
    let zone = zone.get();
    let spec = state.spec.get();
    let seen = spec.points.iter().rev().filter(|point| (from..end).contains(&point.minute));
    let rows: Vec<AnyView> = seen
        .map(|point| {
            let time = spec.write_time(point.minute, &|at| zone.offset_at(at));
            let value = spec.unit.write(point.value);
            view! { <tr><th scope="row">{time}</th><td>{value}</td></tr> }.into_any()
        })
        .collect();
    let label = spec.label.clone();
    let name = format!("{label}, values");
    view! {
        <div class="table-scroll table-tall" tabindex="0" role="region" aria-label=name>
            <table><thead><tr><th scope="col">"Time"</th><th scope="col">{label}</th></tr></thead><tbody>{rows}</tbody></table>
        </div>
    }
    .into_any()
}
