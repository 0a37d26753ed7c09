//! The tables of dimensions and of timings.

use leptos::prelude::*;
use phasegate_domain::{
    metrics::DimensionKind,
    vitals::{Rating, Vital, format_seconds},
};
use phasegate_service::performance::{BREAKDOWNS, BreakdownLine, TimingLine};

use super::path::PATH;
use crate::{
    components::{Exports, TableCard, dimension_label},
    format,
};

/// Compares dimensions; each links to its own view.
#[component]
pub(super) fn Breakdown(
    /// Each line with the URL of its own view.
    lines: Vec<(String, BreakdownLine)>,
    by: DimensionKind,
    query: String,
) -> impl IntoView {
    let title = BREAKDOWNS.iter().find(|(kind, _)| *kind == by).map_or("", |(_, title)| title);
    let rows = lines.into_iter().map(|(link, line)| {
        let cells = [Vital::Lcp, Vital::Inp, Vital::Cls].into_iter().zip(line.p75).map(|(vital, p75)| {
            let class = p75.map_or("", |p75| match vital.rate_value(p75) {
                Rating::Good => "is-good",
                Rating::NeedsImprovement => "is-needs-improvement",
                Rating::Poor => "is-poor",
            });
            view! { <td class=class>{p75.map_or_else(|| "–".to_owned(), |p75| vital.format_value(p75))}</td> }
        });
        view! {
            <tr>
                <th scope="row"><a href=link>{dimension_label(&line.dimension)}</a></th>
                <td>{line.score.map_or_else(|| "–".to_owned(), |score| format!("{score:.0}"))}</td>
                {cells.collect_view()}
                <td>{format::format_count(line.samples)}</td>
            </tr>
        }
    });
    view! {
        <TableCard
            id="breakdown"
            title=format!("By {}", title.to_lowercase())
            hint="75th percentiles, most samples first"
            columns=vec![title, "Score", "LCP", "INP", "CLS", "Samples"]
            exports=view! { <Exports page=PATH panel="breakdown" query/> }.into_any()
            empty="No samples in this period.".into_any()
            rows=rows.map(IntoAny::into_any).collect()
        />
    }
}

/// Slow endpoints and components.
#[component]
pub(super) fn Timings(lines: Vec<TimingLine>, query: String) -> impl IntoView {
    let rows = lines.into_iter().map(|line| {
        let TimingLine { timing, p50, p95, failures } = line;
        let failed = match failures {
            0 => "–".to_owned(),
            _ => format::format_percent(failures, timing.samples),
        };
        view! {
            <tr>
                <th scope="row"><code>{timing.name}</code>" "<span class="hint">{timing.kind.as_str()}</span></th>
                <td>{format_seconds(p50)}</td>
                <td>{format_seconds(timing.p75)}</td>
                <td>{format_seconds(p95)}</td>
                <td>{failed}</td>
                <td>{format::format_count(timing.samples)}</td>
            </tr>
        }
    });
    let empty = view! {
        "No timings in this period. API calls are timed automatically, components with "
        <code>"startRenderTimer"</code>"."
    };
    view! {
        <TableCard
            id="slow"
            title="Slow components and APIs"
            columns=vec!["Endpoint or component", "Median", "p75", "p95", "Failed", "Samples"]
            exports=view! { <Exports page=PATH panel="slow" query/> }.into_any()
            empty=empty.into_any()
            rows=rows.map(IntoAny::into_any).collect()
        />
    }
}
