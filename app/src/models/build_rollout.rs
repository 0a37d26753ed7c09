//! Builds what the rollout page shows.

use phasegate_domain::{
    accounts::Role,
    alerts::AlertKind,
    audit::{AuditEntry, Change},
    gates::{ConditionKind, GateCondition},
    incidents::{Incident, IncidentKind},
    measurement::Verdict,
    plan::{ChecklistItem, Criterion, Phase, Plan},
    reports::{Annotation, AnnotationKind, Counts, FirstMinutes, Reach, RolloutView},
    rollout::{CommandError, CommandKind, Record, RolloutEvent, RolloutStatus},
    targeting::Throttle,
};

use super::{
    ChecklistGroup, ChecklistLine, CommandChoice, FirstMinutesTable, GateLine, GatePart,
    HistoryItem, Limit, ListedIncident, MinutesFlag, OpenIncident, PhaseCard, RolloutHead,
    RolloutPage, Step, TickLine, VoteLine,
    commands::{
        command_label, command_name, describe_consequences, describe_new_users, format_audience,
    },
};
use crate::{format, sentences::describe_change_with_plan};

/// Builds the page from the rollout and its measurements.
pub(crate) fn build_rollout_page(rollout: &RolloutView) -> RolloutPage {
    let (plan, record) = (&rollout.plan, &rollout.state.record);
    let target = |kpi: &phasegate_domain::plan::Kpi| (kpi.name.clone(), kpi.target().to_string());
    let kpi_targets = match rollout.kpis.is_empty() {
        true => plan.kpis.iter().map(target).collect(),
        false => Vec::new(),
    };
    RolloutPage {
        version: rollout.version,
        at: rollout.at,
        can_act: rollout.role >= Role::Operator,
        head: build_head(rollout),
        alert: find_firing(rollout).map(|condition| condition.detail.clone()),
        steps: plan.phases.iter().map(|phase| build_step(phase, rollout.status())).collect(),
        reach: describe_reach(plan, rollout.status(), rollout.reach),
        incidents: record.open_incidents().map(build_incident).collect(),
        all_incidents: record.incidents.iter().rev().map(list_incident).collect(),
        killed: rollout.killed.iter().map(ToString::to_string).collect(),
        commands: list_commands(rollout),
        limit: describe_limit(rollout),
        first_minutes: rollout
            .status()
            .serving_phase()
            .and_then(|phase| Some(format_first_minutes(phase, rollout.first_minutes.as_ref()?))),
        gate: build_gate(rollout),
        kpis: rollout.kpis.clone(),
        kpi_targets,
        checklist: build_checklist(rollout),
        phases: plan.phases.iter().map(|phase| build_phase(phase, rollout.status())).collect(),
        history: build_history(plan, &rollout.history, &rollout.annotations),
    }
}

/// Whether the kill switch has been used, and its flags are not revived yet.
fn is_killed(rollout: &RolloutView) -> bool {
    let mut open = rollout.state.record.open_incidents();
    !rollout.killed.is_empty() && open.any(|incident| incident.kind == IncidentKind::Kill)
}

fn build_head(rollout: &RolloutView) -> RolloutHead {
    let (state, plan) = (*rollout.status(), &rollout.plan);
    let (status, class) = match (state, state.progress()) {
        (_, Some(progress)) if is_killed(rollout) => (
            format!("Killed in phase {} of {}", progress.phase, plan.last_phase()),
            "pill pill-danger",
        ),
        (RolloutStatus::Running(_) | RolloutStatus::Paused(_), Some(progress)) => {
            let length = rollout.at - progress.phase_since;
            let since = match length.num_minutes() {
                0 => "just begun".to_owned(),
                _ => format!("for {}", format::format_duration(length)),
            };
            let shares = match progress.throttle {
                Throttle::NONE => String::new(),
                throttle => format!(" · {throttle} of the shares"),
            };
            let (paused, class) = match state {
                RolloutStatus::Paused(_) => (" · paused", "pill pill-warning"),
                _ => ("", "pill pill-live"),
            };
            let (phase, last) = (progress.phase, plan.last_phase());
            (format!("Phase {phase} of {last} · {since}{shares}{paused}"), class)
        }
        (RolloutStatus::Draft, _) => ("Not started".to_owned(), "pill"),
        (RolloutStatus::Completed(_), _) => ("Completed".to_owned(), "pill pill-live"),
        _ => ("Aborted".to_owned(), "pill"),
    };
    RolloutHead {
        name: plan.name.clone(),
        description: plan.description.clone(),
        revision: plan.revision.clone(),
        status,
        class: class.to_owned(),
    }
}

