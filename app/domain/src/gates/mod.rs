//! The gate of a phase: the conditions for leaving it.

mod since;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    alerts::Alert,
    incidents::IncidentKind,
    measurement::{CriterionResult, Verdict},
    plan::{Criterion, Phase, Plan},
    rollout::{GateResult, Progress, RolloutState, Vote},
    targeting::Throttle,
    words::format_duration,
};

pub use since::{EvidenceSince, Served, evidence_since};

/// The subject of a gate condition.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    /// The minimum duration of the phase is over.
    Duration,
    /// A criterion of the plan.
    Criterion,
    Alerts,
    Checklist,
    /// No kill incident is open.
    KillSwitch,
    /// Shares are as planned.
    Throttle,
    /// Enough accounts vote go, and none votes no-go.
    Votes,
    /// No post-mortem is due.
    PostMortem,
}

/// An evaluated condition of a gate.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = GateCondition))]
pub struct GateCondition {
    pub kind: ConditionKind,
    /// The name that the admin shows.
    pub title: String,
    pub verdict: Verdict,
    /// The current state, or what is missing to pass.
    pub detail: String,
    /// The measured value, in the unit of its threshold; `None` if nothing is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The number of users, sessions or page views measured.
    #[serde(default)]
    pub sample: u64,
    /// The value of each day of the phase, oldest first; `null` for days without a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trend: Vec<Option<f64>>,
}

impl GateCondition {
    /// Creates a condition that is not measured.
    fn new(
        kind: ConditionKind,
        title: impl Into<String>,
        verdict: Verdict,
        detail: String,
    ) -> Self {
        let title = title.into();
        Self { kind, title, verdict, detail, value: None, sample: 0, trend: Vec::new() }
    }
}

/// The conditions for leaving a phase.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gate {
    /// The conditions in display order.
    pub conditions: Vec<GateCondition>,
}

impl Gate {
    /// Whether every condition passes.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.conditions.iter().all(|condition| condition.verdict == Verdict::Pass)
    }

    /// Returns title and detail of every condition that does not pass.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let open = self.conditions.iter().filter(|c| c.verdict != Verdict::Pass);
        open.map(|condition| format!("{}: {}", condition.title, condition.detail)).collect()
    }

    /// Returns the part of the gate that commands check.
    #[must_use]
    pub fn to_gate_result(&self) -> GateResult {
        GateResult { passes: self.passes(), obstacles: self.obstacles() }
    }
}

/// The measurements that a gate is evaluated with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measurements {
    /// One result per criterion of the phase, in plan order; those of sign-offs are ignored.
    pub criteria_results: Vec<CriterionResult>,
    /// The alerts that fire; `None` if they could not be evaluated.
    pub alerts: Option<Vec<Alert>>,
    /// Why some alerts cannot fire: a metric that they watch is not measured.
    pub unwatched: Option<String>,
    /// The start of the evidence about the served configuration; `None` if it is unknown.
    pub since: Option<EvidenceSince>,
}

/// Evaluates the gate of the current phase; it is empty if no phase is served.
#[must_use]
pub fn evaluate_gate(
    plan: &Plan,
    state: &RolloutState,
    measured: &Measurements,
    now: Timestamp,
) -> Gate {
    let Some(progress) = state.status.progress() else { return Gate::default() };
    let Some(phase) = plan.phase(progress.phase) else { return Gate::default() };
    let mut conditions = vec![check_duration(phase, progress, measured.since.as_ref(), now)];
    for (index, criterion) in phase.criteria.iter().enumerate() {
        let result = measured.criteria_results.get(index);
        conditions.push(check_criterion(criterion, state, result, measured.since.as_ref()));
    }
    conditions.push(check_alerts(measured.alerts.as_deref(), measured.unwatched.as_deref()));
    conditions.extend(check_checklist(plan, phase, state));
    if let Some(incident) = state.record.open_incidents().find(|i| i.kind == IncidentKind::Kill) {
        let detail = format!(
            "incident {} is open: revive the flags and close it, or roll back",
            incident.id
        );
        let title = "No kill switch";
        conditions.push(GateCondition::new(
            ConditionKind::KillSwitch,
            title,
            Verdict::Fail,
            detail,
        ));
    }
    if progress.throttle != Throttle::NONE {
        let detail = format!("{} of the plan is served; restore it first", progress.throttle);
        let title = "Shares as planned";
        conditions.push(GateCondition::new(ConditionKind::Throttle, title, Verdict::Fail, detail));
    }
    if let Some(incident) = state.record.find_due_post_mortem() {
        let detail = format!("that of incident {} is not written", incident.id);
        let (kind, verdict) = (ConditionKind::PostMortem, Verdict::AwaitingSignOff);
        conditions.push(GateCondition::new(kind, "Post-mortem", verdict, detail));
    }
    conditions.extend(check_votes(plan, state, measured.since.as_ref()));
    Gate { conditions }
}

