//! Tests of gates, and properties of random sequences of commands.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::{
    accounts::Role,
    ids::{ActorName, PhaseNumber},
    measurement::CriterionResult,
    plan::{ChecklistItem, plan_file},
    rollout::{
        tests::{actor_ada, at_day, progress_in_phase, sample_record_entry, state_in_status},
        *,
    },
};

fn sample_measurements(criteria_results: &[CriterionResult]) -> Measurements {
    let alerts = Some(Vec::new());
    Measurements { criteria_results: criteria_results.to_vec(), alerts, ..Measurements::default() }
}

#[test]
fn a_gate_lists_the_conditions_that_do_not_pass() {
    let mut plan = plan_file().plan;
    plan.quorum = 1;
    plan.phases[0].checklist = vec!["cache cleared".into()];
    plan.phases[0].criteria = vec![
        Criterion::SignedOff { statement: "it works".into() },
        serde_json::from_str(r#"{"metric":"error_rate","comparator":"<","threshold":3}"#).unwrap(),
    ];
    let mut state = state_in_status(RolloutStatus::Running(progress_in_phase(1)));
    let unknown = CriterionResult { verdict: Verdict::Pass, ..CriterionResult::unknown("") };
    let result =
        |verdict, detail: &str| CriterionResult { verdict, ..CriterionResult::unknown(detail) };
    let found = [unknown, result(Verdict::Inconclusive, "120 more sessions")];
    assert_eq!(
        evaluate_gate(&plan, &state, &sample_measurements(&found), at_day(1)).obstacles(),
        [
            "At least 3 days: 2 days to go",
            "it works: needs sign-off",
            "Error rate < 3 %: 120 more sessions",
            "Checklist of the phase: 0 of 1 done",
            "A go vote: 0 of 1 say go",
        ]
    );
    let mut add = |record_entry: RecordEntry, by: &str| {
        let event = add_record_entry(&plan, &state, &record_entry, Role::Operator)?;
        state = state.apply_event(&event, &ActorName(by.into()), at_day(1));
        Ok::<_, CommandError>(())
    };
    let item = ChecklistItem { phase: Some(PhaseNumber(1)), item: "cache cleared".into() };
    add(RecordEntry::Tick { item, link: "https://ci.example/1".into() }, "ada").unwrap();
    let judge = |holds| RecordEntry::SignOff {
        statement: "it works".into(),
        holds,
        comment: "seen".into(),
    };
    add(judge(true), "ada").unwrap();
    let vote = |go, comment: &str| RecordEntry::Vote { go, comment: comment.into() };
    assert_eq!(add(vote(false, ""), "bob"), Err(CommandError::Missing { field: "comment".into() }));
    add(vote(false, "too slow"), "bob").unwrap();
    add(vote(true, ""), "ada").unwrap();
    let found = [result(Verdict::Fail, "ignored"), result(Verdict::Pass, "0 of 400")];
    let open = evaluate_gate(&plan, &state, &sample_measurements(&found), at_day(4)).obstacles();
    assert_eq!(open, ["A go vote: bob says no-go: too slow"]);
    let event = add_record_entry(&plan, &state, &vote(true, "better"), Role::Operator).unwrap();
    let passed = state.apply_event(&event, &ActorName("bob".into()), at_day(4));
    assert!(evaluate_gate(&plan, &passed, &sample_measurements(&found), at_day(4)).passes());
    // Sign-offs and votes from before a change to the served flags no longer count.
    let since = EvidenceSince { at: at_day(5), changed: Some("rules of A".into()) };
    let changed = Measurements { since: Some(since), ..sample_measurements(&found) };
    let open = evaluate_gate(&plan, &passed, &changed, at_day(9)).obstacles();
    assert_eq!(
        open,
        [
            "it works: ada judged it before rules of A changed; look again",
            "A go vote: 0 of 1 say go; 2 more did before rules of A changed",
        ]
    );
    let again = [(judge(true), "ada"), (vote(true, "still"), "bob")];
    let again = again.into_iter().fold(passed.clone(), |state, (record_entry, by)| {
        let event = add_record_entry(&plan, &state, &record_entry, Role::Operator).unwrap();
        state.apply_event(&event, &ActorName(by.into()), at_day(6))
    });
    assert!(evaluate_gate(&plan, &again, &changed, at_day(9)).passes());
    // Votes and sign-offs of phase 1 do not count in phase 2.
    let advance = RolloutCommand::new(CommandKind::Advance, "");
    let event = apply_command(
        &plan,
        &passed,
        &advance,
        &GateResult::always_passing(),
        Role::Operator,
        at_day(4),
    )
    .unwrap();
    let next = passed.apply_event(&event, &actor_ada(), at_day(4));
    assert!(next.record.votes.is_empty() && next.record.sign_offs.is_empty());
    assert_eq!(next.record.ticks.len(), 1);
}

#[derive(Debug, Clone)]
enum Act {
    RolloutCommand(CommandKind, bool),
    Add(u8),
    Wait(i64),
}

fn arbitrary_acts() -> impl Strategy<Value = Vec<Act>> {
    let kinds = prop::sample::select(CommandKind::ALL.to_vec());
    // An abort ends the rollout for good, but is only one command of eleven.
    let act = prop_oneof![
        8 => (kinds, any::<bool>())
            .prop_map(|(kind, with_reason)| Act::RolloutCommand(kind, with_reason)),
        3 => (0..6_u8).prop_map(Act::Add),
        2 => (0..5_i64).prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 0..60)
}

#[test]
fn halving_and_killing_clear_votes_and_close_the_gate() {
    let mut plan = plan_file().plan;
    plan.quorum = 1;
    let go = RecordEntry::Vote { go: true, comment: String::new() };
    let step = |state: &RolloutState, event: RolloutEvent| {
        state.apply_event(&event, &actor_ada(), at_day(9))
    };
    let begun = state_in_status(RolloutStatus::Running(progress_in_phase(2)));
    let voted = step(&begun, add_record_entry(&plan, &begun, &go, Role::Operator).unwrap());
    assert!(evaluate_gate(&plan, &voted, &sample_measurements(&[]), at_day(9)).passes());
    for kind in [CommandKind::Halve, CommandKind::Kill] {
        let command = RolloutCommand::new(kind, "it burns");
        let event = apply_command(
            &plan,
            &voted,
            &command,
            &GateResult::always_passing(),
            Role::Operator,
            at_day(9),
        );
        let after = step(&voted, event.unwrap());
        assert!(after.record.votes.is_empty(), "{kind:?}");
        let voted = step(&after, add_record_entry(&plan, &after, &go, Role::Operator).unwrap());
        let gate = evaluate_gate(&plan, &voted, &sample_measurements(&[]), at_day(9));
        let open =
            if kind == CommandKind::Kill { "No kill switch: " } else { "Shares as planned: " };
        assert!(gate.obstacles()[0].starts_with(open), "{:?}", gate.obstacles());
    }
}

proptest! {
    #[test]
    fn no_phase_is_skipped_and_replayed_events_give_the_same_state(acts in arbitrary_acts()) {
        let mut plan = plan_file().plan;
        plan.quorum = 1;
        let (mut now, mut state, mut history) = (at_day(0), RolloutState::default(), Vec::new());
        for act in acts {
            let gate = evaluate_gate(&plan, &state, &sample_measurements(&[]), now).to_gate_result();
            let event = match act {
                Act::Wait(days) => {
                    now += TimeDelta::days(days);
                    continue;
                }
                Act::RolloutCommand(kind, with_reason) => {
                    let reason = if with_reason { "because" } else { "" };
                    apply_command(&plan, &state, &RolloutCommand::new(kind, reason), &gate, Role::Admin, now)
                }
                Act::Add(which) => add_record_entry(&plan, &state, &sample_record_entry(which), Role::Operator),
            };
            let Ok(event) = event else { continue };
            let before = state.clone();
            state = before.apply_event(&event, &actor_ada(), now);
            history.push((now, event.clone()));
            let phase = |state: &RolloutState| state.status.serving_phase().map_or(0, |p| p.0);
            let (was, is) = (phase(&before), phase(&state));
            prop_assert!(is <= was + 1);
            if is > was {
                match &event {
                    RolloutEvent::Started(_) => prop_assert_eq!(is, 1),
                    RolloutEvent::Advanced(moved) => {
                        prop_assert!(gate.passes || (moved.forced && !moved.reason.is_empty()));
                        prop_assert!(before.record.find_due_post_mortem().is_none());
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            // Only rollbacks, halving and an abort take features away.
            let takes_away = matches!(
                event,
                RolloutEvent::RolledBack(_) | RolloutEvent::RolledBackFully(_)
                    | RolloutEvent::Halved(_) | RolloutEvent::Aborted(_)
            );
            let lower = is < was || state.status.throttle() < before.status.throttle();
            prop_assert_eq!(lower, takes_away && lower);
        }
        // Replays the events through their stored form.
        let mut replayed = RolloutState::default();
        for (at, event) in &history {
            let stored = serde_json::to_string(event).unwrap();
            let read: RolloutEvent = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(&read, event);
            replayed = replayed.apply_event(&read, &actor_ada(), *at);
        }
        let stored = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(serde_json::from_str::<RolloutState>(&stored).unwrap(), replayed);
    }
}