/// The condition of alerts, if any fires; also after the last phase.
fn find_firing(rollout: &RolloutView) -> Option<&GateCondition> {
    let mut conditions = rollout.gate.conditions.iter();
    conditions.find(|c| c.kind == ConditionKind::Alerts && c.verdict == Verdict::Fail)
}

/// The progress of a phase relative to the one that is served: in words, and as a class.
fn phase_progress(phase: &Phase, status: &RolloutStatus) -> (&'static str, &'static str) {
    match status.serving_phase() {
        Some(current) if phase.number < current => ("Passed", "is-passed"),
        Some(current) if phase.number == current => ("Current", "is-current"),
        _ => ("Upcoming", "is-ahead"),
    }
}

fn build_step(phase: &Phase, status: &RolloutStatus) -> Step {
    let (progress, class) = phase_progress(phase, status);
    Step {
        number: phase.number,
        name: phase.name.clone(),
        percentage: phase.percentage.to_string(),
        progress: progress.to_owned(),
        class: class.to_owned(),
        is_current: class == "is-current",
    }
}

/// Compares the measured share of exposed users with the planned ceiling.
fn describe_reach(plan: &Plan, status: &RolloutStatus, reach: Option<Reach>) -> Option<String> {
    let planned = plan.phase(status.serving_phase()?)?.percentage;
    let Reach { active, exposed, expected, .. } = reach?;
    if active == 0 {
        return Some("No active users in the last 30 days, so the exposed share cannot be compared with the plan yet.".to_owned());
    }
    let share = format!("{:.1} %", exposed as f64 * 100.0 / active as f64);
    let over = if exposed as f64 * 100.0 > planned.percent() * active as f64 {
        " This exceeds the plan."
    } else {
        ""
    };
    Some(format!(
        "Measured: {share} of {} users active in the last 30 days were exposed in this phase (planned: up to {planned}). About {} are eligible by segment.{over}",
        format::format_count(active),
        format::format_count(expected)
    ))
}

/// Describes how long the rollback took, and whether it met the deadline.
pub(crate) fn describe_reaction_time(incident: &Incident) -> String {
    let verdict = if incident.is_in_time() { "in time" } else { "late" };
    format!(
        "carried out {} after detection, {verdict} (limit {})",
        format::format_duration(incident.response_time()),
        format::format_duration(incident.kind.act_within())
    )
}

fn list_incident(incident: &Incident) -> ListedIncident {
    let status = match (incident.closed_at, &incident.post_mortem) {
        (None, _) if incident.is_post_mortem_due() => "open, post-mortem due",
        (None, _) => "open",
        (Some(_), Some(_)) => "closed, with post-mortem",
        (Some(_), None) => "closed",
    };
    ListedIncident {
        id: incident.id,
        title: incident.kind.title().to_owned(),
        reason: incident.reason.clone(),
        acted_at: incident.acted_at,
        status: status.to_owned(),
    }
}

fn build_incident(incident: &Incident) -> OpenIncident {
    let due = if incident.is_post_mortem_due() { " Its post-mortem is due." } else { "" };
    OpenIncident {
        id: incident.id,
        title: incident.kind.title().to_owned(),
        reason: incident.reason.clone(),
        acted_at: incident.acted_at,
        note: format!("{}{due}", describe_reaction_time(incident)),
    }
}