fn check_duration(
    phase: &Phase,
    progress: &Progress,
    since: Option<&EvidenceSince>,
    now: Timestamp,
) -> GateCondition {
    let changed = since.and_then(|since| Some((since.at, since.changed.as_deref()?)));
    let over_at = phase.earliest_end(changed.map_or(progress.phase_since, |(at, _)| at));
    let anew = |word: &str| {
        let (at, what) = changed?;
        let ago = format_duration(now - at);
        Some(format!("{word} {what} changed {ago} ago: what was measured before is not counted"))
    };
    let (verdict, detail) = if now < over_at {
        let (to_go, anew) = (format_duration(over_at - now), anew(", because").unwrap_or_default());
        (Verdict::Inconclusive, format!("{to_go} to go{anew}"))
    } else {
        let overdue = phase.planned_end(progress.phase_since).filter(|over| now > *over);
        let overdue =
            overdue.map(|over| format!("; {} longer than planned", format_duration(now - over)));
        let so_far = format_duration(now - progress.phase_since);
        let anew = anew(";").unwrap_or_default();
        (Verdict::Pass, format!("{so_far} so far{anew}{}", overdue.unwrap_or_default()))
    };
    let title = match phase.minimum_days {
        0 => "No minimum duration".to_owned(),
        1 => "At least 1 day".to_owned(),
        days => format!("At least {days} days"),
    };
    GateCondition::new(ConditionKind::Duration, title, verdict, detail)
}

/// Returns the change to the served configuration since a sign-off or vote, which it makes stale.
fn served_change_after(since: Option<&EvidenceSince>, judged_at: Timestamp) -> Option<&str> {
    since.filter(|since| judged_at < since.at)?.changed.as_deref()
}

fn check_criterion(
    criterion: &Criterion,
    state: &RolloutState,
    result: Option<&CriterionResult>,
    since: Option<&EvidenceSince>,
) -> GateCondition {
    let (verdict, detail) = match (criterion, result) {
        (Criterion::SignedOff { statement }, _) => check_sign_off(state, statement, since),
        (Criterion::Automatic(_), Some(result)) => {
            let CriterionResult { verdict, detail, value, sample, trend } = result.clone();
            let (kind, title) = (ConditionKind::Criterion, criterion.to_string());
            return GateCondition { kind, title, verdict, detail, value, sample, trend };
        }
        (Criterion::Automatic(_), None) => {
            (Verdict::Inconclusive, "nothing is measured yet".to_owned())
        }
    };
    GateCondition::new(ConditionKind::Criterion, criterion.to_string(), verdict, detail)
}

fn check_sign_off(
    state: &RolloutState,
    statement: &str,
    since: Option<&EvidenceSince>,
) -> (Verdict, String) {
    let Some(judged) = state.record.find_sign_off(statement) else {
        return (Verdict::AwaitingSignOff, "needs sign-off".to_owned());
    };
    let by = &judged.by.0;
    match served_change_after(since, judged.at) {
        Some(what) => {
            (Verdict::AwaitingSignOff, format!("{by} judged it before {what} changed; look again"))
        }
        None if judged.holds => (Verdict::Pass, format!("{by} says so")),
        None => (Verdict::Fail, format!("{by} says no: {}", judged.comment)),
    }
}

fn check_alerts(alerts: Option<&[Alert]>, unwatched: Option<&str>) -> GateCondition {
    let (verdict, detail) = match alerts {
        None => (Verdict::Inconclusive, "the numbers cannot be read".to_owned()),
        Some([]) if unwatched.is_some() => {
            let why = unwatched.unwrap_or_default();
            (Verdict::Inconclusive, format!("none is firing, but {why}"))
        }
        Some([]) => (Verdict::Pass, "none is firing".to_owned()),
        Some(alerts) => {
            let said =
                alerts.iter().map(|alert| format!("{} ({})", alert.kind.title(), alert.detail));
            (Verdict::Fail, said.collect::<Vec<_>>().join("; "))
        }
    };
    GateCondition::new(ConditionKind::Alerts, "No alerts", verdict, detail)
}

fn check_checklist(plan: &Plan, phase: &Phase, state: &RolloutState) -> Option<GateCondition> {
    let items = plan.checklist_items(Some(phase.number));
    let done = items.iter().filter(|item| state.record.find_tick(item).is_some()).count();
    let verdict = if done == items.len() { Verdict::Pass } else { Verdict::AwaitingSignOff };
    let detail = format!("{done} of {} done", items.len());
    let (kind, title) = (ConditionKind::Checklist, "Checklist of the phase");
    (!items.is_empty()).then(|| GateCondition::new(kind, title, verdict, detail))
}

fn check_votes(
    plan: &Plan,
    state: &RolloutState,
    since: Option<&EvidenceSince>,
) -> Option<GateCondition> {
    let votes = &state.record.votes;
    // A no-go counts until its account takes it back.
    let against = votes.iter().find(|vote| !vote.go);
    let wanted = usize::from(plan.quorum);
    let (older, found): (Vec<&Vote>, Vec<&Vote>) = votes
        .iter()
        .filter(|vote| vote.go)
        .partition(|vote| served_change_after(since, vote.at).is_some());
    let (older, found) = (older.len(), found.len());
    let (verdict, detail) = match against {
        Some(vote) => (Verdict::Fail, format!("{} says no-go: {}", vote.by.0, vote.comment)),
        None if found >= wanted => (Verdict::Pass, format!("{found} say go")),
        None if older > 0 => {
            let what = since.and_then(|since| since.changed.as_deref()).unwrap_or_default();
            let detail =
                format!("{found} of {wanted} say go; {older} more did before {what} changed");
            (Verdict::AwaitingSignOff, detail)
        }
        None => (Verdict::AwaitingSignOff, format!("{found} of {wanted} say go")),
    };
    let title = match wanted {
        1 => "A go vote".to_owned(),
        _ => format!("{wanted} go votes, no no-go"),
    };
    let is_asked = wanted > 0 || against.is_some();
    is_asked.then(|| GateCondition::new(ConditionKind::Votes, title, verdict, detail))
}
