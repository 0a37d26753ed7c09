//! The phases in detail.

use leptos::prelude::*;
use phasegate_domain::{
    plan::{Criterion, Phase},
    reports::RolloutView,
};

use super::{actions::format_audience, track::PhaseProgress};

/// One card per phase.
#[component]
pub(super) fn Phases(rollout: RolloutView) -> impl IntoView {
    let cards = rollout
        .plan
        .phases
        .iter()
        .map(|phase| {
            let progress = PhaseProgress::locate_phase(phase, &rollout);
            view! { <PhaseCard phase=phase.clone() progress/> }
        })
        .collect_view();
    view! {
        <section aria-labelledby="phases-title">
            <h2 id="phases-title">"Phases"</h2>
            <div class="phases">{cards}</div>
        </section>
    }
}

#[component]
fn PhaseCard(phase: Phase, progress: PhaseProgress) -> impl IntoView {
    let features = if phase.flags.is_empty() {
        view! { <span class="hint">"none new"</span> }.into_any()
    } else {
        let chips =
            phase.flags.iter().map(|key| view! { <code class="chip">{key.to_string()}</code> });
        chips.collect_view().into_any()
    };
    let criteria = phase.criteria.iter().map(|criterion| {
        let by = match criterion {
            Criterion::Automatic(_) => "measured",
            Criterion::SignedOff { .. } => "needs sign-off",
        };
        view! { <li>{criterion.to_string()} " " <span class="hint">{by}</span></li> }
    });
    view! {
        <article
            class=format!("card phase {}", progress.class())
            id=format!("phase-{}", phase.number)
            aria-labelledby=format!("phase-{}-title", phase.number)
        >
            <header class="phase-head">
                <span class="phase-number" aria-hidden="true">{phase.number.to_string()}</span>
                <h3 id=format!("phase-{}-title", phase.number)>
                    <span class="visually-hidden">"Phase " {phase.number.to_string()} ": "</span>
                    {phase.name.clone()}
                </h3>
                <span class="phase-percentage">{phase.percentage.to_string()}</span>
                <span class=format!("pill {}", progress.class())>{progress.title()}</span>
            </header>
            <p class="hint">{phase.description.clone()}</p>
            <dl class="facts">
                <div><dt>"Audience"</dt><dd>{format_audience(&phase)}</dd></div>
                <div><dt>"Flags added"</dt><dd class="chips">{features}</dd></div>
                <div><dt>"Duration"</dt><dd>{format_phase_duration(&phase)}</dd></div>
            </dl>
            <h4>"Criteria"</h4>
            <ul class="criteria">{criteria.collect_view()}</ul>
        </article>
    }
}

fn format_phase_duration(phase: &Phase) -> String {
    match (phase.minimum_days, phase.maximum_days) {
        (0, None) => "ongoing".to_owned(),
        (minimum, None) => format!("at least {minimum} days"),
        (minimum, Some(maximum)) if minimum == maximum => format!("{minimum} days"),
        (minimum, Some(maximum)) => format!("{minimum} to {maximum} days"),
    }
}
