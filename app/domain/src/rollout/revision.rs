//! Revisions of a plan. A started plan is immutable: each change is a new revision with its author
//! and a note.

use super::{CommandError, PlanRevision, RolloutEvent, RolloutState, RolloutStatus};
use crate::{
    accounts::Role,
    ids::PhaseNumber,
    plan::{Plan, Revision},
};

/// Replaces the current plan by a valid one and returns the event.
///
/// # Errors
/// Returns the rule that forbids it.
pub fn revise_plan(
    current: &Plan,
    state: &RolloutState,
    next: &Plan,
    note: &str,
    role: Role,
) -> Result<RolloutEvent, CommandError> {
    if role < Role::Operator {
        return Err(CommandError::NotAllowed { needs: Role::Operator });
    }
    if next == current {
        return Err(CommandError::SamePlan);
    }
    let begins_anew = match &state.status {
        RolloutStatus::Draft => false,
        RolloutStatus::Completed(_) | RolloutStatus::Aborted => true,
        RolloutStatus::Running(progress) | RolloutStatus::Paused(progress) => {
            if next.key != current.key {
                return Err(CommandError::OtherPlan { key: current.key.to_string() });
            }
            if Revision::parse(&next.revision) <= Revision::parse(&current.revision) {
                return Err(CommandError::RevisionNotHigher { current: current.revision.clone() });
            }
            if next.phase(progress.phase).is_none() {
                return Err(CommandError::PhaseGone { phase: progress.phase });
            }
            if note.trim().is_empty() {
                return Err(CommandError::Missing { field: "note".to_owned() });
            }
            if let Some(what) = describe_overrule(current, next, progress.phase)
                && role < Role::Admin
            {
                return Err(CommandError::RevisionOverrules { what });
            }
            false
        }
    };
    Ok(RolloutEvent::Planned(PlanRevision {
        from: Some(current.revision.clone()),
        to: next.revision.clone(),
        note: note.trim().to_owned(),
        begins_anew,
        is_wording: strip_texts(next) == strip_texts(current),
    }))
}

/// Returns a plan without its texts: names, descriptions, contacts and the revision.
fn strip_texts(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let phases = plan.phases.iter_mut().flat_map(|phase| [&mut phase.name, &mut phase.description]);
    let texts = phases.chain([&mut plan.name, &mut plan.description, &mut plan.revision]);
    texts.for_each(String::clear);
    plan.contacts.clear();
    plan
}

