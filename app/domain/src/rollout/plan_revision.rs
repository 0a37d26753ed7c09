//! A change of the plan, as the history keeps it.

use serde::{Deserialize, Serialize};

/// A plan that was brought in.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRevision {
    /// The revision that was there; none for the first plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The revision that is there now.
    pub to: String,
    #[serde(default)]
    pub note: String,
    /// Whether the rollout begins anew with it.
    #[serde(default)]
    pub begins_anew: bool,
    /// Whether it changes texts only, so that votes given before still hold.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_wording: bool,
}
