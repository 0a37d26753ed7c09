//! Messages for stakeholders, who do not use the admin.

use super::RolloutEvent;
use crate::{
    Timestamp,
    ids::{ActorName, PhaseNumber},
    plan::{Phase, Plan},
    targeting::Share,
};

/// Writes the message to stakeholders about an event; `None` if it changes nothing for users.
#[must_use]
pub fn stakeholder_message(
    plan: &Plan,
    event: &RolloutEvent,
    by: &ActorName,
    at: Timestamp,
) -> Option<String> {
    let named = |number: PhaseNumber| match plan.phase(number) {
        Some(phase) => {
            format!("phase {number} ({}, up to {} of users)", phase.name, phase.percentage)
        }
        None => format!("phase {number}"),
    };
    let first = || named(PhaseNumber::FIRST);
    let (title, text) = match event {
        RolloutEvent::Started(_) => ("has started", format!("It begins with {}.", first())),
        RolloutEvent::Advanced(moved) => {
            let features = plan.phase(moved.to).map(write_new_flags).unwrap_or_default();
            ("goes on", format!("It is now in {}.{features}", named(moved.to)))
        }
        RolloutEvent::RolledBack(moved) => (
            "was rolled back",
            format!(
                "It is back in {}. Users admitted by {} no longer see its features.",
                named(moved.to),
                named(moved.from)
            ),
        ),
        RolloutEvent::RolledBackFully(moved) => (
            "was rolled back to phase 1",
            format!(
                "It was in {}, and is back in {}. A post-mortem follows.",
                named(moved.from),
                named(moved.to)
            ),
        ),
        RolloutEvent::Halved(to) => (
            "was reduced",
            format!("It reaches {} of the planned users, after {}.", to.to, to.from),
        ),
        RolloutEvent::Restored(to) => (
            "was raised again",
            format!("It reaches {} of the planned users, after {}.", to.to, to.from),
        ),
        RolloutEvent::Killed(killed) => {
            let flags: Vec<&str> = killed.flags.iter().map(|flag| flag.as_str()).collect();
            (
                "was switched off",
                format!("No user sees these features any more: {}.", flags.join(", ")),
            )
        }
        RolloutEvent::Completed(_) => {
            let all = plan.phases.last().map_or(Share::ALL, |phase| phase.percentage);
            ("is completed", format!("It reaches {all} of all users."))
        }
        RolloutEvent::Aborted(_) => {
            ("was given up", "No user sees its features any more.".to_owned())
        }
        RolloutEvent::Paused(_)
        | RolloutEvent::Resumed(_)
        | RolloutEvent::Planned(_)
        | RolloutEvent::Added(_) => return None,
    };
    let why = match event.reason() {
        "" => String::new(),
        reason => format!("\nWhy: {reason}"),
    };
    let lead = plan.contacts.iter().find(|contact| !contact.reach.is_empty());
    let ask = lead.map_or(String::new(), |lead| {
        format!("\nQuestions: {} ({}), {}", lead.name, lead.role, lead.reach)
    });
    let at = at.format("%Y-%m-%d %H:%M UTC");
    Some(format!("{} {title}\n\n{text}{why}\nWhen: {at}, by {}{ask}\n", plan.name, by.0))
}

fn write_new_flags(phase: &Phase) -> String {
    let flags: Vec<&str> = phase.flags.iter().map(|flag| flag.as_str()).collect();
    match flags.as_slice() {
        [] => String::new(),
        flags => format!(" New: {}.", flags.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::Contact,
        plan::plan_file,
        rollout::{PhaseChange, ReasonedCommand},
    };

    #[test]
    fn a_message_states_the_change_the_reason_and_the_contact() {
        let mut plan = plan_file().plan;
        let contact = |name: &str, reach: &str| Contact {
            role: "Rollout lead".into(),
            name: name.into(),
            reach: reach.into(),
        };
        plan.contacts = vec![contact("", ""), contact("Ada", "#rollout")];
        let moved = PhaseChange {
            from: PhaseNumber(1),
            to: PhaseNumber(2),
            forced: false,
            reason: "all is well".into(),
            detected_at: None,
        };
        let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let by = ActorName("ada".into());
        let text = stakeholder_message(&plan, &RolloutEvent::Advanced(moved), &by, at).unwrap();
        assert_eq!(
            text,
            "Plan goes on\n\nIt is now in phase 2 (Two, up to 20 % of users). New: B.\n\
             Why: all is well\nWhen: 2023-11-14 22:13 UTC, by ada\n\
             Questions: Ada (Rollout lead), #rollout\n"
        );
        assert_eq!(
            stakeholder_message(&plan, &RolloutEvent::Paused(ReasonedCommand::default()), &by, at),
            None
        );
    }
}