/// The commands on this page with the classes of their buttons; the others are on the rollback page.
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

fn list_commands(rollout: &RolloutView) -> Vec<CommandChoice> {
    // Nothing is served after a kill: first the flags are revived.
    let is_blocked = |kind: CommandKind| kind.gives_features() && is_killed(rollout);
    let is_possible = |kind: CommandKind| {
        !is_blocked(kind) && rollout.find_command_error(kind, "with a reason").is_none()
    };
    let (plan, status) = (&rollout.plan, rollout.status());
    let choice = |(kind, class): (CommandKind, &str)| {
        // A command that overrides the gate does not look like the planned step.
        let is_forced = !kind.needs_reason() && rollout.find_command_error(kind, "").is_some();
        let is_gentle = !matches!(kind, CommandKind::RollBack | CommandKind::Abort);
        CommandChoice {
            kind,
            name: command_name(kind, plan, status, rollout.version),
            label: command_label(kind, plan, status),
            class: if is_forced { "button" } else { class }.to_owned(),
            confirm_class: if is_gentle { "button button-primary" } else { "button button-danger" }
                .to_owned(),
            consequences: describe_consequences(kind, plan, status),
            reach: describe_new_users(kind, rollout),
            overrides: if is_forced { list_overridden(kind, rollout) } else { Vec::new() },
            needs_reason: is_forced || kind.needs_reason(),
        }
    };
    BUTTONS.into_iter().filter(|(kind, _)| is_possible(*kind)).map(choice).collect()
}

fn list_overridden(kind: CommandKind, rollout: &RolloutView) -> Vec<String> {
    if kind == CommandKind::Start {
        return vec!["The checklist has open items.".to_owned()];
    }
    let open = rollout.gate.conditions.iter().filter(|c| c.verdict != Verdict::Pass);
    open.map(|c| format!("{}: {}", c.title, c.detail)).collect()
}

/// Says which role the commands need, or why the next step is not possible.
fn describe_limit(rollout: &RolloutView) -> Option<Limit> {
    if rollout.role < Role::Operator {
        let reason = "Commands need the role operator.".to_owned();
        return Some(Limit { label: String::new(), reason });
    }
    if is_killed(rollout) {
        let label = command_label(CommandKind::Advance, &rollout.plan, rollout.status());
        let reason = "Not possible now: the flags of the rollout are killed.".to_owned();
        return Some(Limit { label, reason });
    }
    let error = rollout.find_command_error(CommandKind::Advance, "with a reason")?;
    let is_about_now = matches!(
        error,
        CommandError::GateClosed { .. } | CommandError::PostMortemDue { .. } | CommandError::Paused
    );
    let label = command_label(CommandKind::Advance, &rollout.plan, rollout.status());
    is_about_now.then(|| Limit { label, reason: format!("Not possible now: {error}.") })
}

/// Formats the first minutes of a phase: whether its flags are served, and whether errors increase.
fn format_first_minutes(
    phase: phasegate_domain::ids::PhaseNumber,
    minutes: &FirstMinutes,
) -> FirstMinutesTable {
    let FirstMinutes { since, flags, now, before, errors } = minutes;
    let flag = |(key, given, refused): &(phasegate_domain::ids::FlagKey, u64, u64)| {
        let (verdict, text) = match (given, refused) {
            (0, 0) => (Verdict::AwaitingSignOff, "no evaluation yet".to_owned()),
            (0, refused) => {
                let text = format!("served: 0, not served: {refused}; no user gets the feature");
                (Verdict::Fail, text)
            }
            (given, refused) => (Verdict::Pass, format!("served: {given}, not served: {refused}")),
        };
        MinutesFlag { key: key.to_string(), verdict, text }
    };
    let row =
        |title: &str, value: fn(&Counts) -> String| (title.to_owned(), value(now), value(before));
    FirstMinutesTable {
        phase,
        since: *since,
        flags: flags.iter().map(flag).collect(),
        rows: vec![
            row("Page views", |c| format::format_count(c.views)),
            row("Sessions", |c| format::format_count(c.sessions)),
            row("Sessions with an error", |c| format_part(c.error_sessions, c.sessions)),
            row("Errors", |c| format::format_count(c.errors)),
            row("LCP (p75)", |c| c.lcp.map_or("–".to_owned(), |lcp| format!("{lcp:.2} s"))),
        ],
        errors: errors.clone(),
    }
}

