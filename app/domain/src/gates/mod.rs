//! What must hold to leave a phase.

mod change;
mod judge;
mod measured;
mod since;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    alerts::Alert,
    bucket::Throttle,
    rollout::{Criterion, IncidentKind, Phase, Plan, Progress, Standing, Vote},
    words::duration,
};

pub use change::{Pair, judge_change, sample_ratio_mismatch};
pub use judge::{Counted, Limit, judge};
pub use measured::Measured;
pub use since::{EvidenceSince, Served, evidence_since};

/// Whether a condition holds. What is not known does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It is not known yet.
    Inconclusive,
    /// Somebody must say.
    AwaitingSignOff,
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    /// The phase has lasted long enough.
    Duration,
    /// A criterion of the plan.
    Criterion,
    /// Nothing is alarming.
    Alerts,
    /// The phase's checklist.
    Checklist,
    /// Nobody has killed the features.
    KillSwitch,
    /// Shares are as planned.
    Throttle,
    /// Enough people say go, and nobody says no.
    Votes,
    /// What went wrong was understood.
    PostMortem,
}

/// One of the things that must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = GateCondition))]
pub struct Condition {
    /// What it is about.
    pub kind: ConditionKind,
    /// As people say it.
    pub title: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// How it is, or what is missing.
    pub detail: String,
    /// For what is measured: the number, in the unit of its threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// On how many people, sessions or page views it rests.
    #[serde(default)]
    pub sample: u64,
    /// The number of each day of the phase, the oldest first; `null` for days without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trend: Vec<Option<f64>>,
}

impl Condition {
    /// One that is not measured.
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

/// All that must hold to leave a phase.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Gate {
    /// In the order in which people look at them.
    pub conditions: Vec<Condition>,
}

impl Gate {
    /// Whether everything holds.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.conditions.iter().all(|condition| condition.verdict == Verdict::Pass)
    }

    /// What does not hold, as people say it.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let open = self.conditions.iter().filter(|c| c.verdict != Verdict::Pass);
        open.map(|condition| format!("{}: {}", condition.title, condition.detail)).collect()
    }
}

/// What was found out about an automatic criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether it holds.
    pub verdict: Verdict,
    /// The value and on how much it rests, or what is missing.
    pub detail: String,
    /// The value, in the unit of the threshold.
    pub value: Option<f64>,
    /// On how many people, sessions or page views it rests.
    pub sample: u64,
    /// The value of each day of the phase, the oldest first.
    pub trend: Vec<Option<f64>>,
}

/// What was measured for a gate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measurements {
    /// One for each criterion of the phase, in its order; those of criteria that are signed off are
    /// not looked at.
    pub findings: Vec<Finding>,
    /// What is alarming; `None` where that cannot be known.
    pub alerts: Option<Vec<Alert>>,
    /// Why alerts may be silent although something is wrong: what they watch is not measured.
    pub unwatched: Option<String>,
    /// Since when the evidence is about what is served now; `None` where that cannot be known.
    pub since: Option<EvidenceSince>,
}

/// The gate of the phase that a rollout is in; empty before the start.
#[must_use]
pub fn gate(plan: &Plan, standing: &Standing, measured: &Measurements, now: Timestamp) -> Gate {
    let Some(progress) = standing.state.progress() else { return Gate::default() };
    let Some(phase) = plan.phase(progress.phase) else { return Gate::default() };
    let mut conditions = vec![time(phase, progress, measured.since.as_ref(), now)];
    for (index, criterion) in phase.criteria.iter().enumerate() {
        let finding = measured.findings.get(index);
        conditions.push(judged(criterion, standing, finding, measured.since.as_ref()));
    }
    conditions.push(alarms(measured.alerts.as_deref(), measured.unwatched.as_deref()));
    conditions.extend(checklist(plan, phase, standing));
    if let Some(incident) = standing.record.open_incidents().find(|i| i.kind == IncidentKind::Kill)
    {
        let detail = format!(
            "incident {} is open: bring the flags back and close it, or roll back",
            incident.id
        );
        let title = "No kill switch";
        conditions.push(Condition::new(ConditionKind::KillSwitch, title, Verdict::Fail, detail));
    }
    if progress.throttle != Throttle::NONE {
        let detail = format!("{} of the plan is served; restore it first", progress.throttle);
        let title = "Shares as planned";
        conditions.push(Condition::new(ConditionKind::Throttle, title, Verdict::Fail, detail));
    }
    if let Some(incident) = standing.record.post_mortem_due() {
        let detail = format!("that of incident {} is not written", incident.id);
        let (kind, verdict) = (ConditionKind::PostMortem, Verdict::AwaitingSignOff);
        conditions.push(Condition::new(kind, "Post-mortem", verdict, detail));
    }
    conditions.extend(votes(plan, standing, measured.since.as_ref()));
    Gate { conditions }
}

