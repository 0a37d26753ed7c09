//! What must hold to leave a phase.

mod judge;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    bucket::Throttle,
    rollout::{Criterion, Phase, Plan, Progress, Standing},
    words::duration,
};

pub use judge::{Counted, Limit, Measured, judge};

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
    /// The phase's checklist.
    Checklist,
    /// Shares are as planned.
    Throttle,
    /// Enough people say go, and nobody says no.
    Votes,
    /// What went wrong was understood.
    PostMortem,
}

/// One of the things that must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Condition {
    /// What it is about.
    pub kind: ConditionKind,
    /// As people say it.
    pub title: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// How it is, or what is missing.
    pub detail: String,
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
}

/// The gate of the phase that a rollout is in; empty before the start.
///
/// `findings` has one for each criterion of the phase, in its order; those of criteria that are
/// signed off are not looked at.
#[must_use]
pub fn gate(plan: &Plan, standing: &Standing, findings: &[Finding], now: Timestamp) -> Gate {
    let Some(progress) = standing.state.progress() else { return Gate::default() };
    let Some(phase) = plan.phase(progress.phase) else { return Gate::default() };
    let mut conditions = vec![time(phase, progress, now)];
    for (index, criterion) in phase.criteria.iter().enumerate() {
        conditions.push(judged(criterion, standing, findings.get(index)));
    }
    conditions.extend(checklist(plan, phase, standing));
    if progress.throttle != Throttle::NONE {
        conditions.push(Condition {
            kind: ConditionKind::Throttle,
            title: "Shares as planned".to_owned(),
            verdict: Verdict::Fail,
            detail: format!("{} of the plan is served; restore it first", progress.throttle),
        });
    }
    if let Some(incident) = standing.record.post_mortem_due() {
        conditions.push(Condition {
            kind: ConditionKind::PostMortem,
            title: "Post-mortem".to_owned(),
            verdict: Verdict::AwaitingSignOff,
            detail: format!("that of incident {} is not written", incident.id),
        });
    }
    conditions.extend(votes(plan, standing));
    Gate { conditions }
}

fn time(phase: &Phase, progress: &Progress, now: Timestamp) -> Condition {
    let over_at = phase.minimum_over_at(progress.phase_since);
    let (verdict, detail) = if now < over_at {
        (Verdict::Inconclusive, format!("{} to go", duration(over_at - now)))
    } else {
        (Verdict::Pass, format!("{} so far", duration(now - progress.phase_since)))
    };
    let title = match phase.minimum_days {
        0 => "No minimum duration".to_owned(),
        1 => "At least 1 day".to_owned(),
        days => format!("At least {days} days"),
    };
    Condition { kind: ConditionKind::Duration, title, verdict, detail }
}

fn judged(criterion: &Criterion, standing: &Standing, finding: Option<&Finding>) -> Condition {
    let (verdict, detail) = match (criterion, finding) {
        (Criterion::SignedOff { statement }, _) => match standing.record.sign_off(statement) {
            Some(judged) if judged.holds => (Verdict::Pass, format!("{} says so", judged.by.0)),
            Some(judged) => (Verdict::Fail, format!("{} says no: {}", judged.by.0, judged.comment)),
            None => (Verdict::AwaitingSignOff, "somebody must look and say".to_owned()),
        },
        (Criterion::Automatic { .. }, Some(finding)) => (finding.verdict, finding.detail.clone()),
        (Criterion::Automatic { .. }, None) => {
            (Verdict::Inconclusive, "nothing is measured yet".to_owned())
        }
    };
    Condition { kind: ConditionKind::Criterion, title: criterion.to_string(), verdict, detail }
}

fn checklist(plan: &Plan, phase: &Phase, standing: &Standing) -> Option<Condition> {
    let items = plan.items_of(Some(phase.number));
    let done = items.iter().filter(|item| standing.record.tick(item).is_some()).count();
    (!items.is_empty()).then(|| Condition {
        kind: ConditionKind::Checklist,
        title: "Checklist of the phase".to_owned(),
        verdict: if done == items.len() { Verdict::Pass } else { Verdict::AwaitingSignOff },
        detail: format!("{done} of {} done", items.len()),
    })
}

fn votes(plan: &Plan, standing: &Standing) -> Option<Condition> {
    let votes = &standing.record.votes;
    let against = votes.iter().find(|vote| !vote.go);
    let (wanted, found) = (usize::from(plan.quorum), votes.iter().filter(|vote| vote.go).count());
    let (verdict, detail) = match against {
        Some(vote) => (Verdict::Fail, format!("{} says no-go: {}", vote.by.0, vote.comment)),
        None if found >= wanted => (Verdict::Pass, format!("{found} say go")),
        None => (Verdict::AwaitingSignOff, format!("{found} of {wanted} say go")),
    };
    let title = match wanted {
        1 => "A go vote".to_owned(),
        _ => format!("{wanted} go votes, no no-go"),
    };
    let is_asked = wanted > 0 || against.is_some();
    is_asked.then_some(Condition { kind: ConditionKind::Votes, title, verdict, detail })
}
