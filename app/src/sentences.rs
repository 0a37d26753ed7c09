//! Describes changes of the audit log in sentences.

use phasegate_domain::{
    Timestamp,
    audit::{AuditRecord, Change},
    ids::PhaseNumber,
    plan::Plan,
    rollout::RolloutEvent,
};

/// Describes a change in one sentence.
pub(crate) fn describe_audit_change(change: &Change) -> String {
    let (kind, key) = change.subject();
    match change {
        Change::Rollout { what, .. } => describe_rollout_event(what),
        Change::FlagSwitched { enabled, .. } => {
            format!("Switched the flag {key} {}.", if *enabled { "on" } else { "off" })
        }
        Change::Imported { things, .. } => {
            format!("Applied a file to {key}; objects changed: {}.", things.len())
        }
        Change::Saved { before, after, .. } => {
            let verb = match (before, after) {
                (None, _) => "Created",
                (_, None) => "Deleted",
                _ => "Changed",
            };
            format!("{verb} the {} {key}.", kind.display_name())
        }
    }
}

/// Describes a change with the names of the plan's phases.
pub(crate) fn describe_change_with_plan(change: &Change, plan: &Plan) -> String {
    match change {
        Change::Rollout { what, .. } => describe_event_with_plan(what, plan),
        _ => describe_audit_change(change),
    }
}

/// Describes a rollout event with the names of the plan's phases.
pub(crate) fn describe_event_with_plan(what: &RolloutEvent, plan: &Plan) -> String {
    match what {
        RolloutEvent::Started(said) => {
            let waived = if said.forced { ", with open items of the checklist waived" } else { "" };
            format!("Started with {}{waived}.", name_phase(plan, PhaseNumber::FIRST))
        }
        RolloutEvent::Advanced(moved) => {
            let forced = if moved.forced { " by force" } else { "" };
            format!("Advanced{forced} to {}.", name_phase(plan, moved.to))
        }
        RolloutEvent::RolledBack(moved) => {
            format!("Rolled back to {}.", name_phase(plan, moved.to))
        }
        what => describe_rollout_event(what),
    }
}

/// Describes a rollout event without the names of phases.
fn describe_rollout_event(what: &RolloutEvent) -> String {
    let text = what.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn name_phase(plan: &Plan, number: PhaseNumber) -> String {
    match plan.phase(number) {
        Some(phase) => format!("phase {number}, {}", phase.name),
        None => format!("phase {number}"),
    }
}

/// Converts audit entries, newest first, to the lines of a timeline, oldest first.
pub(crate) fn build_audit_timeline(lines: &[AuditRecord], plan: &Plan) -> Vec<(Timestamp, String)> {
    let line = |line: &AuditRecord| {
        (
            line.entry.at,
            format!(
                "{}: {}",
                line.entry.actor.0,
                describe_change_with_plan(&line.entry.change, plan)
            ),
        )
    };
    lines.iter().rev().map(line).collect()
}
