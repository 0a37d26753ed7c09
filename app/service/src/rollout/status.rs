//! An overview of a rollout for programs.

use phasegate_domain::{
    Timestamp,
    audit::Change,
    gates::Gate,
    ids::{PhaseNumber, RolloutKey},
    reports::{Annotation, FeedbackSummary, FirstMinutes, KpiValue, Reach, RolloutView},
    rollout::{CommandKind, Record, stakeholder_message},
};
use serde::Serialize;

/// The state of a rollout, and whether it can advance or why not.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutOverview {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub key: RolloutKey,
    pub revision: String,
    /// `draft`, `running`, `paused`, `completed` or `aborted`.
    pub status: &'static str,
    /// The phase that is served; `None` before the start.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u16>))]
    pub phase: Option<PhaseNumber>,
    pub phase_name: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub phase_since: Option<Timestamp>,
    /// The factor on every share below 100 %, 0 to 1.
    pub throttle: f64,
    /// Whether the gate passes and the caller may advance.
    pub can_advance: bool,
    pub gate: Gate,
    /// The number of users it reaches; `None` if telemetry cannot be read.
    pub reach: Option<Reach>,
    /// The KPIs and their results; empty before the start.
    pub kpis: Vec<KpiValue>,
    /// The first minutes of the phase; `None` before the start and once they are over.
    pub first_minutes: Option<FirstMinutes>,
    /// The feedback since the phase began.
    pub feedback: FeedbackSummary,
    /// Changes since the rollout began, including those of flags and releases; oldest first.
    pub annotations: Vec<Annotation>,
    /// The message about the newest event that concerns stakeholders; `None` if there is none.
    pub stakeholder_message: Option<String>,
    /// The commands that would be carried out now, given a reason.
    pub commands: Vec<CommandKind>,
    /// Ticks, sign-offs, votes and incidents.
    pub record: Record,
    /// The version that a command may name, so that it never acts on a state that its author has
    /// not seen.
    pub version: i64,
}

impl RolloutOverview {
    /// Summarises a view of the rollout.
    #[must_use]
    pub fn from_view(view: &RolloutView) -> Self {
        let state = view.status();
        let phase = state.serving_phase();
        let commands = view.possible_commands();
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
