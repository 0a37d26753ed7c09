//! Tests of commands in every status and for every role.

use chrono::{DateTime, TimeDelta};

use super::*;
use crate::{
    Timestamp,
    accounts::Role,
    ids::{ActorName, PhaseNumber},
    incidents::*,
    plan::{ChecklistGroup, ChecklistItem, plan_file},
    targeting::Throttle,
};

pub(crate) fn at_day(day: i64) -> Timestamp {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::days(day)
}

pub(crate) fn actor_ada() -> ActorName {
    ActorName("ada".into())
}

pub(crate) fn progress_in_phase(phase: u16) -> Progress {
    Progress { phase: PhaseNumber(phase), phase_since: at_day(0), throttle: Throttle::NONE }
}

pub(crate) fn state_in_status(status: RolloutStatus) -> RolloutState {
    RolloutState { status, ..RolloutState::default() }
}

fn closed_gate() -> GateResult {
    GateResult { passes: false, obstacles: vec!["2 go votes: 0 of 2".into()] }
}

/// Abbreviates the outcome of a command: the next state, or the error.
fn describe_outcome(
    state: &RolloutState,
    command: &RolloutCommand,
    gate: &GateResult,
    role: Role,
) -> String {
    match apply_command(&plan_file().plan, state, command, gate, role, at_day(9)) {
        Ok(event) => {
            let next = state.apply_event(&event, &actor_ada(), at_day(9));
            match next.status {
                RolloutStatus::Draft => "draft".into(),
                RolloutStatus::Running(p) => {
                    format!("run{}{}", p.phase, throttle_suffix(p.throttle))
                }
                RolloutStatus::Paused(p) => {
                    format!("hold{}{}", p.phase, throttle_suffix(p.throttle))
                }
                RolloutStatus::Completed(p) => format!("done{}", p.phase),
                RolloutStatus::Aborted => "gone".into(),
            }
        }
        Err(refusal) => {
            let json = serde_json::to_value(&refusal).unwrap();
            format!("!{}", json["error"].as_str().unwrap())
        }
    }
}

fn throttle_suffix(throttle: Throttle) -> &'static str {
    if throttle == Throttle::NONE { "" } else { "half" }
}

/// The outcomes of all commands, by an admin with a reason through an open gate, in the order of
/// [`CommandKind::ALL`]: start, advance, pause, resume, roll back, halve, restore, roll back fully,
/// kill, complete, abort.
#[rustfmt::skip]
fn expected_outcomes() -> Vec<(RolloutStatus, [&'static str; 11])> {
    let half = Progress { throttle: Throttle::NONE.halved(), ..progress_in_phase(2) };
    vec![
        (RolloutStatus::Draft,
         ["run1", "!not_started", "!not_started", "!not_started", "!not_started", "!not_started",
          "!not_started", "!not_started", "!not_started", "!not_started", "gone"]),
        (RolloutStatus::Running(progress_in_phase(1)),
         ["!already_running", "run2", "hold1", "!not_paused", "!first_phase", "!nothing_to_halve",
          "!not_halved", "!first_phase", "run1", "!not_last_phase", "gone"]),
        (RolloutStatus::Running(progress_in_phase(2)),
         ["!already_running", "run3", "hold2", "!not_paused", "run1", "run2half",
          "!not_halved", "run1", "run2", "!not_last_phase", "gone"]),
        (RolloutStatus::Running(half),
         ["!already_running", "run3half", "hold2half", "!not_paused", "run1half", "run2half",
          "run2", "run1", "run2half", "!not_last_phase", "gone"]),
        (RolloutStatus::Running(progress_in_phase(3)),
         ["!already_running", "!last_phase", "hold3", "!not_paused", "run2", "run3half",
          "!not_halved", "run1", "run3", "done3", "gone"]),
        (RolloutStatus::Paused(progress_in_phase(2)),
         ["!already_running", "!paused", "!paused", "run2", "hold1", "hold2half",
          "!paused", "hold1", "hold2", "!paused", "gone"]),
        (RolloutStatus::Completed(progress_in_phase(3)),
         ["!completed", "!completed", "!completed", "!completed", "run2", "run3half",
          "!completed", "run1", "done3", "!completed", "gone"]),
        (RolloutStatus::Aborted, ["!ended"; 11]),
    ]
}

#[test]
fn every_command_has_a_defined_outcome_by_status_and_role() {
    for (state, expected) in expected_outcomes() {
        let state = state_in_status(state);
        for (kind, expected) in CommandKind::ALL.into_iter().zip(expected) {
            let command = RolloutCommand::new(kind, "a reason");
            let found =
                |role| describe_outcome(&state, &command, &GateResult::always_passing(), role);
            assert_eq!(found(Role::Admin), expected, "{state:?} {kind:?}");
            assert_eq!(found(Role::Viewer), "!not_allowed", "{state:?} {kind:?}");
            let operators = if kind == CommandKind::Abort { "!not_allowed" } else { expected };
            assert_eq!(found(Role::Operator), operators, "{state:?} {kind:?}");
        }
    }
}

#[test]
fn command_names_in_json_and_text_agree() {
    for kind in CommandKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        assert_eq!(CommandKind::parse(kind.as_str()), Some(kind));
    }
}

