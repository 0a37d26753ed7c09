//! What the rollout page shows.

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
        CommandError, CommandKind, GateResult, RolloutCommand, RolloutState, RolloutStatus, apply,
        possible,
    },
};

/// A rollout with its history and without measurements: enough for pages that change the plan, add to
/// the record or roll back.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutSummary {
    pub plan: Plan,
    pub state: RolloutState,
    /// The version that a command must name; a command based on an older one is refused.
    pub version: i64,
    /// Its entries in the audit log, newest first.
    pub history: Vec<AuditEntry>,
    /// The role of the account that looks.
    pub role: Role,
    /// The time of reading.
    pub at: Timestamp,
}

impl RolloutSummary {
    /// The rule that would refuse a rollback or kill now; `None` if it would be applied. These commands
    /// skip the gate, so no measurement is needed.
    #[must_use]
    pub fn rollback_refusal(&self, incident: IncidentKind) -> Option<CommandError> {
        let command = RolloutCommand::new(CommandKind::of_incident(incident), "with a reason");
        apply(&self.plan, &self.state, &command, &GateResult::open(), self.role, self.at).err()
    }
}

/// A rollout with its history and its measurements, at one moment, for one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutView {
    /// What is carried out.
    pub plan: Plan,
    /// Where it is, with what was said about it.
    pub state: RolloutState,
    /// The display names of its flags; those without a name are not among them.
    pub flag_names: BTreeMap<FlagKey, String>,
    /// What must hold to leave the phase.
    pub gate: Gate,
    /// How many users it reaches; nothing where that cannot be read.
    pub reach: Option<Reach>,
    /// What is to be reached; nothing before the start.
    pub kpis: Vec<KpiValue>,
    /// The minutes since the phase began, while it has only just begun.
    pub first_minutes: Option<FirstMinutes>,
    /// The feedback in this phase.
    pub feedback: FeedbackSummary,
    /// What changed since the rollout began: flags and releases, too; oldest first.
    pub annotations: Vec<Annotation>,
    /// What a command must name, so that it never acts on a state that its author has not seen.
    pub version: i64,
    /// What happened, newest first.
    pub history: Vec<AuditEntry>,
    /// The role of who is looking.
    pub role: Role,
    /// When this was computed.
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

    /// Why a command would be refused now, given that reason; `None` if it would be carried out.
    #[must_use]
    pub fn refusal(&self, kind: CommandKind, reason: &str) -> Option<CommandError> {
        let command = RolloutCommand::new(kind, reason);
        apply(&self.plan, &self.state, &command, &self.gate.result(), self.role, self.at).err()
    }

    /// The commands that would be carried out now, given a reason.
    #[must_use]
    pub fn possible(&self) -> Vec<CommandKind> {
        possible(&self.plan, &self.state, &self.gate.result(), self.role, self.at)
    }
}