/// Returns why a revision needs an admin, who may overrule gates: it changes what users are served
/// at once, or lowers the requirements for leaving the current phase.
fn describe_overrule(current: &Plan, next: &Plan, phase: PhaseNumber) -> Option<String> {
    for before in current.phases.iter().filter(|before| before.number <= phase) {
        let is_same = next.phase(before.number).is_some_and(|after| {
            (&after.audience, &after.flags, after.percentage)
                == (&before.audience, &before.flags, before.percentage)
        });
        if !is_same {
            let number = before.number;
            return Some(format!("phase {number} lets in others, or gives them other flags"));
        }
    }
    let (before, after) = (current.phase(phase)?, next.phase(phase)?);
    let asks_less = after.minimum_days < before.minimum_days
        || next.quorum < current.quorum
        || (next.token_votes && !current.token_votes)
        || before.criteria.iter().any(|criterion| !after.criteria.contains(criterion))
        || before.checklist.iter().any(|item| !after.checklist.contains(item));
    asks_less.then(|| format!("less is asked before phase {phase} is left"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{ActorName, PhaseNumber, RolloutKey},
        plan::plan_file,
        rollout::{Progress, RecordEntry},
        targeting::Throttle,
    };

    #[test]
    fn only_an_admin_changes_served_phases_or_lowers_the_gate() {
        let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let mut current = plan_file().plan;
        current.quorum = 1;
        let status = RolloutStatus::Running(Progress {
            phase: PhaseNumber(2),
            phase_since: at,
            throttle: Throttle::NONE,
        });
        let state = RolloutState { status, ..RolloutState::default() };
        let attempt = |role, change: fn(&mut Plan)| {
            let mut next = current.clone();
            next.revision = "v1.1".into();
            change(&mut next);
            revise_plan(&current, &state, &next, "x", role).map_err(|refusal| refusal.to_string())
        };
        type Revise = fn(&mut Plan);
        let changes: [(Revise, &str); 4] = [
            (|plan| drop(plan.phases[1].audience.pop()), "phase 2 lets in others"),
            (|plan| plan.phases[0].flags.clear(), "phase 1 lets in others"),
            (|plan| plan.quorum = 0, "less is asked before phase 2"),
            (
                |plan| {
                    drop(plan.phases.remove(0));
                    plan.phases[0].number = PhaseNumber(1);
                    plan.phases[1].number = PhaseNumber(2);
                },
                "phase 1 lets in others",
            ),
        ];
        for (change, why) in changes {
            let refused = attempt(Role::Operator, change).unwrap_err();
            assert!(refused.starts_with(why), "{refused}");
            assert!(attempt(Role::Admin, change).is_ok());
        }
        // Later phases may change, and the current phase may require more.
        let later = |plan: &mut Plan| {
            plan.phases[2].audience.clear();
            plan.phases[1].minimum_days += 1;
        };
        assert!(attempt(Role::Operator, later).is_ok());
    }

    #[test]
    fn revisions_are_ordered_as_numbers() {
        let read = |text| Revision::parse(text).unwrap();
        assert!(read("v1.10") > read("v1.9") && read("v2.0") > read("v1.99"));
        assert_eq!(read("v1.9").next_minor().to_string(), "v1.10");
        for wrong in ["", "1.0", "v1", "v1.", "v1.x", "v1.0.0", "v+1.0"] {
            assert_eq!(Revision::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_running_plan_accepts_only_a_higher_revision_with_a_note() {
        let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let current = plan_file().plan;
        let progress =
            Progress { phase: PhaseNumber(3), phase_since: at, throttle: Throttle::NONE };
        let state = |status| RolloutState { status, ..RolloutState::default() };
        let mut next = current.clone();
        let attempt = |next: &Plan, status, note| {
            revise_plan(&current, &state(status), next, note, Role::Operator)
        };
        let running = RolloutStatus::Running(progress);
        assert_eq!(attempt(&next, running, "x"), Err(CommandError::SamePlan));
        next.name = "Another".into();
        let same = Err(CommandError::RevisionNotHigher { current: "v1.0".into() });
        assert_eq!(attempt(&next, running, "x"), same);
        next.revision = "v1.1".into();
        assert_eq!(
            attempt(&next, running, " "),
            Err(CommandError::Missing { field: "note".into() })
        );
        let event = attempt(&next, running, "a better name").unwrap();
        let by = ActorName("ada".into());
        assert_eq!(state(running).apply_event(&event, &by, at), state(running));
        // Votes hold while only texts change.
        let vote = RecordEntry::Vote { go: true, comment: String::new() };
        let voted = state(running).apply_event(&RolloutEvent::Added(vote), &by, at);
        next.phases[2].description = "In other words".into();
        let event = attempt(&next, running, "words").unwrap();
        assert_eq!(voted.apply_event(&event, &by, at), voted);
        let mut longer = next.clone();
        longer.phases[2].minimum_days += 1;
        let event = attempt(&longer, running, "longer").unwrap();
        assert!(voted.apply_event(&event, &by, at).record.votes.is_empty());
        let viewer = revise_plan(&current, &state(running), &next, "x", Role::Viewer);
        assert_eq!(viewer, Err(CommandError::NotAllowed { needs: Role::Operator }));
        next.phases.truncate(2);
        let gone = Err(CommandError::PhaseGone { phase: PhaseNumber(3) });
        assert_eq!(attempt(&next, RolloutStatus::Paused(progress), "x"), gone);
        next.key = RolloutKey::new("other").unwrap();
        let other = Err(CommandError::OtherPlan { key: "plan".into() });
        assert_eq!(attempt(&next, running, "x"), other);
        assert!(attempt(&next, RolloutStatus::Draft, "").is_ok());
        let event = attempt(&next, RolloutStatus::Completed(progress), "").unwrap();
        let done = state(RolloutStatus::Completed(progress));
        assert_eq!(done.apply_event(&event, &by, at), RolloutState::default());
    }
}