#[test]
fn commands_that_take_features_away_need_a_reason() {
    for (state, expected) in expected_outcomes() {
        for (kind, expected) in CommandKind::ALL.into_iter().zip(expected) {
            let silent = RolloutCommand::new(kind, " ");
            let found = describe_outcome(
                &state_in_status(state),
                &silent,
                &GateResult::always_passing(),
                Role::Admin,
            );
            let is_refused = expected.starts_with('!');
            let expected =
                if kind.needs_reason() && !is_refused { "!reason_missing" } else { expected };
            assert_eq!(found, expected, "{state:?} {kind:?}");
        }
    }
}

#[test]
fn only_an_admin_with_a_reason_forces_a_gate() {
    for (phase, kind, forced) in
        [(1, CommandKind::Advance, "run2"), (3, CommandKind::Complete, "done3")]
    {
        let state = state_in_status(RolloutStatus::Running(progress_in_phase(phase)));
        for (role, reason, expected) in [
            (Role::Operator, "", "!gate_closed"),
            (Role::Operator, "in a hurry", "!gate_closed"),
            (Role::Admin, " ", "!gate_closed"),
            (Role::Admin, " in a hurry ", forced),
        ] {
            let command = RolloutCommand::new(kind, reason);
            assert_eq!(
                describe_outcome(&state, &command, &closed_gate(), role),
                expected,
                "{role:?} {reason}"
            );
        }
        let plan = plan_file().plan;
        let refusal = apply_command(
            &plan,
            &state,
            &RolloutCommand::new(kind, ""),
            &closed_gate(),
            Role::Admin,
            at_day(9),
        );
        let text = refusal.unwrap_err().to_string();
        assert!(text.contains("2 go votes: 0 of 2"), "{text}");
    }
    // Commands that skip the gate succeed while it is closed.
    for (state, expected) in expected_outcomes() {
        for (kind, expected) in CommandKind::ALL.into_iter().zip(expected) {
            let command = RolloutCommand::new(kind, "a reason");
            let found =
                describe_outcome(&state_in_status(state), &command, &closed_gate(), Role::Operator);
            if !kind.needs_gate() && kind != CommandKind::Abort {
                assert_eq!(found, expected, "{state:?} {kind:?}");
            }
        }
    }
    let forced = RolloutCommand::new(CommandKind::Advance, " in a hurry ");
    let running = state_in_status(RolloutStatus::Running(progress_in_phase(1)));
    let event =
        apply_command(&plan_file().plan, &running, &forced, &closed_gate(), Role::Admin, at_day(9))
            .unwrap();
    let RolloutEvent::Advanced(moved) = event else { panic!("{event:?}") };
    assert_eq!((moved.forced, moved.reason.as_str()), (true, "in a hurry"));
}

