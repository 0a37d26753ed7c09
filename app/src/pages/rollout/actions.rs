//! The commands of the rollout. Their confirmation is a URL (`?confirm=…`), so that it works
//! without a script, with the keyboard, and with the back button.

use leptos::prelude::*;
use phasegate_domain::{
    accounts::Role,
    ids::PhaseNumber,
    measurement::Verdict,
    plan::{Phase, Plan},
    reports::RolloutView,
    rollout::{CommandKind, RolloutStatus},
    targeting::Throttle,
};

use crate::{components::Notice, format, parts::Here};

/// The phase that a command leads to.
fn target_phase<'a>(
    kind: CommandKind,
    plan: &'a Plan,
    status: &RolloutStatus,
) -> Option<&'a Phase> {
    let current = status.serving_phase();
    let number = match kind {
        CommandKind::Start | CommandKind::RollBackFully => Some(PhaseNumber::FIRST),
        CommandKind::Advance => current.map(PhaseNumber::next),
        CommandKind::RollBack => current.and_then(PhaseNumber::previous),
        _ => None,
    };
    plan.phase(number?)
}

/// Returns the label of a command's button, such as `Advance to phase 3`.
pub(super) fn command_label(kind: CommandKind, plan: &Plan, status: &RolloutStatus) -> String {
    match (kind, target_phase(kind, plan, status)) {
        (CommandKind::Advance | CommandKind::RollBack, Some(phase)) => {
            format!("{} to phase {}", kind.title(), phase.number)
        }
        (CommandKind::RollBackFully | CommandKind::Advance | CommandKind::RollBack, _) => {
            kind.title().to_owned()
        }
        (CommandKind::Halve, _) => "Halve the shares".to_owned(),
        (CommandKind::Restore, _) => {
            format!("Raise the shares to {}", status.throttle().doubled())
        }
        (CommandKind::Kill, _) => "Kill all flags of the rollout".to_owned(),
        (kind, _) => format!("{} the rollout", kind.title()),
    }
}

/// Returns whether a command is possible, given a reason.
fn is_possible(kind: CommandKind, rollout: &RolloutView) -> bool {
    rollout.find_command_error(kind, "with a reason").is_none()
}

/// The buttons, or the confirmation of the command `asked`.
#[component]
pub(super) fn Actions(rollout: RolloutView, asked: Option<String>) -> impl IntoView {
    let Some(asked) = asked else {
        return view! { <Buttons rollout/> }.into_any();
    };
    let kind =
        CommandKind::ALL.into_iter().find(|kind| format_confirm_value(*kind, &rollout) == asked);
    match kind.filter(|kind| is_possible(*kind, &rollout)) {
        Some(kind) => view! { <Confirm rollout kind/> }.into_any(),
        // The back button, a reload or an old link: the command no longer applies.
        None => view! {
            <Notice>"This command was already carried out, or is no longer possible. The page shows the current state."</Notice>
            <Buttons rollout/>
        }
        .into_any(),
    }
}

/// Returns a command for a URL, with its target phase (`advance-3`) or the rollout's version.
fn format_confirm_value(kind: CommandKind, rollout: &RolloutView) -> String {
    let name = kind.as_str();
    match target_phase(kind, &rollout.plan, rollout.status()) {
        Some(phase) => format!("{name}-{}", phase.number),
        None => format!("{name}-v{}", rollout.version),
    }
}

/// The commands on this page; the others are on the rollback page.
const BUTTONS: [(CommandKind, &str); 8] = [
    (CommandKind::Start, "button button-primary"),
    (CommandKind::Advance, "button button-primary"),
    (CommandKind::Complete, "button button-primary"),
    (CommandKind::Restore, "button button-primary"),
    (CommandKind::Resume, "button button-primary"),
    (CommandKind::Pause, "button"),
    (CommandKind::RollBack, "button button-danger"),
    (CommandKind::Abort, "button button-quiet"),
];

#[component]
fn Buttons(rollout: RolloutView) -> impl IntoView {
    let button = |(kind, class): (CommandKind, &'static str)| {
        is_possible(kind, &rollout).then(|| {
            let href = format!("/admin/rollout?confirm={}", format_confirm_value(kind, &rollout));
            // A command that overrides the gate does not look like the planned step.
            let is_forced = !kind.needs_reason() && rollout.find_command_error(kind, "").is_some();
            let class = if is_forced { "button" } else { class };
            let label = command_label(kind, &rollout.plan, rollout.status());
            view! { <a class=class href=href>{label}</a> }
        })
    };
    let viewer = (rollout.role < Role::Operator).then(|| {
        view! { <span class="hint">"Commands need the role operator."</span> }
    });
    view! {
        <section class="actions" aria-label="Commands">
            {BUTTONS.map(button).into_iter().collect_view()}
            {viewer}
        </section>
    }
}

