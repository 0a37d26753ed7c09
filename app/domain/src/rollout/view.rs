//! What the rollout page shows.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    history::HistoryEntry,
    people::Role,
    rollout::{Command, CommandKind, Plan, Refusal, RolloutState, apply},
};

/// A rollout with its history, at one moment, for one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutView {
    /// What is carried out.
    pub plan: Plan,
    /// Where it is.
    pub state: RolloutState,
    /// What a command must name, so that nobody overwrites what they have not seen.
    pub version: i64,
    /// What happened, newest first.
    pub history: Vec<HistoryEntry>,
    /// The role of who is looking.
    pub role: Role,
    /// When this was computed.
    pub at: Timestamp,
}

impl RolloutView {
    /// Why a command would be refused now, given that reason; `None` if it would be carried out.
    #[must_use]
    pub fn refusal(&self, kind: CommandKind, reason: &str) -> Option<Refusal> {
        let command = Command { kind, reason: reason.to_owned() };
        apply(&self.plan, &self.state, &command, self.role, self.at).err()
    }
}
