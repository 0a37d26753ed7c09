//! Views of flags for pages and the API.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    evaluation::{Reason, TraceStep},
    flags::{EvaluationCounts, Flag, FlagState, Lifecycle},
    ids::{FlagKey, PhaseNumber, VariantName},
};

/// A row of the flag list.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct FlagRow {
    pub flag: Flag,
    /// The state of the flag in the environment.
    pub state: FlagState,
    /// Whether it is on now, with its schedule applied.
    pub enabled: bool,
    /// The phase that adds it.
    pub added_in: Option<PhaseNumber>,
    /// Whether the rollout has reached that phase.
    pub is_reached: bool,
    /// The variable of the environment override that pins its answer.
    pub variable: Option<String>,
    /// The evaluation counts of the flag.
    pub usage: EvaluationCounts,
    pub lifecycle: Lifecycle,
}

/// The answer for a user and a flag, with its trace.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub flag: FlagKey,
    /// The answer that the app gets; `None` if there is none.
    #[serde(flatten)]
    pub answer: Option<ExplainedAnswer>,
    /// The steps of the evaluation, in order.
    pub steps: Vec<TraceStep>,
}

/// The answer that an app gets.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedAnswer {
    pub value: Value,
    pub variant: VariantName,
    pub reason: Reason,
}
