//! What the commands of a rollout are called, and what they change.

use phasegate_domain::{
    ids::PhaseNumber,
    plan::{Phase, Plan},
    reports::RolloutView,
    rollout::{CommandKind, RolloutStatus},
    targeting::Throttle,
};

use crate::format;

/// The phase that a command leads to.
pub(super) fn target_phase<'a>(
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

/// Returns the name under which the page of the rollout asks for confirmation. It names what the
/// command leads to, so that an old link does not lead elsewhere.
pub(super) fn command_name(
    kind: CommandKind,
    plan: &Plan,
    status: &RolloutStatus,
    version: i64,
) -> String {
    match target_phase(kind, plan, status) {
        Some(phase) => format!("{}-{}", kind.as_str(), phase.number),
        None => format!("{}-v{version}", kind.as_str()),
    }
}

/// Returns the label of a command's button, such as `Advance to phase 3`.
pub(crate) fn command_label(kind: CommandKind, plan: &Plan, status: &RolloutStatus) -> String {
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

/// Describes the consequences of a command.
pub(crate) fn describe_consequences(
    kind: CommandKind,
    plan: &Plan,
    status: &RolloutStatus,
) -> String {
    let target = target_phase(kind, plan, status);
    let leaving = status.serving_phase().and_then(|number| plan.phase(number));
    match (kind, target, leaving) {
        (CommandKind::RollBack, Some(target), Some(leaving)) => format!(
            "The users that {} added leave at once{}. {} ({}) is served again.",
            leaving.name,
            list_features(leaving, ", and all users lose "),
            target.name,
            target.percentage
        ),
        (CommandKind::RollBackFully, Some(target), _) => format!(
            "Only the audience of {} ({}) keeps its features, and only those of phase 1. All other users lose them at once.",
            target.name,
            format_audience(target)
        ),
        (_, Some(target), _) => format!(
            "{} admits {}{}, up to {} of all users.",
            target.name,
            format_audience(target),
            list_features(target, " and adds "),
            target.percentage
        ),
        (kind, None, _) => describe_command(kind, status.throttle()),
    }
}

/// Lists the flags of a phase after `lead`; empty without flags.
fn list_features(phase: &Phase, lead: &str) -> String {
    let keys: Vec<&str> = phase.flags.iter().map(|key| key.as_str()).collect();
    if keys.is_empty() { String::new() } else { format!("{lead}{}", keys.join(", ")) }
}

/// Describes how many users a phase adds, and which flags the present users get as well.
pub(super) fn describe_new_users(kind: CommandKind, rollout: &RolloutView) -> Option<String> {
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
