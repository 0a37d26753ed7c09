//! What the flag pages show.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    evaluation::{Reason, TraceStep},
    flags::{EvaluationCounts, Flag, FlagState, Lifecycle},
    ids::{FlagKey, PhaseNumber, VariantName},
};

/// A line of the flag list.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct FlagRow {
    pub flag: Flag,
    /// What the environment decides about it.
    pub state: FlagState,
    /// Whether it is on now, schedule and all.
    pub enabled: bool,
    /// The phase that adds it.
    pub added_in: Option<PhaseNumber>,
    /// Whether the rollout has come to that phase.
    pub is_reached: bool,
    /// The server's variable that holds its answer.
    pub variable: Option<String>,
    /// How often it was asked for.
    pub usage: EvaluationCounts,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
}

/// What a user gets for a flag, and why.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub flag: FlagKey,
    /// What the app gets; nothing when there is no answer.
    #[serde(flatten)]
    pub answer: Option<ExplainedAnswer>,
    /// Every step that led there.
    pub steps: Vec<TraceStep>,
}

/// What an app gets.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedAnswer {
    pub value: Value,
    pub variant: VariantName,
    pub reason: Reason,
}