#[test]
fn the_start_waits_for_its_checklist() {
    let mut plan = plan_file().plan;
    let items = ["reviewed", "tested"].map(str::to_owned).to_vec();
    plan.checklist = vec![ChecklistGroup { name: "Before".into(), items }];
    let start = |state: &RolloutState, reason: &str, role| {
        let start = RolloutCommand::new(CommandKind::Start, reason);
        apply_command(&plan, state, &start, &GateResult::always_passing(), role, at_day(0))
    };
    let mut state = state_in_status(RolloutStatus::Draft);
    let open = |open| Err(CommandError::ChecklistOpen { open, of: 2 });
    assert_eq!(start(&state, "no", Role::Operator), open(2));
    assert_eq!(start(&state, "", Role::Admin), open(2));
    let waived = ReasonedCommand { forced: true, reason: "a trial".into() };
    assert_eq!(start(&state, "a trial", Role::Admin), Ok(RolloutEvent::Started(waived)));
    for item in plan.start_items() {
        let tick = RecordEntry::Tick { item, link: String::new() };
        let event = add_record_entry(&plan, &state, &tick, Role::Operator).unwrap();
        state = state.apply_event(&event, &actor_ada(), at_day(0));
    }
    assert_eq!(
        start(&state, "", Role::Operator),
        Ok(RolloutEvent::Started(ReasonedCommand::default()))
    );
    let untick = RecordEntry::Untick { item: plan.start_items().remove(0) };
    let event = add_record_entry(&plan, &state, &untick, Role::Operator).unwrap();
    state = state.apply_event(&event, &actor_ada(), at_day(0));
    assert_eq!(start(&state, "", Role::Operator), open(1));
    let unknown = ChecklistItem { phase: None, item: "moon".into() };
    let tick = RecordEntry::Tick { item: unknown, link: String::new() };
    let refusal = add_record_entry(&plan, &state, &tick, Role::Operator).unwrap_err();
    assert_eq!(refusal, CommandError::UnknownItem { item: "moon".into() });
    let tick = RecordEntry::Tick { item: plan.start_items().remove(0), link: String::new() };
    let refusal = add_record_entry(&plan, &state, &tick, Role::Viewer).unwrap_err();
    assert_eq!(refusal, CommandError::NotAllowed { needs: Role::Operator });
}

pub(crate) fn carry_out_command(state: &RolloutState, kind: CommandKind, day: i64) -> RolloutState {
    let plan = plan_file().plan;
    let command = RolloutCommand {
        detected_at: Some(at_day(day - 1)),
        ..RolloutCommand::new(kind, "broken")
    };
    let event = apply_command(
        &plan,
        state,
        &command,
        &GateResult::always_passing(),
        Role::Admin,
        at_day(day),
    )
    .unwrap();
    state.apply_event(&event, &actor_ada(), at_day(day))
}

#[test]
fn each_rollback_opens_an_incident_with_its_deadline() {
    let running = state_in_status(RolloutStatus::Running(progress_in_phase(3)));
    for (kind, incident, in_time) in [
        (CommandKind::RollBack, IncidentKind::Immediate, false),
        (CommandKind::Halve, IncidentKind::Gradual, false),
        (CommandKind::RollBackFully, IncidentKind::Full, true),
        (CommandKind::Kill, IncidentKind::Kill, false),
    ] {
        let after = carry_out_command(&running, kind, 5);
        let [opened] = after.record.incidents.as_slice() else { panic!("{after:?}") };
        assert_eq!((opened.id, opened.kind, opened.is_in_time()), (1, incident, in_time));
        assert_eq!(
            (opened.response_time(), opened.reason.as_str()),
            (TimeDelta::days(1), "broken")
        );
        assert_eq!(opened.deadline(), at_day(4) + incident.act_within());
    }
    let tomorrow = RolloutCommand {
        detected_at: Some(at_day(2)),
        ..RolloutCommand::new(CommandKind::Halve, "x")
    };
    let refusal = apply_command(
        &plan_file().plan,
        &running,
        &tomorrow,
        &GateResult::always_passing(),
        Role::Admin,
        at_day(1),
    );
    assert_eq!(refusal, Err(CommandError::NoticedLater));
}

