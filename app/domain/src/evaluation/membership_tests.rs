//! Tests of rollout memberships in evaluations.

use chrono::DateTime;
use proptest::prelude::*;

use crate::{
    Timestamp,
    accounts::Role,
    config::{Parts, Snapshot},
    evaluation::{Cause, Reason, TraceStep, evaluate_flag, explain_flag},
    flags::{Flag, FlagState},
    ids::{ActorName, PhaseNumber, RolloutKey},
    plan::plan_file,
    rollout::{
        CommandKind, GateResult, Rollout, RolloutCommand, RolloutState, RolloutVariables,
        apply_command,
    },
    targeting::{EvaluationContext, Salt, Share},
};

fn now() -> Timestamp {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn snapshot_in_phase(phase: u16, change: impl Fn(&mut FlagState)) -> Snapshot {
    let file = plan_file();
    let mut state = RolloutState::default();
    for step in 0..phase {
        let kind = if step == 0 { CommandKind::Start } else { CommandKind::Advance };
        let (command, gate) = (RolloutCommand::new(kind, "test"), GateResult::always_passing());
        let event = apply_command(&file.plan, &state, &command, &gate, Role::Admin, now());
        state = state.apply_event(&event.unwrap(), &ActorName("ada".into()), now());
    }
    let rollout = Rollout {
        key: RolloutKey::new("r").unwrap(),
        plan: file.plan,
        salt: Salt::new("s"),
        state,
        version: 1,
    };
    let with_state = |flag: Flag| {
        let mut state = FlagState::initial(&flag.key);
        change(&mut state);
        (std::sync::Arc::new(flag), std::sync::Arc::new(state))
    };
    let flags = file.flags.into_iter().map(with_state).collect();
    Snapshot::new(Parts {
        flags,
        segments: file.segments.into_iter().map(std::sync::Arc::new).collect(),
        rollout: Some(rollout),
        ..Parts::default()
    })
}

fn value_and_reason(
    snapshot: &Snapshot,
    flag: &str,
    context: &EvaluationContext,
) -> (bool, Reason) {
    let answer = evaluate_flag(snapshot, snapshot.flag(flag).unwrap(), context, now()).unwrap();
    (answer.value().as_bool().unwrap(), answer.reason)
}

fn staff_context() -> EvaluationContext {
    EvaluationContext::of_user("ada").with_attribute("groups", vec!["staff"])
}

#[test]
fn a_draft_admits_no_user() {
    assert_eq!(
        value_and_reason(&snapshot_in_phase(0, |_| {}), "A", &staff_context()),
        (false, Reason::Default)
    );
}

#[test]
fn a_whole_segment_gets_the_flags_of_reached_phases() {
    let one = snapshot_in_phase(1, |_| {});
    assert_eq!(value_and_reason(&one, "A", &staff_context()), (true, Reason::TargetingMatch));
    assert_eq!(value_and_reason(&one, "B", &staff_context()), (false, Reason::Default));
    let stranger = EvaluationContext::of_user("bob");
    assert_eq!(value_and_reason(&one, "A", &stranger), (false, Reason::Default));
}

#[test]
fn a_later_audience_gets_the_flags_of_earlier_phases_too() {
    let two = snapshot_in_phase(2, |_| {});
    let inside = (0..1_000)
        .map(|n| EvaluationContext::of_user(format!("u{n}")))
        .filter(|user| value_and_reason(&two, "A", user) == (true, Reason::Split))
        .count();
    // 20 % of 1,000, within four standard deviations.
    assert!((150..=250).contains(&inside), "{inside}");
    let three = snapshot_in_phase(3, |_| {});
    let stranger = EvaluationContext::of_user("bob");
    assert_eq!(value_and_reason(&three, "C", &stranger), (true, Reason::TargetingMatch));
}

#[test]
fn off_and_killed_beat_membership() {
    let off = snapshot_in_phase(3, |state| state.enabled = false);
    assert_eq!(value_and_reason(&off, "A", &staff_context()), (false, Reason::Disabled));
    let killed = snapshot_in_phase(3, |state| state.killed = true);
    assert_eq!(value_and_reason(&killed, "A", &staff_context()), (false, Reason::Disabled));
}

#[test]
fn a_context_without_a_key_is_admitted_only_to_whole_segments() {
    let anonymous = EvaluationContext::default();
    let two = snapshot_in_phase(2, |_| {});
    assert_eq!(
        value_and_reason(&two, "A", &anonymous),
        (false, Reason::Default),
        "a share needs a bucket"
    );
    let three = snapshot_in_phase(3, |_| {});
    assert_eq!(value_and_reason(&three, "A", &anonymous), (true, Reason::TargetingMatch));
}

#[test]
fn environment_overrides_take_precedence_over_the_rollout_state() {
    let draft = snapshot_in_phase(0, |_| {});
    let everyone = |snapshot: &Snapshot| {
        let users = (0..1_000).map(|n| EvaluationContext::of_user(format!("u{n}")));
        users.filter(|user| value_and_reason(snapshot, "B", user).0).count()
    };
    assert_eq!(everyone(&draft), 0);
    let phase = Some(("VITE_EXERCISE_LIBRARY_PHASE".to_owned(), PhaseNumber(2)));
    let pinned = RolloutVariables { phase, percentage: None };
    let second = draft.clone().with_variables(pinned.clone());
    assert_eq!(second.serving_phase(), Some(PhaseNumber(2)));
    assert!((150..=250).contains(&everyone(&second)));
    let percentage = Some(("VITE_X".to_owned(), Share::from_percent(50.0).unwrap()));
    let half = draft.with_variables(RolloutVariables { percentage, ..pinned });
    assert!((430..=570).contains(&everyone(&half)));
    assert_eq!(
        value_and_reason(&half, "C", &staff_context()),
        (false, Reason::Default),
        "phase 3 adds it"
    );
}

proptest! {
    #[test]
    fn an_explanation_ends_with_the_answer(phase in 0_u16..=3, user in "[a-z]{0,4}", staff: bool) {
        let snapshot = snapshot_in_phase(phase, |_| {});
        let mut context = EvaluationContext::of_user(user);
        if staff {
            context = context.with_attribute("groups", vec!["staff"]);
        }
        for entry in snapshot.flags() {
            let answer = evaluate_flag(&snapshot, entry, &context, now()).unwrap();
            let (explained, steps) = explain_flag(&snapshot, entry, &context, now());
            prop_assert_eq!(&answer, &explained.unwrap());
            let last = TraceStep::Answer { variant: answer.variant.name.clone(), reason: answer.reason };
            prop_assert_eq!(steps.last(), Some(&last));
            let decided = |step: &TraceStep| matches!(step, TraceStep::Audience(_) | TraceStep::NoTargetingKey);
            let by_rollout = matches!(answer.cause, Cause::Rollout(_));
            prop_assert!(!by_rollout || steps.iter().any(decided), "{steps:?}");
        }
    }

    #[test]
    fn advancing_keeps_the_flags_of_a_user(user in "[a-z0-9]{1,8}", phase in 1_u16..3) {
        let (before, after) = (snapshot_in_phase(phase, |_| {}), snapshot_in_phase(phase + 1, |_| {}));
        let context = EvaluationContext::of_user(user);
        for flag in ["A", "B", "C"] {
            if value_and_reason(&before, flag, &context).0 {
                prop_assert!(value_and_reason(&after, flag, &context).0);
            }
        }
    }
}