fn time(
    phase: &Phase,
    progress: &Progress,
    since: Option<&EvidenceSince>,
    now: Timestamp,
) -> Condition {
    let changed = since.and_then(|since| Some((since.at, since.changed.as_deref()?)));
    let over_at = phase.minimum_over_at(changed.map_or(progress.phase_since, |(at, _)| at));
    let anew = |word: &str| {
        let (at, what) = changed?;
        let ago = duration(now - at);
        Some(format!("{word} {what} changed {ago} ago: what was measured before is not counted"))
    };
    let (verdict, detail) = if now < over_at {
        let (to_go, anew) = (duration(over_at - now), anew(", because").unwrap_or_default());
        (Verdict::Inconclusive, format!("{to_go} to go{anew}"))
    } else {
        let overdue = phase.maximum_over_at(progress.phase_since).filter(|over| now > *over);
        let overdue = overdue.map(|over| format!("; {} longer than planned", duration(now - over)));
        let so_far = duration(now - progress.phase_since);
        let anew = anew(";").unwrap_or_default();
        (Verdict::Pass, format!("{so_far} so far{anew}{}", overdue.unwrap_or_default()))
    };
    let title = match phase.minimum_days {
        0 => "No minimum duration".to_owned(),
        1 => "At least 1 day".to_owned(),
        days => format!("At least {days} days"),
    };
    Condition::new(ConditionKind::Duration, title, verdict, detail)
}

/// What changed after somebody has judged; a judgement from before it is about something else.
fn changed_after(since: Option<&EvidenceSince>, judged_at: Timestamp) -> Option<&str> {
    since.filter(|since| judged_at < since.at)?.changed.as_deref()
}

fn judged(
    criterion: &Criterion,
    standing: &Standing,
    finding: Option<&Finding>,
    since: Option<&EvidenceSince>,
) -> Condition {
    let (verdict, detail) = match (criterion, finding) {
        (Criterion::SignedOff { statement }, _) => signed_off(standing, statement, since),
        (Criterion::Automatic(_), Some(finding)) => {
            let Finding { verdict, detail, value, sample, trend } = finding.clone();
            let (kind, title) = (ConditionKind::Criterion, criterion.to_string());
            return Condition { kind, title, verdict, detail, value, sample, trend };
        }
        (Criterion::Automatic(_), None) => {
            (Verdict::Inconclusive, "nothing is measured yet".to_owned())
        }
    };
    Condition::new(ConditionKind::Criterion, criterion.to_string(), verdict, detail)
}

fn signed_off(
    standing: &Standing,
    statement: &str,
    since: Option<&EvidenceSince>,
) -> (Verdict, String) {
    let Some(judged) = standing.record.sign_off(statement) else {
        return (Verdict::AwaitingSignOff, "somebody must look and say".to_owned());
    };
    let by = &judged.by.0;
    match changed_after(since, judged.at) {
        Some(what) => {
            (Verdict::AwaitingSignOff, format!("{by} judged it before {what} changed; look again"))
        }
        None if judged.holds => (Verdict::Pass, format!("{by} says so")),
        None => (Verdict::Fail, format!("{by} says no: {}", judged.comment)),
    }
}

fn alarms(alerts: Option<&[Alert]>, unwatched: Option<&str>) -> Condition {
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
    Condition::new(ConditionKind::Alerts, "No alerts", verdict, detail)
}

fn checklist(plan: &Plan, phase: &Phase, standing: &Standing) -> Option<Condition> {
    let items = plan.items_of(Some(phase.number));
    let done = items.iter().filter(|item| standing.record.tick(item).is_some()).count();
    let verdict = if done == items.len() { Verdict::Pass } else { Verdict::AwaitingSignOff };
    let detail = format!("{done} of {} done", items.len());
    let (kind, title) = (ConditionKind::Checklist, "Checklist of the phase");
    (!items.is_empty()).then(|| Condition::new(kind, title, verdict, detail))
}

fn votes(plan: &Plan, standing: &Standing, since: Option<&EvidenceSince>) -> Option<Condition> {
    let votes = &standing.record.votes;
    // A no-go counts until its account takes it back.
    let against = votes.iter().find(|vote| !vote.go);
    let wanted = usize::from(plan.quorum);
    let (older, found): (Vec<&Vote>, Vec<&Vote>) = votes
        .iter()
        .filter(|vote| vote.go)
        .partition(|vote| changed_after(since, vote.at).is_some());
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
    is_asked.then(|| Condition::new(ConditionKind::Votes, title, verdict, detail))
}
