//! What the flag pages show.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    flags::{Flag, FlagState, Lifecycle, Reason, Step, Usage},
    ids::{FlagKey, PhaseNumber, VariantName},
};

/// A line of the flag list.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagRow {
    /// What it is.
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
    pub usage: Usage,
    /// Where it is in its life.
    pub lifecycle: Lifecycle,
}

/// What a user gets for a flag, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Which flag.
    pub flag: FlagKey,
    /// What the app gets; nothing when there is no answer.
    #[serde(flatten)]
    pub answer: Option<ExplainedAnswer>,
    /// Every step that led there.
    pub steps: Vec<Step>,
}

/// What an app gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedAnswer {
    /// The value.
    pub value: Value,
    /// The variant's name.
    pub variant: VariantName,
    /// Why.
    pub reason: Reason,
}
