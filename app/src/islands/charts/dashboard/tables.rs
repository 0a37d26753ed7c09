//! Lists and tables of the dashboard.

use leptos::prelude::*;
use phasegate_domain::{
    errors::ErrorReport,
    events::StoredReport,
    feedback::Feedback,
    ids::VariantName,
    reports::{FeatureRow, TimingRow},
    vitals::format_seconds,
};

use crate::{
    components::{TableCard, Time},
    format,
};

#[component]
pub(super) fn Errors(recent: Vec<StoredReport<ErrorReport>>) -> impl IntoView {
    if recent.is_empty() {
        return view! { <p class="card empty-card">"No errors yet."</p> }.into_any();
    }
    let lines = recent
        .into_iter()
        .map(|StoredReport { at, report }| {
            let place =
                [report.feature, report.component].into_iter().flatten().collect::<Vec<_>>();
            let place = (!place.is_empty()).then(|| format!(" · {}", place.join(" / ")));
            view! {
                <li>
                    <span class="report-text">{report.message}</span>
                    <span class="hint"><code>{report.page}</code> {place} " · " <Time at/></span>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="card">
            <header class="card-head"><h3>"Newest errors"</h3></header>
            <ul class="reports" data-testid="recent-errors">{lines}</ul>
        </div>
    }
    .into_any()
}

/// Formats exposures by variant: `on 12 · off 3`.
fn format_exposures(by_variant: &[(VariantName, u64)]) -> String {
    let parts: Vec<String> = by_variant
        .iter()
        .map(|(variant, times)| format!("{variant} {}", format::format_count(*times)))
        .collect();
    if parts.is_empty() { "–".to_owned() } else { parts.join(" · ") }
}

/// Exposures and uses of each feature.
#[component]
pub(super) fn Features(features: Vec<FeatureRow>) -> impl IntoView {
    let row = |row: FeatureRow| {
        view! {
            <tr>
                <th scope="row"><code>{row.flag.to_string()}</code></th>
                <td>{format_exposures(&row.exposures)}</td>
                <td>{format::format_count(row.uses)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <TableCard
            id="features"
            title="Features"
            columns=vec!["Flag", "Exposed", "Used"]
            empty="No exposures or feature uses in the last hour.".into_any()
            rows=features.into_iter().map(row).collect()
        />
    }
}

/// Slow endpoints and components.
#[component]
pub(super) fn Timings(timings: Vec<TimingRow>) -> impl IntoView {
    let row = |row: TimingRow| {
        view! {
            <tr>
                <th scope="row">
                    <code>{row.name}</code> " " <span class="hint">{row.kind.as_str()}</span>
                </th>
                <td>{format_seconds(row.p75)}</td>
                <td>{format::format_count(row.samples)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <TableCard
            id="timings"
            title="Timings"
            columns=vec!["Endpoint or component", "p75", "Samples"]
            empty="No timings in the last hour.".into_any()
            rows=timings.into_iter().map(row).collect()
        />
    }
}

#[component]
pub(super) fn FeedbackList(feedback: Vec<StoredReport<Feedback>>) -> impl IntoView {
    let lines = feedback
        .iter()
        .map(|StoredReport { at, report }| {
            let rating = report.rating.map(|rating| format!("{rating} of 5"));
            let screenshot = (!report.screenshot.is_empty()).then(|| {
                let address = format!("/admin/screenshots/{}", report.screenshot);
                view! { " · " <a href=address target="_blank" rel="noopener">"Screenshot"</a> }
            });
            view! {
                <li>
                    <span class="report-text">{report.message.clone()}</span>
                    <span class="hint">{rating} " · " <code>{report.page.clone()}</code> " · " <Time at=*at/> {screenshot}</span>
                </li>
            }
        })
        .collect_view();
    let empty = feedback.is_empty().then(|| view! { <p class="hint">"No feedback yet."</p> });
    view! {
        <section class="card" aria-labelledby="feedback-title">
            <header class="card-head"><h2 id="feedback-title">"Feedback"</h2></header>
            {empty}
            <ul class="reports" data-testid="feedback">{lines}</ul>
        </section>
    }
}
