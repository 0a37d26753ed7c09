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
    let Change::Rollout { what, .. } = change else {
        return crate::pages::audit::sentence(change);
    };
    match what {
        RolloutEvent::Started(said) => {
            let waived = if said.forced { ", with open items of the checklist waived" } else { "" };
            format!("Started with {}{waived}.", named(plan, PhaseNumber::FIRST))
        }
        RolloutEvent::Advanced(moved) => {
            let forced = if moved.forced { " by force" } else { "" };
            format!("Advanced{forced} to {}.", named(plan, moved.to))
        }
        RolloutEvent::RolledBack(moved) => format!("Rolled back to {}.", named(plan, moved.to)),
        what => rollout_sentence(what),
    }
}

/// A rollout's move where its plan is not at hand.
pub(crate) fn rollout_sentence(what: &RolloutEvent) -> String {
    let text = what.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn reason(change: &Change) -> Option<String> {
    let Change::Rollout { what, .. } = change else { return None };
    Some(what.reason().to_owned()).filter(|reason| !reason.is_empty())
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
