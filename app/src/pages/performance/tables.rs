//! What is compared, and what is slow.

use leptos::prelude::*;
use phasegate_domain::vitals::{Vital, format_seconds};
use phasegate_service::performance::{BREAKDOWNS, BreakdownLine, PerformanceQuery, TimingLine};

use super::{address, words};
use crate::format;

/// The parts beside each other; each leads to its own view.
#[component]
pub(super) fn Breakdown(lines: Vec<BreakdownLine>, query: PerformanceQuery) -> impl IntoView {
    let title =
        BREAKDOWNS.iter().find(|(kind, _)| *kind == query.by).map_or("", |(_, title)| title);
    let is_empty = lines.is_empty();
    let rows = lines.into_iter().map(|line| {
        let link = address(&PerformanceQuery { slice: line.slice.clone(), ..query.clone() });
        let cells = [Vital::Lcp, Vital::Inp, Vital::Cls].into_iter().zip(line.p75).map(|(vital, p75)| {
            let class = p75.map_or("", |p75| match vital.rate(p75) {
                phasegate_domain::vitals::Rating::Good => "is-good",
                phasegate_domain::vitals::Rating::NeedsImprovement => "is-middling",
                phasegate_domain::vitals::Rating::Poor => "is-poor",
            });
            view! { <td class=class>{p75.map_or_else(|| "–".to_owned(), |p75| vital.format(p75))}</td> }
        });
        view! {
            <tr>
                <th scope="row"><a href=link>{words(&line.slice)}</a></th>
                <td>{line.score.map_or_else(|| "–".to_owned(), |score| format!("{score:.0}"))}</td>
                {cells.collect_view()}
                <td>{format::count(line.samples)}</td>
            </tr>
        }
    });
    let table = if is_empty {
        view! { <p class="hint">"Nothing to compare in this time."</p> }.into_any()
    } else {
        view! {
            <div class="table-scroll">
                <table data-testid="breakdown">
                    <thead><tr><th scope="col">{title}</th><th scope="col">"Score"</th><th scope="col">"LCP"</th>
                        <th scope="col">"INP"</th><th scope="col">"CLS"</th><th scope="col">"Samples"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="breakdown-title">
            <header class="card-head"><h2 id="breakdown-title">{format!("By {}", title.to_lowercase())}</h2>
                <span class="hint">"75th percentiles; those with the most samples first"</span></header>
            {table}
        </section>
    }
}

/// Slow endpoints and components.
#[component]
pub(super) fn Timings(lines: Vec<TimingLine>) -> impl IntoView {
    let is_empty = lines.is_empty();
    let rows = lines.into_iter().map(|line| {
        let TimingLine { timing, p50, p95, failures } = line;
        let failed = match failures {
            0 => "–".to_owned(),
            _ => format::percent(failures, timing.samples),
        };
        view! {
            <tr>
                <th scope="row"><code>{timing.name}</code>" "<span class="hint">{timing.kind.as_str()}</span></th>
                <td>{format_seconds(p50)}</td>
                <td>{format_seconds(timing.p75)}</td>
                <td>{format_seconds(p95)}</td>
                <td>{failed}</td>
                <td>{format::count(timing.samples)}</td>
            </tr>
        }
    });
    let table = if is_empty {
        view! { <p class="hint">"Nothing was timed in this time. Calls of APIs are timed by themselves; components with "<code>"startRenderTimer"</code>"."</p> }.into_any()
    } else {
        view! {
            <div class="table-scroll">
                <table data-testid="slow">
                    <thead><tr><th scope="col">"Endpoint or component"</th><th scope="col">"Median"</th>
                        <th scope="col">"p75"</th><th scope="col">"p95"</th><th scope="col">"Failed"</th>
                        <th scope="col">"Samples"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="slow-title">
            <header class="card-head"><h2 id="slow-title">"Slow components and APIs"</h2></header>
            {table}
        </section>
    }
}
