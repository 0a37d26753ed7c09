//! A change of the plan, as the audit log stores it.

use serde::{Deserialize, Serialize};

/// An import of a plan or a revision.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRevision {
    /// The revision before; `None` for the first plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The revision after the import.
    pub to: String,
    #[serde(default)]
    pub note: String,
    /// Whether it resets the rollout to draft.
    #[serde(default)]
    pub begins_anew: bool,
    /// Whether it changes texts only, so that earlier votes still count.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_wording: bool,
}