#[component]
fn Confirm(rollout: RolloutView, kind: CommandKind) -> impl IntoView {
    let label = command_label(kind, &rollout.plan, rollout.status());
    let is_overruled = rollout.find_command_error(kind, "").is_some() && !kind.needs_reason();
    let must_explain = is_overruled || kind.needs_reason();
    let open = rollout.gate.conditions.iter().filter(|c| c.verdict != Verdict::Pass);
    let open =
        open.map(|c| view! { <li>{format!("{}: {}", c.title, c.detail)}</li> }).collect_view();
    let warning = is_overruled.then(|| {
        view! {
            <div class="confirm-warning">
                <p>"Conditions of the plan are not met:"</p>
                <ul class="criteria">{if kind == CommandKind::Start {
                    view! { <li>"The checklist has open items."</li> }.into_any()
                } else {
                    open.into_any()
                }}</ul>
                <p>"Continuing overrides the plan. The audit log records your name and reason."</p>
            </div>
        }
    });
    let is_gentle = matches!(
        kind,
        CommandKind::Start
            | CommandKind::Advance
            | CommandKind::Complete
            | CommandKind::Resume
            | CommandKind::Restore
            | CommandKind::Pause
    );
    let class = if is_gentle { "button button-primary" } else { "button button-danger" };
    view! {
        <section class="confirm" aria-labelledby="confirm-title">
            <h2 id="confirm-title">{label.clone()} "?"</h2>
            {describe_consequences(kind, &rollout.plan, rollout.status())}
            {describe_new_users(kind, &rollout).map(|text| view! { <p data-testid="reach">{text}</p> })}
            {warning}
            <form method="post" action="/admin/rollout" class="stack"><Here/>
                <input type="hidden" name="kind" value=kind.as_str()/>
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

/// Describes the consequences of a command.
pub(super) fn describe_consequences(
    kind: CommandKind,
    plan: &Plan,
    status: &RolloutStatus,
) -> impl IntoView + use<> {
    let target = target_phase(kind, plan, status).cloned();
    let leaving = status.serving_phase().and_then(|n| plan.phase(n)).cloned();
    match (kind, target, leaving) {
        (CommandKind::RollBack, Some(target), Some(leaving)) => view! {
            <p>
                "The users that " <strong>{leaving.name.clone()}</strong>
                " added leave at once" {render_features(&leaving, ", and all users lose ")}
                ". " <strong>{target.name}</strong> " (" {target.percentage.to_string()} ") is served again."
            </p>
        }
        .into_any(),
        (CommandKind::RollBackFully, Some(target), _) => view! {
            <p>
                "Only the audience of " <strong>{target.name.clone()}</strong> " (" {format_audience(&target)}
                ") keeps its features, and only those of phase 1. All other users lose them at once."
            </p>
        }
        .into_any(),
        (_, Some(target), _) => view! {
            <p>
                <strong>{target.name.clone()}</strong> " admits " {format_audience(&target)}
                {render_features(&target, " and adds ")} ", up to " {target.percentage.to_string()} " of all users."
            </p>
        }
        .into_any(),
        (kind, None, _) => view! { <p>{describe_command(kind, status.throttle())}</p> }.into_any(),
    }
}

/// Describes how many users a phase adds, and which flags the present users get as well.
fn describe_new_users(kind: CommandKind, rollout: &RolloutView) -> Option<String> {
    let reach = rollout.reach?;
    if !matches!(kind, CommandKind::Start | CommandKind::Advance) || reach.active == 0 {
        return None;
    }
    let more = reach.expected_next?.saturating_sub(reach.expected);
    let (more, active) = (format::format_count(more), format::format_count(reach.active));
    let target = target_phase(kind, &rollout.plan, rollout.status())?;
    let flags: Vec<&str> = target.flags.iter().map(|key| rollout.flag_name(key)).collect();
    let besides = match (reach.expected, flags.as_slice()) {
        (0, _) | (_, []) => String::new(),
        (there, flags) => {
            format!(
                " The {} users admitted so far also get {}.",
                format::format_count(there),
                flags.join(", ")
            )
        }
    };
    // New users get the flags of all phases up to this one.
    let phases = rollout.plan.phases.iter().take_while(|phase| phase.number <= target.number);
    let all: Vec<&str> =
        phases.flat_map(|phase| &phase.flags).map(|key| rollout.flag_name(key)).collect();
    Some(format!(
        "About {more} of {active} users active in the last 30 days will newly get {}.{besides}",
        all.join(", ")
    ))
}

fn describe_command(kind: CommandKind, throttle: Throttle) -> String {
    match kind {
        CommandKind::Pause => {
            "All users keep their features, and users within the shares are still admitted. The rollout cannot be advanced or raised until it is resumed; rollbacks stay possible.".to_owned()
        }
        CommandKind::Resume => "The rollout continues where it was paused.".to_owned(),
        CommandKind::Halve => format!(
            "Every share below 100 % goes from {throttle} to {} of the plan. Users leave in reverse order of joining; the others keep all features.",
            throttle.halved()
        ),
        CommandKind::Restore => format!(
            "Every share below 100 % goes from {throttle} to {} of the plan. The users who left return.",
            throttle.doubled()
        ),
        CommandKind::Kill => {
            "Every flag of the phases reached returns its off variant to all users, regardless of other settings. Revive each flag on its own page.".to_owned()
        }
        CommandKind::Complete => "The last phase stays in effect, and the rollout is complete.".to_owned(),
        CommandKind::Abort => {
            "All users lose the features of this rollout. It cannot be resumed.".to_owned()
        }
        CommandKind::Start | CommandKind::Advance | CommandKind::RollBack
        | CommandKind::RollBackFully => String::new(),
    }
}

/// Formats an audience: `100 % of beta_testers and 100 % of power_users`.
pub(super) fn format_audience(phase: &Phase) -> String {
    let parts: Vec<String> = phase
        .audience
        .iter()
        .map(|entry| format!("{} of {}", entry.share, entry.segment))
        .collect();
    parts.join(" and ")
}

fn render_features(phase: &Phase, lead: &'static str) -> Option<impl IntoView + use<>> {
    let keys: Vec<&str> = phase.flags.iter().map(|key| key.as_str()).collect();
    (!keys.is_empty()).then(|| view! { {lead} <code>{keys.join(", ")}</code> })
}
