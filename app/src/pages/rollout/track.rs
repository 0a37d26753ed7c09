//! The phases as a track of steps.

use leptos::prelude::*;
use phasegate_domain::{
    plan::Phase,
    reports::{Reach, RolloutView},
};

use crate::format;

/// A phase relative to the one that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PhaseProgress {
    Passed,
    Current,
    Ahead,
}

impl PhaseProgress {
    pub(super) fn locate_phase(phase: &Phase, rollout: &RolloutView) -> Self {
        match rollout.status().serving_phase() {
            Some(current) if phase.number < current => Self::Passed,
            Some(current) if phase.number == current => Self::Current,
            _ => Self::Ahead,
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Passed => "is-passed",
            Self::Current => "is-current",
            Self::Ahead => "is-ahead",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Current => "Current",
            Self::Ahead => "Upcoming",
        }
    }
}

/// One step per phase, with its planned ceiling.
#[component]
pub(super) fn Track(rollout: RolloutView) -> impl IntoView {
    let step = |phase: &Phase| {
        let progress = PhaseProgress::locate_phase(phase, &rollout);
        let current = (progress == PhaseProgress::Current).then_some("step");
        view! {
            <li class=format!("track-step {}", progress.class()) aria-current=current>
                <a href=format!("#phase-{}", phase.number) rel="external">
                    <span class="track-percentage">{phase.percentage.to_string()}</span>
                    <span class="track-name">{phase.name.clone()}</span>
                    <span class="visually-hidden">{progress.title()}</span>
                </a>
            </li>
        }
    };
    let steps = rollout.plan.phases.iter().map(step).collect_view();
    view! {
        <ol class="track" aria-label="Phases">{steps}</ol>
        {describe_reach(&rollout).map(|text| view! { <p class="hint" data-testid="reach">{text}</p> })}
    }
}

/// Compares the measured share of exposed users with the planned ceiling.
fn describe_reach(rollout: &RolloutView) -> Option<String> {
    let planned = rollout.plan.phase(rollout.status().serving_phase()?)?.percentage;
    let Reach { active, exposed, expected, .. } = rollout.reach?;
    if active == 0 {
        return Some("No active users in the last 30 days, so the exposed share cannot be compared with the plan yet.".to_owned());
    }
    let share = format!("{:.1} %", exposed as f64 * 100.0 / active as f64);
    let over = if exposed as f64 * 100.0 > planned.percent() * active as f64 {
        " This exceeds the plan."
    } else {
        ""
    };
    Some(format!(
        "Measured: {share} of {} users active in the last 30 days were exposed in this phase (planned: up to {planned}). About {} are eligible by segment.{over}",
        format::format_count(active),
        format::format_count(expected)
    ))
}
