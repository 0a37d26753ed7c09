//! The parts of the page that only report: the first minutes of a phase, the phases, the history.

use leptos::prelude::*;

use super::{gate::verdict_class, page::Page};
use crate::{
    components::{Sparkline, Time, live},
    models::{FirstMinutesTable, HistoryItem, MinutesFlag, PhaseCard},
};

/// Whether the flags of a new phase are served, and whether errors increase; only in its first
/// minutes.
#[component]
pub(super) fn FirstMinutesPanel() -> impl IntoView {
    let shown = Page::from_context().part(|page| page.first_minutes.clone());
    live(move || match shown.get() {
        Some(table) => render_first_minutes(table),
        None => ().into_any(),
    })
}

fn render_first_minutes(table: FirstMinutesTable) -> AnyView {
    let FirstMinutesTable { phase, since, flags, rows, errors } = table;
    let minutes = errors.len();
    let flag = |MinutesFlag { key, verdict, text }| {
        view! { <li class=verdict_class(verdict)><code>{key}</code><span class="hint">{text}</span></li> }
            .into_any()
    };
    let row = |(title, now, before): (String, String, String)| {
        view! { <tr><th scope="row">{title}</th><td>{now}</td><td>{before}</td></tr> }.into_any()
    };
    let flags: Vec<AnyView> = flags.into_iter().map(flag).collect();
    let rows: Vec<AnyView> = rows.into_iter().map(row).collect();
    view! {
        <section class="card" aria-labelledby="minutes-title" data-testid="first-minutes">
            <header class="card-head">
                <h2 id="minutes-title">"First minutes of phase " {phase.to_string()}</h2>
                <span class="hint">"since " <Time at=since/></span>
            </header>
            <ul class="gate-lines">{flags}</ul>
            <div class="table-scroll" tabindex="0"><table>
                <thead><tr>
                    <th scope="col">"Metric"</th>
                    <th scope="col">{format!("{minutes} min since the start")}</th>
                    <th scope="col">{format!("{minutes} min before")}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table></div>
            <p class="hint">"Errors by minute: " <Sparkline by_hour=errors/></p>
        </section>
    }
    .into_any()
}

/// One card per phase.
#[component]
pub(super) fn Phases() -> impl IntoView {
    let phases = Page::from_context().part(|page| page.phases.clone());
    view! {
        <section aria-labelledby="phases-title">
            <h2 id="phases-title">"Phases"</h2>
            <div class="phases">
                {live(move || phases.get().into_iter().map(render_phase).collect::<Vec<_>>().into_any())}
            </div>
        </section>
    }
}

fn render_phase(phase: PhaseCard) -> AnyView {
    let number = phase.number.to_string();
    let (id, title) = (format!("phase-{number}"), format!("phase-{number}-title"));
    let labelled = title.clone();
    let flags: Vec<AnyView> = phase
        .flags
        .iter()
        .map(|key| view! { <code class="chip">{key.clone()}</code> }.into_any())
        .collect();
    let flags = match flags.is_empty() {
        true => view! { <span class="hint">"none new"</span> }.into_any(),
        false => flags.into_any(),
    };
    let criterion = |(text, by): (String, String)| {
        view! { <li>{text} " " <span class="hint">{by}</span></li> }.into_any()
    };
    let criteria: Vec<AnyView> = phase.criteria.into_iter().map(criterion).collect();
    view! {
        <article
            class=format!("card phase {}", phase.class)
            id=id
            aria-labelledby=labelled
        >
            <header class="phase-head">
                <span class="phase-number" aria-hidden="true">{number.clone()}</span>
                <h3 id=title>
                    <span class="visually-hidden">"Phase " {number} ": "</span>
                    {phase.name}
                </h3>
                <span class="phase-percentage">{phase.percentage}</span>
                <span class=format!("pill {}", phase.class)>{phase.progress}</span>
            </header>
            <p class="hint">{phase.description}</p>
            <dl class="facts">
                <div><dt>"Audience"</dt><dd>{phase.audience}</dd></div>
                <div><dt>"Flags added"</dt><dd class="chips">{flags}</dd></div>
                <div><dt>"Duration"</dt><dd>{phase.duration}</dd></div>
            </dl>
            <h4>"Criteria"</h4>
            <ul class="criteria">{criteria}</ul>
        </article>
    }
    .into_any()
}

/// The history, newest first, with the changes of flags and releases in between.
#[component]
pub(super) fn History() -> impl IntoView {
    let lines = Page::from_context().part(|page| page.history.clone());
    view! {
        <section aria-labelledby="history-title">
            <h2 id="history-title">"History"</h2>
            {live(move || match lines.read().is_empty() {
                true => view! { <p class="hint">"No entries yet. The first entry will be the start of the rollout."</p> }.into_any(),
                false => ().into_any(),
            })}
            <ol class="timeline" data-testid="rollout-history">
                {live(move || lines.get().into_iter().map(render_line).collect::<Vec<_>>().into_any())}
            </ol>
        </section>
    }
}

fn render_line(line: HistoryItem) -> AnyView {
    let HistoryItem { at, text, reason, by, is_beside } = line;
    let class = if is_beside { "timeline-line is-beside" } else { "timeline-line" };
    let reason = (!reason.is_empty()).then(|| view! { <q class="timeline-reason">{reason}</q> });
    let by = if by.is_empty() { by } else { format!("{by}, ") };
    view! {
        <li class=class>
            <span class="timeline-what">{text}</span>
            {reason}
            <span class="hint">{by} <Time at/></span>
        </li>
    }
    .into_any()
}
