//! The first minutes of a phase: whether its flags are served, and whether errors increase.

use leptos::prelude::*;
use phasegate_domain::reports::{Counts, FirstMinutes, RolloutView};

use crate::{
    components::{Sparkline, Time},
    format,
};

/// Rendered only in the first minutes of a phase.
#[component]
pub(super) fn FirstMinutesPanel(rollout: RolloutView) -> impl IntoView {
    let FirstMinutes { since, flags, now, before, errors } = rollout.first_minutes?;
    let phase = rollout.state.status.serving_phase()?;
    let minutes = errors.len();
    let flags = flags.into_iter().map(|(flag, given, refused)| {
        let (class, text) = match (given, refused) {
            (0, 0) => ("gate-line is-asked", "no evaluation yet".to_owned()),
            (0, refused) => {
                ("gate-line is-fail", format!("served: 0, not served: {refused}; no user gets the feature"))
            }
            (given, refused) => {
                ("gate-line is-pass", format!("served: {given}, not served: {refused}"))
            }
        };
        view! { <li class=class><code>{flag.to_string()}</code><span class="hint">{text}</span></li> }
    });
    let row = |title, value: fn(&Counts) -> String| {
        let (now, before) = (value(&now), value(&before));
        view! { <tr><th scope="row">{title}</th><td>{now}</td><td>{before}</td></tr> }
    };
    Some(view! {
        <section class="card" aria-labelledby="minutes-title" data-testid="first-minutes">
            <header class="card-head">
                <h2 id="minutes-title">"First minutes of phase " {phase.to_string()}</h2>
                <span class="hint">"since " <Time at=since/></span>
                <a class="button button-small" href="/admin/rollout">"Refresh numbers"</a>
            </header>
            <ul class="gate-lines">{flags.collect_view()}</ul>
            <div class="table-scroll"><table>
                <thead><tr>
                    <th scope="col">"Metric"</th>
                    <th scope="col">{format!("{minutes} min since the start")}</th>
                    <th scope="col">{format!("{minutes} min before")}</th>
                </tr></thead>
                <tbody>
                    {row("Page views", |c| format::format_count(c.views))}
                    {row("Sessions", |c| format::format_count(c.sessions))}
                    {row("Sessions with an error", |c| format_part(c.error_sessions, c.sessions))}
                    {row("Errors", |c| format::format_count(c.errors))}
                    {row("LCP (p75)", |c| c.lcp.map_or("–".to_owned(), |lcp| format!("{lcp:.2} s")))}
                </tbody>
            </table></div>
            <p class="hint">"Errors by minute: " <Sparkline by_hour=errors/></p>
        </section>
    })
}

fn format_part(some: u64, all: u64) -> String {
    match all {
        0 => "–".to_owned(),
        all => {
            format!("{} ({:.1} %)", format::format_count(some), some as f64 * 100.0 / all as f64)
        }
    }
}
