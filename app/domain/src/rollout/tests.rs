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

pub(crate) fn at(day: i64) -> Timestamp {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap() + TimeDelta::days(day)
}

pub(crate) fn ada() -> ActorName {
    ActorName("ada".into())
}

pub(crate) fn progress(phase: u16) -> Progress {
    Progress { phase: PhaseNumber(phase), phase_since: at(0), throttle: Throttle::NONE }
}

pub(crate) fn in_status(status: RolloutStatus) -> RolloutState {
    RolloutState { status, ..RolloutState::default() }
}

fn closed() -> GateResult {
    GateResult { passes: false, obstacles: vec!["2 go votes: 0 of 2".into()] }
}

/// Abbreviates the outcome of a command: the next state, or the error.
fn outcome(
    state: &RolloutState,
    command: &RolloutCommand,
    gate: &GateResult,
    role: Role,
) -> String {
    match apply(&plan_file().plan, state, command, gate, role, at(9)) {
        Ok(event) => {
            let next = state.after(&event, &ada(), at(9));
            match next.status {
                RolloutStatus::Draft => "draft".into(),
                RolloutStatus::Running(p) => format!("run{}{}", p.phase, throttled(p.throttle)),
                RolloutStatus::Paused(p) => format!("hold{}{}", p.phase, throttled(p.throttle)),
                RolloutStatus::Completed(p) => format!("done{}", p.phase),
                RolloutStatus::Aborted => "gone".into(),
            }
        }
        Err(refusal) => {
            let json = serde_json::to_value(&refusal).unwrap();
            format!("!{}", json["refusal"].as_str().unwrap())
        }
    }
}

fn throttled(throttle: Throttle) -> &'static str {
    if throttle == Throttle::NONE { "" } else { "half" }
}