fn format_part(some: u64, all: u64) -> String {
    match all {
        0 => "–".to_owned(),
        all => {
            format!("{} ({:.1} %)", format::format_count(some), some as f64 * 100.0 / all as f64)
        }
    }
}

/// The gate of the phase; `None` while there is none.
fn build_gate(rollout: &RolloutView) -> Option<GatePart> {
    let number = rollout.status().serving_phase()?;
    if matches!(rollout.status(), RolloutStatus::Completed(_)) {
        return None;
    }
    let question = match rollout.plan.phase(number.next()) {
        Some(next) => format!("Can the rollout advance to phase {}, {}?", next.number, next.name),
        None => "Can the rollout be completed?".to_owned(),
    };
    let conditions = &rollout.gate.conditions;
    let all = conditions.len();
    let (answer, is_passed) = match (
        conditions.iter().filter(|c| c.verdict != Verdict::Pass).count(),
        rollout.status(),
    ) {
        (_, RolloutStatus::Paused(_)) => {
            ("No. The rollout is paused; resume it first.".to_owned(), false)
        }
        (0, _) => (format!("Yes. All {all} conditions hold."), true),
        (1, _) => (format!("Not yet. 1 of {all} conditions is open."), false),
        (open, _) => (format!("Not yet. {open} of {all} conditions are open."), false),
    };
    let phase = rollout.plan.phase(number);
    Some(GatePart {
        question,
        answer,
        is_passed,
        lines: conditions.iter().map(|c| build_gate_line(c, phase, rollout.role)).collect(),
        feedback: rollout.feedback.clone(),
        votes: list_votes(&rollout.state.record, rollout.plan.quorum),
    })
}

fn build_gate_line(condition: &GateCondition, phase: Option<&Phase>, role: Role) -> GateLine {
    let GateCondition { kind, title, verdict, detail, trend, .. } = condition.clone();
    let can_act = role >= Role::Operator;
    let is_statement =
        phase.is_some_and(|phase| phase.statements().any(|statement| statement == title));
    let is_firing = kind == ConditionKind::Alerts && verdict == Verdict::Fail;
    // The detail lists the firing alerts by title.
    let firing = AlertKind::ALL.into_iter().filter(|kind| detail.contains(kind.title()));
    let alerts = match can_act && is_firing {
        true => firing.map(|kind| (kind.as_str().to_owned(), kind.title().to_owned())).collect(),
        false => Vec::new(),
    };
    let can_sign_off = can_act && kind == ConditionKind::Criterion && is_statement;
    GateLine { title, verdict, detail, trend, can_sign_off, alerts }
}

fn list_votes(record: &Record, quorum: u16) -> Option<Vec<VoteLine>> {
    let line = |vote: &phasegate_domain::rollout::Vote| VoteLine {
        go: vote.go,
        by: vote.by.0.clone(),
        at: vote.at,
        comment: vote.comment.clone(),
    };
    (quorum > 0 || !record.votes.is_empty()).then(|| record.votes.iter().map(line).collect())
}

