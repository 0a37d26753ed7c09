//! Retention: totals and cohorts.

use leptos::prelude::*;
use phasegate_domain::{Timestamp, analytics::Cohort};
use phasegate_service::analytics::Arm;

use super::path::PATH;
use crate::{components::Exports, format};

/// The retention of all users, or of treatment and control.
#[component]
pub(super) fn Arms(arms: Vec<Arm>, query: String) -> impl IntoView {
    let arms = arms.into_iter().map(|arm| view! { <OneArm arm/> }).collect_view();
    view! {
        <section aria-labelledby="retention-title">
            <header class="card-head"><h2 id="retention-title">"Retention"</h2><a class="hint" href="/docs/metrics#retention">"Definition"</a>
                <Exports page=PATH panel="retention" query=query.clone()/><span class="hint">"cohorts"</span><Exports page=PATH panel="cohorts" query/></header>
            <p class="hint">"Share of the users first seen on a day who were active a number of days later. Includes users first seen in the 30 days before the period. Incomplete days are not counted. An arm is the users exposed to that variant in the period."</p>
            {arms}
        </section>
    }
}

#[component]
fn OneArm(arm: Arm) -> impl IntoView {
    let totals = arm.totals.map(|total| {
        let rate =
            total.rate().map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", rate * 100.0));
        let of = match total.users {
            0 => "no data yet".to_owned(),
            _ => format!(
                "{} of {}",
                format::format_count(total.returned),
                format::format_count(total.users)
            ),
        };
        view! {
            <li><span class="hint">{format!("Day {}", total.days)}</span>
                <span class="number" data-testid=format!("day-{}", total.days)>{rate}</span>
                <span class="hint">{of}</span></li>
        }
    });
    let columns = arm.cohorts.iter().map(|cohort| cohort.returned.len()).max().unwrap_or_default();
    let heads =
        (1..=columns).map(|day| view! { <th scope="col">{day.to_string()}</th> }).collect_view();
    let rows = arm.cohorts.into_iter().map(|cohort| view! { <CohortRow cohort/> }).collect_view();
    let map = (columns > 0).then(|| view! {
        <div class="table-scroll" tabindex="0">
            <table class="heat">
                <thead><tr><th scope="col">"First seen"</th><th scope="col">"Users"</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    });
    view! {
        <article class="card" data-testid="arm">
            <header class="card-head"><h3>{arm.title}</h3></header>
            <ul class="totals">{totals}</ul>
            {map}
        </article>
    }
}

#[component]
fn CohortRow(cohort: Cohort) -> impl IntoView {
    let day = Timestamp::from_timestamp(cohort.day * 86_400, 0).map(format::format_day);
    let cells = cohort.returned.into_iter().map(|back| {
        // More than ten shades could not be distinguished.
        let shade = (back * 10).div_ceil(cohort.size.max(1)).min(10);
        view! { <td class=format!("heat-{shade}")>{format::format_percent(back, cohort.size)}</td> }
    });
    view! { <tr><th scope="row">{day}</th><td>{format::format_count(cohort.size)}</td>{cells.collect_view()}</tr> }
}