/// The outcomes of all commands, by an admin with a reason through an open gate, in the order of
/// [`CommandKind::ALL`]: start, advance, pause, resume, roll back, halve, restore, roll back fully,
/// kill, complete, abort.
#[rustfmt::skip]
fn table() -> Vec<(RolloutStatus, [&'static str; 11])> {
    let half = Progress { throttle: Throttle::NONE.halved(), ..progress(2) };
    vec![
        (RolloutStatus::Draft,
         ["run1", "!not_started", "!not_started", "!not_started", "!not_started", "!not_started",
          "!not_started", "!not_started", "!not_started", "!not_started", "gone"]),
        (RolloutStatus::Running(progress(1)),
         ["!already_running", "run2", "hold1", "!not_paused", "!first_phase", "!nothing_to_halve",
          "!not_halved", "!first_phase", "run1", "!not_last_phase", "gone"]),
        (RolloutStatus::Running(progress(2)),
         ["!already_running", "run3", "hold2", "!not_paused", "run1", "run2half",
          "!not_halved", "run1", "run2", "!not_last_phase", "gone"]),
        (RolloutStatus::Running(half),
         ["!already_running", "run3half", "hold2half", "!not_paused", "run1half", "run2half",
          "run2", "run1", "run2half", "!not_last_phase", "gone"]),
        (RolloutStatus::Running(progress(3)),
         ["!already_running", "!last_phase", "hold3", "!not_paused", "run2", "run3half",
          "!not_halved", "run1", "run3", "done3", "gone"]),
        (RolloutStatus::Paused(progress(2)),
         ["!already_running", "!paused", "!paused", "run2", "hold1", "hold2half",
          "!paused", "hold1", "hold2", "!paused", "gone"]),
        (RolloutStatus::Completed(progress(3)),
         ["!completed", "!completed", "!completed", "!completed", "run2", "run3half",
          "!completed", "run1", "done3", "!completed", "gone"]),
        (RolloutStatus::Aborted, ["!ended"; 11]),
    ]
}

#[test]
fn every_command_has_a_defined_outcome_by_status_and_role() {
    for (state, expected) in table() {
        let state = in_status(state);
        for (kind, expected) in CommandKind::ALL.into_iter().zip(expected) {
            let command = RolloutCommand::new(kind, "a reason");
            let found = |role| outcome(&state, &command, &GateResult::open(), role);
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
    for (state, expected) in table() {
        for (kind, expected) in CommandKind::ALL.into_iter().zip(expected) {
            let silent = RolloutCommand::new(kind, " ");
            let found = outcome(&in_status(state), &silent, &GateResult::open(), Role::Admin);
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
        let state = in_status(RolloutStatus::Running(progress(phase)));
        for (role, reason, expected) in [
            (Role::Operator, "", "!gate_closed"),
            (Role::Operator, "in a hurry", "!gate_closed"),
            (Role::Admin, " ", "!gate_closed"),
            (Role::Admin, " in a hurry ", forced),
        ] {
            let command = RolloutCommand::new(kind, reason);
            assert_eq!(outcome(&state, &command, &closed(), role), expected, "{role:?} {reason}");
        }
        let plan = plan_file().plan;
        let refusal =
            apply(&plan, &state, &RolloutCommand::new(kind, ""), &closed(), Role::Admin, at(9));
        let text = refusal.unwrap_err().to_string();
        assert!(text.contains("2 go votes: 0 of 2"), "{text}");
    }
    // Commands that skip the gate succeed while it is closed.
    for (state, expected) in table() {
        for (kind, expected) in CommandKind::ALL.into_iter().zip(expected) {
            let command = RolloutCommand::new(kind, "a reason");
            let found = outcome(&in_status(state), &command, &closed(), Role::Operator);
            if !kind.asks_gate() && kind != CommandKind::Abort {
                assert_eq!(found, expected, "{state:?} {kind:?}");
            }
        }
    }
    let forced = RolloutCommand::new(CommandKind::Advance, " in a hurry ");
    let running = in_status(RolloutStatus::Running(progress(1)));
    let event = apply(&plan_file().plan, &running, &forced, &closed(), Role::Admin, at(9)).unwrap();
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
        apply(&plan, state, &start, &GateResult::open(), role, at(0))
    };
    let mut state = in_status(RolloutStatus::Draft);
    let open = |open| Err(CommandError::ChecklistOpen { open, of: 2 });
    assert_eq!(start(&state, "no", Role::Operator), open(2));
    assert_eq!(start(&state, "", Role::Admin), open(2));
    let waived = Said { forced: true, reason: "a trial".into() };
    assert_eq!(start(&state, "a trial", Role::Admin), Ok(RolloutEvent::Started(waived)));
    for item in plan.start_items() {
        let tick = RecordEntry::Tick { item, link: String::new() };
        let event = add_record_entry(&plan, &state, &tick, Role::Operator).unwrap();
        state = state.after(&event, &ada(), at(0));
    }
    assert_eq!(start(&state, "", Role::Operator), Ok(RolloutEvent::Started(Said::default())));
    let untick = RecordEntry::Untick { item: plan.start_items().remove(0) };
    let event = add_record_entry(&plan, &state, &untick, Role::Operator).unwrap();
    state = state.after(&event, &ada(), at(0));
    assert_eq!(start(&state, "", Role::Operator), open(1));
    let unknown = ChecklistItem { phase: None, item: "moon".into() };
    let tick = RecordEntry::Tick { item: unknown, link: String::new() };
    let refusal = add_record_entry(&plan, &state, &tick, Role::Operator).unwrap_err();
    assert_eq!(refusal, CommandError::UnknownItem { item: "moon".into() });
    let tick = RecordEntry::Tick { item: plan.start_items().remove(0), link: String::new() };
    let refusal = add_record_entry(&plan, &state, &tick, Role::Viewer).unwrap_err();
    assert_eq!(refusal, CommandError::NotAllowed { needs: Role::Operator });
}

pub(crate) fn did(state: &RolloutState, kind: CommandKind, day: i64) -> RolloutState {
    let plan = plan_file().plan;
    let command =
        RolloutCommand { detected_at: Some(at(day - 1)), ..RolloutCommand::new(kind, "broken") };
    let event = apply(&plan, state, &command, &GateResult::open(), Role::Admin, at(day)).unwrap();
    state.after(&event, &ada(), at(day))
}

#[test]
fn each_rollback_opens_an_incident_with_its_deadline() {
    let running = in_status(RolloutStatus::Running(progress(3)));
    for (kind, incident, in_time) in [
        (CommandKind::RollBack, IncidentKind::Immediate, false),
        (CommandKind::Halve, IncidentKind::Gradual, false),
        (CommandKind::RollBackFully, IncidentKind::Full, true),
        (CommandKind::Kill, IncidentKind::Kill, false),
    ] {
        let after = did(&running, kind, 5);
        let [opened] = after.record.incidents.as_slice() else { panic!("{after:?}") };
        assert_eq!((opened.id, opened.kind, opened.is_in_time()), (1, incident, in_time));
        assert_eq!((opened.taken(), opened.reason.as_str()), (TimeDelta::days(1), "broken"));
        assert_eq!(opened.deadline(), at(4) + incident.act_within());
    }
    let tomorrow =
        RolloutCommand { detected_at: Some(at(2)), ..RolloutCommand::new(CommandKind::Halve, "x") };
    let refusal =
        apply(&plan_file().plan, &running, &tomorrow, &GateResult::open(), Role::Admin, at(1));
    assert_eq!(refusal, Err(CommandError::NoticedLater));
}

#[test]
fn a_full_rollback_blocks_advancing_until_its_post_mortem_is_written() {
    let plan = plan_file().plan;
    let mut state =
        did(&in_status(RolloutStatus::Running(progress(3))), CommandKind::RollBackFully, 1);
    let advance = RolloutCommand::new(CommandKind::Advance, "by force");
    let due = Err(CommandError::PostMortemDue { incident: 1 });
    let attempt = |state: &RolloutState| {
        apply(&plan, state, &advance, &GateResult::open(), Role::Admin, at(9))
    };
    assert_eq!(attempt(&state), due);
    let add = |state: &RolloutState, record_entry: RecordEntry| {
        add_record_entry(&plan, state, &record_entry, Role::Operator)
            .map(|event| state.after(&event, &ada(), at(2)))
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
    let mut state =
        did(&in_status(RolloutStatus::Running(progress(3))), CommandKind::RollBackFully, 1);
    for day in 2..120 {
        state = did(&state, CommandKind::Kill, day);
    }
    assert_eq!(state.record.incidents.len(), 50);
    assert_eq!(state.record.post_mortem_due().map(|incident| incident.id), Some(1));
    assert_eq!(state.record.incidents.last().map(|incident| incident.id), Some(119));
    let anew = PlanRevision {
        from: None,
        to: "v1.1".into(),
        note: String::new(),
        begins_anew: true,
        is_wording: false,
    };
    let anew = state.after(&RolloutEvent::Planned(anew), &ada(), at(200));
    assert_eq!(
        (anew.status, anew.record.post_mortem_due().is_some()),
        (RolloutStatus::Draft, true)
    );
}

#[test]
fn a_post_mortem_is_written_once() {
    let plan = plan_file().plan;
    let back = RolloutCommand::new(CommandKind::RollBackFully, "it burns");
    let begun = in_status(RolloutStatus::Running(progress(2)));
    let event = apply(&plan, &begun, &back, &GateResult::open(), Role::Operator, at(9)).unwrap();
    let burnt = begun.after(&event, &ada(), at(9));
    let write = |state: &RolloutState| add_record_entry(&plan, state, &addition(4), Role::Operator);
    let written = burnt.after(&write(&burnt).unwrap(), &ada(), at(9));
    assert_eq!(write(&written), Err(CommandError::PostMortemThere { incident: 1 }));
}

#[test]
fn states_and_events_of_older_versions_are_read() {
    let state: RolloutState = serde_json::from_str(
        r#"{"status":"running","phase":2,"phase_since":"2023-11-14T22:13:20Z","throttle":1000000}"#,
    )
    .unwrap();
    assert_eq!(state.status, RolloutStatus::Running(progress(2)));
    let started: RolloutEvent = serde_json::from_str(r#"{"event":"started"}"#).unwrap();
    assert_eq!(started, RolloutEvent::Started(Said::default()));
}

pub(crate) fn addition(which: u8) -> RecordEntry {
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
