//! What the flag pages show.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    flags::{Flag, FlagState, Reason, Step},
    ids::{FlagKey, PhaseNumber, VariantName},
};

/// A line of the flag list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagRow {
    /// What it is.
    pub flag: Flag,
    /// Whether it is on.
    pub state: FlagState,
    /// The phase that adds it.
    pub added_in: Option<PhaseNumber>,
    /// Whether the rollout has come to that phase.
    pub is_reached: bool,
}

/// What a user gets for a flag, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// Which flag.
    pub flag: FlagKey,
    /// What the app gets.
    pub value: Value,
    /// The variant's name.
    pub variant: VariantName,
    /// Why.
    pub reason: Reason,
    /// Every step that led there.
    pub steps: Vec<Step>,
}