/// The items of the start while the rollout is a draft; then those of the phase, and the items of the
/// start that are not done.
fn build_checklist(rollout: &RolloutView) -> Vec<ChecklistGroup> {
    let is_draft = matches!(rollout.status(), RolloutStatus::Draft);
    let waived_by = waived_by(rollout);
    let line = |item: ChecklistItem| {
        let tick = rollout.state.record.find_tick(&item).map(|tick| TickLine {
            by: tick.by.0.clone(),
            at: tick.at,
            link: tick.link.clone(),
        });
        let is_waived = !is_draft && item.phase.is_none() && tick.is_none();
        let waived_by = waived_by.clone().filter(|_| is_waived);
        ChecklistLine { tick, waived_by, phase: item.phase, item: item.item }
    };
    let of_start = |group: &phasegate_domain::plan::ChecklistGroup| {
        let items = group.items.iter();
        let items = items.map(|item| line(ChecklistItem { phase: None, item: item.clone() }));
        let items = items.filter(|line| is_draft || line.tick.is_none());
        ChecklistGroup { name: group.name.clone(), items: items.collect() }
    };
    let phase = rollout.status().serving_phase().filter(|_| !is_draft);
    let phase = phase.map(|phase| {
        let items = rollout.plan.checklist_items(Some(phase)).into_iter().map(line).collect();
        ChecklistGroup { name: "Required before the next phase".to_owned(), items }
    });
    let groups = phase.into_iter().chain(rollout.plan.checklist.iter().map(of_start));
    groups.filter(|group| !group.items.is_empty()).collect()
}

/// Who started the rollout with open items of the checklist.
fn waived_by(rollout: &RolloutView) -> Option<String> {
    rollout.history.iter().find_map(|entry| match &entry.change {
        Change::Rollout { what: RolloutEvent::Started(said), .. } if said.forced => {
            Some(entry.actor.0.clone())
        }
        _ => None,
    })
}

fn build_phase(phase: &Phase, status: &RolloutStatus) -> PhaseCard {
    let (progress, class) = phase_progress(phase, status);
    let criterion = |criterion: &Criterion| {
        let by = match criterion {
            Criterion::Automatic(_) => "measured",
            Criterion::SignedOff { .. } => "needs sign-off",
        };
        (criterion.to_string(), by.to_owned())
    };
    PhaseCard {
        number: phase.number,
        name: phase.name.clone(),
        description: phase.description.clone(),
        percentage: phase.percentage.to_string(),
        progress: progress.to_owned(),
        class: class.to_owned(),
        audience: format_audience(phase),
        flags: phase.flags.iter().map(ToString::to_string).collect(),
        duration: format_phase_duration(phase),
        criteria: phase.criteria.iter().map(criterion).collect(),
    }
}

fn format_phase_duration(phase: &Phase) -> String {
    match (phase.minimum_days, phase.maximum_days) {
        (0, None) => "ongoing".to_owned(),
        (minimum, None) => format!("at least {minimum} days"),
        (minimum, Some(maximum)) if minimum == maximum => format!("{minimum} days"),
        (minimum, Some(maximum)) => format!("{minimum} to {maximum} days"),
    }
}

/// The history, newest first, with the changes of flags and releases in between.
fn build_history(
    plan: &Plan,
    history: &[AuditEntry],
    annotations: &[Annotation],
) -> Vec<HistoryItem> {
    let entry = |line: &AuditEntry| HistoryItem {
        at: line.at,
        text: describe_change_with_plan(&line.change, plan),
        reason: match &line.change {
            Change::Rollout { what, .. } => what.reason().to_owned(),
            _ => String::new(),
        },
        by: line.actor.0.clone(),
        is_beside: false,
    };
    let beside = annotations.iter().filter(|found| found.kind != AnnotationKind::Phase);
    let beside = beside.map(|found| HistoryItem {
        at: found.at,
        text: format!("{}: {}", found.kind.title(), found.text),
        reason: String::new(),
        by: found.by.as_ref().map(ToString::to_string).unwrap_or_default(),
        is_beside: true,
    });
    let mut lines: Vec<HistoryItem> = history.iter().map(entry).chain(beside).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    lines
}
