//! Views of a rollout for pages and the API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Annotation, FeedbackSummary, FirstMinutes, KpiValue, Reach};
use crate::{
    Timestamp,
    accounts::Role,
    audit::AuditEntry,
    gates::Gate,
    ids::FlagKey,
    incidents::IncidentKind,
    plan::Plan,
    rollout::{
        CommandError, CommandKind, GateResult, RolloutCommand, RolloutState, RolloutStatus,
        apply_command, possible_commands,
    },
};

/// A rollout with its history but without measurements, for pages that change the plan or record.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutSummary {
    pub plan: Plan,
    pub state: RolloutState,
    /// The version that a command must name; a command based on an older one is refused.
    pub version: i64,
    /// Its entries in the audit log, newest first.
    pub history: Vec<AuditEntry>,
    /// The role of the requesting account.
    pub role: Role,
    /// The time of reading.
    pub at: Timestamp,
}

impl RolloutSummary {
    /// The rule that would refuse a rollback or kill now; `None` if it would be applied. These commands
    /// skip the gate, so no measurement is needed.
    #[must_use]
    pub fn rollback_refusal(&self, incident: IncidentKind) -> Option<CommandError> {
        self.command_refusal(CommandKind::of_incident(incident))
    }

    /// The rule that would refuse a command with a reason now, apart from the gate.
    #[must_use]
    pub fn command_refusal(&self, kind: CommandKind) -> Option<CommandError> {
        let command = RolloutCommand::new(kind, "with a reason");
        apply_command(
            &self.plan,
            &self.state,
            &command,
            &GateResult::always_passing(),
            self.role,
            self.at,
        )
        .err()
    }
}

/// A rollout with its history and its measurements, at one moment, for one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutView {
    /// The plan of the rollout.
    pub plan: Plan,
    /// Status, start and record of the rollout.
    pub state: RolloutState,
    /// The display names of its flags; flags without a name are missing.
    pub flag_names: BTreeMap<FlagKey, String>,
    /// The killed flags of the phases reached.
    pub killed: Vec<FlagKey>,
    /// The gate of the current phase.
    pub gate: Gate,
    /// The number of users that it reaches; `None` if it cannot be read.
    pub reach: Option<Reach>,
    /// The KPIs with their values; empty before the start.
    pub kpis: Vec<KpiValue>,
    /// The first minutes of the phase; `None` after [`super::FIRST_MINUTES`].
    pub first_minutes: Option<FirstMinutes>,
    /// The feedback in this phase.
    pub feedback: FeedbackSummary,
    /// Changes of flags, phases and releases since the start of the rollout, oldest first.
    pub annotations: Vec<Annotation>,
    /// The version that a command must name, so that it cannot act on a state unseen by its author.
    pub version: i64,
    /// Its entries in the audit log, newest first.
    pub history: Vec<AuditEntry>,
    /// The role of the requesting account.
    pub role: Role,
    /// The time of the computation.
    pub at: Timestamp,
}

impl RolloutView {
    /// The current status of the rollout.
    #[must_use]
    pub fn status(&self) -> &RolloutStatus {
        &self.state.status
    }

    /// The display name of a flag.
    #[must_use]
    pub fn flag_name<'a>(&'a self, key: &'a FlagKey) -> &'a str {
        self.flag_names.get(key).map_or(key.as_str(), String::as_str)
    }

    /// Returns the error of a command with this reason now; `None` if it would succeed.
    #[must_use]
    pub fn find_command_error(&self, kind: CommandKind, reason: &str) -> Option<CommandError> {
        let command = RolloutCommand::new(kind, reason);
        apply_command(
            &self.plan,
            &self.state,
            &command,
            &self.gate.to_gate_result(),
            self.role,
            self.at,
        )
        .err()
    }

    /// Returns the commands that would succeed now, given a reason.
    #[must_use]
    pub fn possible_commands(&self) -> Vec<CommandKind> {
        possible_commands(&self.plan, &self.state, &self.gate.to_gate_result(), self.role, self.at)
    }
}
