//! The commands. Asking and answering are both in the URL (`?confirm=…`), so that they work
//! without a script, with the keyboard, and with the back button.

use leptos::prelude::*;
use phasegate_domain::{
    ids::PhaseNumber,
    rollout::{CommandKind, Phase, Refusal, RolloutView},
};

use crate::{
    components::{Here, Notice},
    format,
};

fn slug(kind: CommandKind) -> &'static str {
    match kind {
        CommandKind::Start => "start",
        CommandKind::Advance => "advance",
        CommandKind::RollBack => "roll_back",
    }
}

/// The phase that a command leads to.
fn target(kind: CommandKind, rollout: &RolloutView) -> Option<&Phase> {
    let current = rollout.state.serving_phase();
    let number = match kind {
        CommandKind::Start => Some(PhaseNumber::FIRST),
        CommandKind::Advance => current.map(PhaseNumber::next),
        CommandKind::RollBack => current.and_then(PhaseNumber::previous),
    };
    rollout.plan.phase(number?)
}

/// What a button says: `Advance to phase 3`.
fn label(kind: CommandKind, rollout: &RolloutView) -> String {
    match (kind, target(kind, rollout)) {
        (CommandKind::Start, _) => "Start the rollout".to_owned(),
        (_, Some(phase)) => format!("{} to phase {}", kind.title(), phase.number),
        (_, None) => kind.title().to_owned(),
    }
}

/// Whether a command would go through, if need be with a reason.
fn is_possible(kind: CommandKind, rollout: &RolloutView) -> bool {
    rollout.refusal(kind, "with a reason").is_none()
}

const KINDS: [CommandKind; 3] = [CommandKind::Start, CommandKind::Advance, CommandKind::RollBack];

/// The command that a form names.
pub(super) fn kind(name: &str) -> Option<CommandKind> {
    KINDS.into_iter().find(|kind| slug(*kind) == name)
}

/// The buttons, or the question behind the one that was pressed.
#[component]
pub(super) fn Actions(rollout: RolloutView, asked: Option<String>) -> impl IntoView {
    let Some(asked) = asked else {
        return view! { <Buttons rollout/> }.into_any();
    };
    let kind = KINDS.into_iter().find(|kind| question(*kind, &rollout) == Some(asked.clone()));
    match kind.filter(|kind| is_possible(*kind, &rollout)) {
        Some(kind) => view! { <Confirm rollout kind/> }.into_any(),
        // The way back, a reload or an old link: what was asked then is not the question now.
        None => view! {
            <Notice>"That has been done, or is not possible any more. This is where the rollout is now."</Notice>
            <Buttons rollout/>
        }
        .into_any(),
    }
}

/// A command in a URL, with where it leads: `advance-3`.
fn question(kind: CommandKind, rollout: &RolloutView) -> Option<String> {
    Some(format!("{}-{}", slug(kind), target(kind, rollout)?.number))
}

#[component]
fn Buttons(rollout: RolloutView) -> impl IntoView {
    let button = |kind: CommandKind, class: &'static str| {
        let question = question(kind, &rollout).filter(|_| is_possible(kind, &rollout));
        question.map(|question| {
            let href = format!("/admin/rollout?confirm={question}");
            view! { <a class=class href=href>{label(kind, &rollout)}</a> }
        })
    };
    let early = match rollout.refusal(CommandKind::Advance, "") {
        Some(Refusal::TooEarly { .. }) => time_left(&rollout).map(|left| {
            view! { <span class="hint">"Planned for another " {left} "."</span> }
        }),
        _ => None,
    };
    view! {
        <section class="actions" aria-label="Commands">
            {button(CommandKind::Start, "button button-primary")}
            {button(CommandKind::Advance, "button button-primary")}
            {button(CommandKind::RollBack, "button button-danger")}
            {early}
        </section>
    }
}

/// What is left of the current phase's minimum duration.
fn time_left(rollout: &RolloutView) -> Option<String> {
    let progress = rollout.state.progress()?;
    let phase = rollout.plan.phase(progress.phase)?;
    Some(format::duration(phase.minimum_over_at(progress.phase_since) - rollout.at))
}

#[component]
fn Confirm(rollout: RolloutView, kind: CommandKind) -> impl IntoView {
    let label = label(kind, &rollout);
    let must_explain = rollout.refusal(kind, "").is_some();
    let warning = must_explain.then(|| {
        let left = time_left(&rollout).unwrap_or_default();
        view! {
            <p class="confirm-warning">
                "This phase is planned for another " {left}
                ". Going on now overrules the plan; the history will say so, with your name and reason."
            </p>
        }
    });
    let class = if kind == CommandKind::RollBack {
        "button button-danger"
    } else {
        "button button-primary"
    };
    view! {
        <section class="confirm" aria-labelledby="confirm-title">
            <h2 id="confirm-title">{label.clone()} "?"</h2>
            {consequences(kind, &rollout)}
            {warning}
            <form method="post" action="/admin/rollout" class="stack"><Here/>
                <input type="hidden" name="kind" value=slug(kind)/>
                <input type="hidden" name="version" value=rollout.version.to_string()/>
                <label class="field">
                    <span>{if must_explain { "Reason (required)" } else { "Reason (optional)" }}</span>
                    <input type="text" name="reason" maxlength="500" required=must_explain autofocus/>
                </label>
                <div class="row">
                    <button class=class type="submit">{label}</button>
                    <a class="button" href="/admin/rollout">"Cancel"</a>
                </div>
            </form>
        </section>
    }
}

/// What will happen, in words.
fn consequences(kind: CommandKind, rollout: &RolloutView) -> impl IntoView + use<> {
    let target = target(kind, rollout).cloned();
    let leaving = rollout.state.serving_phase().and_then(|n| rollout.plan.phase(n)).cloned();
    match (kind, target, leaving) {
        (CommandKind::RollBack, Some(target), Some(leaving)) => view! {
            <p>
                "The audience that " <strong>{leaving.name.clone()}</strong>
                " let in leaves at once" {features(&leaving, " and everyone loses ")}
                ". " <strong>{target.name}</strong> " (" {target.percentage.to_string()} ") is served again."
            </p>
        }
        .into_any(),
        (_, Some(target), _) => view! {
            <p>
                <strong>{target.name.clone()}</strong> " lets in " {audience(&target)}
                {features(&target, " and adds ")} ", up to " {target.percentage.to_string()} " of all users."
            </p>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// `100 % of beta_testers and 100 % of power_users`
pub(super) fn audience(phase: &Phase) -> String {
    let parts: Vec<String> = phase
        .audience
        .iter()
        .map(|entry| format!("{} of {}", entry.share, entry.segment))
        .collect();
    parts.join(" and ")
}

fn features(phase: &Phase, lead: &'static str) -> Option<impl IntoView + use<>> {
    let keys: Vec<&str> = phase.flags.iter().map(|key| key.as_str()).collect();
    (!keys.is_empty()).then(|| view! { {lead} <code>{keys.join(", ")}</code> })
}
