//! A rollout in short, for programs.

use phasegate_domain::{
    Timestamp,
    audit::Change,
    gates::Gate,
    ids::{PhaseNumber, RolloutKey},
    reports::{Annotation, FeedbackSummary, FirstMinutes, KpiValue, Reach, RolloutView},
    rollout::{CommandKind, Record, stakeholder_message},
};
use serde::Serialize;

/// Where a rollout is, whether it can go on, and if not, why not.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutOverview {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub key: RolloutKey,
    pub revision: String,
    /// `draft`, `running`, `paused`, `completed` or `aborted`.
    pub status: &'static str,
    /// The phase that is served; nothing before the start.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u16>))]
    pub phase: Option<PhaseNumber>,
    pub phase_name: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub phase_since: Option<Timestamp>,
    /// The factor on every share below 100 %, 0 to 1.
    pub throttle: f64,
    /// Whether everything holds that must, to leave the phase.
    pub can_advance: bool,
    pub gate: Gate,
    /// How many users it reaches; nothing where that cannot be read.
    pub reach: Option<Reach>,
    /// What is to be reached, and how far it is; nothing before the start.
    pub kpis: Vec<KpiValue>,
    /// The minutes since the phase began, while it has only just begun.
    pub first_minutes: Option<FirstMinutes>,
    /// The feedback in this phase.
    pub feedback: FeedbackSummary,
    /// What changed since the rollout began, of flags and releases, too; oldest first.
    pub annotations: Vec<Annotation>,
    /// The text for stakeholders about the newest move; nothing before the first one.
    pub stakeholder_message: Option<String>,
    /// The commands that would be carried out now, given a reason.
    pub commands: Vec<CommandKind>,
    /// Ticks, judgements, votes and incidents.
    pub record: Record,
    /// What a command may name, so that it never acts on a state that its author has not seen.
    pub version: i64,
}

impl RolloutOverview {
    /// In short what the page shows.
    #[must_use]
    pub fn of(view: &RolloutView) -> Self {
        let state = view.status();
        let phase = state.serving_phase();
        let commands = view.possible();
        Self {
            key: view.plan.key.clone(),
            revision: view.plan.revision.clone(),
            status: state.as_str(),
            phase,
            phase_name: phase.and_then(|number| view.plan.phase(number)).map(|p| p.name.clone()),
            phase_since: state.progress().map(|progress| progress.phase_since),
            throttle: state.throttle().factor(),
            can_advance: phase.is_some()
                && view.gate.passes()
                && commands.contains(&CommandKind::Advance),
            gate: view.gate.clone(),
            reach: view.reach,
            kpis: view.kpis.clone(),
            first_minutes: view.first_minutes.clone(),
            feedback: view.feedback.clone(),
            annotations: view.annotations.clone(),
            stakeholder_message: view.history.iter().find_map(|line| match &line.change {
                Change::Rollout { what, .. } => {
                    stakeholder_message(&view.plan, what, &line.actor, line.at)
                }
                _ => None,
            }),
            commands,
            record: view.state.record.clone(),
            version: view.version,
        }
    }
}
