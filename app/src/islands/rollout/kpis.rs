//! The KPIs of the rollout.

use leptos::prelude::*;
use phasegate_domain::{measurement::Verdict, plan::KpiGroup, reports::KpiValue};

use crate::components::Trend;

fn kpi_verdict_pill(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("Reached", "pill pill-live"),
        Verdict::Fail => ("Not reached", "pill pill-warning"),
        Verdict::Inconclusive | Verdict::AwaitingSignOff => ("Inconclusive", "pill"),
    }
}

/// A table for each KPI group.
#[component]
pub(crate) fn Kpis(targets: Vec<(String, String)>, values: Vec<KpiValue>) -> impl IntoView {
    if targets.is_empty() && values.is_empty() {
        return None;
    }
    let body = if values.is_empty() {
        let targets = targets.into_iter().map(|(name, target)| {
            view! { <li><strong>{name}</strong> " " {target}</li> }.into_any()
        });
        let targets: Vec<AnyView> = targets.collect();
        view! {
            <p class="hint">"Measured once the rollout has started."</p>
            <ul class="criteria">{targets}</ul>
        }
        .into_any()
    } else {
        let of = |group| values.iter().filter(move |kpi| kpi.group == group);
        let groups = KpiGroup::ALL.into_iter().filter(|group| of(*group).next().is_some());
        groups
            .map(|group| {
                let rows = of(group).cloned().map(render_kpi_row).collect_view();
                view! { <Group group rows=rows.into_any()/> }
            })
            .collect_view()
            .into_any()
    };
    Some(view! {
        <section class="card kpis" aria-labelledby="kpis-title" data-testid="kpis">
            <header class="card-head"><h2 id="kpis-title">"KPIs"</h2></header>
            {body}
        </section>
    })
}

#[component]
fn Group(group: KpiGroup, rows: AnyView) -> impl IntoView {
    view! {
        <h3>{group.title()}</h3>
        <div class="table-scroll" tabindex="0">
            <table class="kpi-table">
                <thead><tr>
                    <th scope="col">"KPI"</th><th scope="col">"Target"</th><th scope="col">"Current"</th>
                    <th scope="col">"Trend"</th><th scope="col">"Window"</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn render_kpi_row(kpi: KpiValue) -> AnyView {
    let (word, class) = kpi_verdict_pill(kpi.verdict);
    let event = kpi.event.map(|event| {
        view! { <span class="hint">" counts the event " <code>{event}</code></span> }
    });
    view! {
        <tr>
            <th scope="row">{kpi.name}{event}</th>
            <td>{kpi.target}</td>
            <td>
                <strong>{kpi.current.unwrap_or_else(|| "–".to_owned())}</strong> " "
                <span class=class>{word}</span>
                <div class="hint">{kpi.detail}</div>
            </td>
            <td><Trend values=kpi.trend/></td>
            <td>{kpi.window_days.to_string()} " days"</td>
        </tr>
    }
    .into_any()
}