#[test]
fn a_full_rollback_blocks_advancing_until_its_post_mortem_is_written() {
    let plan = plan_file().plan;
    let mut state = carry_out_command(
        &state_in_status(RolloutStatus::Running(progress_in_phase(3))),
        CommandKind::RollBackFully,
        1,
    );
    let advance = RolloutCommand::new(CommandKind::Advance, "by force");
    let due = Err(CommandError::PostMortemDue { incident: 1 });
    let attempt = |state: &RolloutState| {
        apply_command(&plan, state, &advance, &GateResult::always_passing(), Role::Admin, at_day(9))
    };
    assert_eq!(attempt(&state), due);
    let add = |state: &RolloutState, record_entry: RecordEntry| {
        add_record_entry(&plan, state, &record_entry, Role::Operator)
            .map(|event| state.apply_event(&event, &actor_ada(), at_day(2)))
    };
    let close = RecordEntry::CloseIncident { incident: 1 };
    assert_eq!(add(&state, close.clone()), Err(CommandError::PostMortemDue { incident: 1 }));
    let mut post_mortem = PostMortem {
        impact: "a".into(),
        timeline: "b".into(),
        cause: "c".into(),
        went_well: "d".into(),
        actions: Vec::new(),
    };
    let write = |post_mortem: &PostMortem| RecordEntry::WritePostMortem {
        incident: 1,
        post_mortem: post_mortem.clone(),
    };
    assert_eq!(
        add(&state, write(&post_mortem)),
        Err(CommandError::Missing { field: "actions".into() })
    );
    post_mortem.actions = vec![FollowUp { what: "test it".into(), owner: "bob".into() }];
    state = add(&state, write(&post_mortem)).unwrap();
    assert!(attempt(&state).is_ok());
    state = add(&state, close.clone()).unwrap();
    assert_eq!(add(&state, close), Err(CommandError::ClosedAlready { incident: 1 }));
    let note = RecordEntry::Note { incident: 7, text: "?".into() };
    assert_eq!(add(&state, note), Err(CommandError::UnknownIncident { incident: 7 }));
}

#[test]
fn an_incident_with_a_due_post_mortem_is_never_dropped() {
    let mut state = carry_out_command(
        &state_in_status(RolloutStatus::Running(progress_in_phase(3))),
        CommandKind::RollBackFully,
        1,
    );
    for day in 2..120 {
        state = carry_out_command(&state, CommandKind::Kill, day);
    }
    assert_eq!(state.record.incidents.len(), 50);
    assert_eq!(state.record.find_due_post_mortem().map(|incident| incident.id), Some(1));
    assert_eq!(state.record.incidents.last().map(|incident| incident.id), Some(119));
    let anew = PlanRevision {
        from: None,
        to: "v1.1".into(),
        note: String::new(),
        begins_anew: true,
        is_wording: false,
    };
    let anew = state.apply_event(&RolloutEvent::Planned(anew), &actor_ada(), at_day(200));
    assert_eq!(
        (anew.status, anew.record.find_due_post_mortem().is_some()),
        (RolloutStatus::Draft, true)
    );
}

#[test]
fn a_post_mortem_is_written_once() {
    let plan = plan_file().plan;
    let back = RolloutCommand::new(CommandKind::RollBackFully, "it burns");
    let begun = state_in_status(RolloutStatus::Running(progress_in_phase(2)));
    let event = apply_command(
        &plan,
        &begun,
        &back,
        &GateResult::always_passing(),
        Role::Operator,
        at_day(9),
    )
    .unwrap();
    let burnt = begun.apply_event(&event, &actor_ada(), at_day(9));
    let write = |state: &RolloutState| {
        add_record_entry(&plan, state, &sample_record_entry(4), Role::Operator)
    };
    let written = burnt.apply_event(&write(&burnt).unwrap(), &actor_ada(), at_day(9));
    assert_eq!(write(&written), Err(CommandError::PostMortemThere { incident: 1 }));
}

#[test]
fn states_and_events_of_older_versions_are_read() {
    let state: RolloutState = serde_json::from_str(
        r#"{"status":"running","phase":2,"phase_since":"2023-11-14T22:13:20Z","throttle":1000000}"#,
    )
    .unwrap();
    assert_eq!(state.status, RolloutStatus::Running(progress_in_phase(2)));
    let started: RolloutEvent = serde_json::from_str(r#"{"event":"started"}"#).unwrap();
    assert_eq!(started, RolloutEvent::Started(ReasonedCommand::default()));
}

pub(crate) fn sample_record_entry(which: u8) -> RecordEntry {
    let post_mortem = PostMortem {
        impact: "a".into(),
        timeline: "b".into(),
        cause: "c".into(),
        went_well: "d".into(),
        actions: vec![FollowUp { what: "e".into(), owner: "f".into() }],
    };
    match which {
        0 => RecordEntry::Vote { go: true, comment: String::new() },
        1 => RecordEntry::Vote { go: false, comment: "no".into() },
        2 => RecordEntry::Note { incident: 1, text: "hm".into() },
        3 => RecordEntry::Notify { incident: 1, contact: "all".into() },
        4 => RecordEntry::WritePostMortem { incident: 1, post_mortem },
        _ => RecordEntry::CloseIncident { incident: 1 },
    }
}
