//! What a measurement says about a criterion.

use serde::{Deserialize, Serialize};

/// Whether a condition holds. What is not known does not hold.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    /// It is not known yet.
    Inconclusive,
    AwaitingSignOff,
}

/// What was found out about an automatic criterion.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionResult {
    pub verdict: Verdict,
    /// The value and on how much it rests, or what is missing.
    pub detail: String,
    /// The value, in the unit of the threshold.
    pub value: Option<f64>,
    /// On how many users, sessions or page views it rests.
    pub sample: u64,
    /// The value of each day of the phase, the oldest first.
    pub trend: Vec<Option<f64>>,
}
