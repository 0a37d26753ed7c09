//! What happened.

use leptos::prelude::*;
use phasegate_domain::{
    history::Change,
    ids::PhaseNumber,
    rollout::{Plan, RolloutEvent, RolloutView},
};

use crate::components::Time;

fn named(plan: &Plan, number: PhaseNumber) -> String {
    match plan.phase(number) {
        Some(phase) => format!("phase {number}, {}", phase.name),
        None => format!("phase {number}"),
    }
}

/// A change as a sentence.
pub(super) fn sentence(change: &Change, plan: &Plan) -> String {
    match change {
        Change::Rollout { what: RolloutEvent::Started, .. } => {
            format!("Started with {}.", named(plan, PhaseNumber::FIRST))
        }
        Change::Rollout { what: RolloutEvent::Advanced(moved), .. } => {
            let early = if moved.forced { " before its time" } else { "" };
            format!("Advanced{early} to {}.", named(plan, moved.to))
        }
        Change::Rollout { what: RolloutEvent::RolledBack(moved), .. } => {
            format!("Rolled back to {}.", named(plan, moved.to))
        }
        other => crate::pages::audit::sentence(other),
    }
}

/// A rollout's move where its plan is not at hand.
pub(crate) fn rollout_sentence(what: &RolloutEvent) -> String {
    match what {
        RolloutEvent::Started => "Started the rollout.".to_owned(),
        RolloutEvent::Advanced(moved) => {
            format!("Advanced the rollout from phase {} to phase {}.", moved.from, moved.to)
        }
        RolloutEvent::RolledBack(moved) => {
            format!("Rolled back from phase {} to phase {}.", moved.from, moved.to)
        }
    }
}

fn reason(change: &Change) -> Option<String> {
    match change {
        Change::Rollout {
            what: RolloutEvent::Advanced(moved) | RolloutEvent::RolledBack(moved),
            ..
        } => Some(moved.reason.clone()).filter(|reason| !reason.is_empty()),
        _ => None,
    }
}

/// The history, newest first.
#[component]
pub(super) fn History(rollout: RolloutView) -> impl IntoView {
    let plan = rollout.plan;
    let lines = rollout
        .history
        .iter()
        .map(|line| {
            view! {
                <li class="timeline-line">
                    <span class="timeline-what">{sentence(&line.change, &plan)}</span>
                    {reason(&line.change).map(|reason| view! { <q class="timeline-reason">{reason}</q> })}
                    <span class="hint">{line.actor.0.clone()} ", " <Time at=line.at/></span>
                </li>
            }
        })
        .collect_view();
    let empty = rollout.history.is_empty().then(|| {
        view! { <p class="hint">"Nothing has happened yet. Starting the rollout is the first line."</p> }
    });
    view! {
        <section aria-labelledby="history-title">
            <h2 id="history-title">"History"</h2>
            {empty}
            <ol class="timeline" data-testid="rollout-history">{lines}</ol>
        </section>
    }
}
