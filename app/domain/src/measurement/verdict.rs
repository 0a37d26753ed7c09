//! Verdicts on conditions, and results of criteria.

use serde::{Deserialize, Serialize};

/// Whether a condition holds. An inconclusive condition does not hold.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    /// The evidence does not suffice yet.
    Inconclusive,
    AwaitingSignOff,
}

/// The result of an automatic criterion.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionResult {
    pub verdict: Verdict,
    /// The value with its sample, or what is missing.
    pub detail: String,
    /// The value, in the unit of the threshold.
    pub value: Option<f64>,
    /// The number of users, sessions or page views measured.
    pub sample: u64,
    /// The value of each day of the phase, the oldest first.
    pub trend: Vec<Option<f64>>,
}
