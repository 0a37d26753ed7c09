//! The draft of a plan.

use serde::{Deserialize, Serialize};

/// The typed fields of a plan; lists have one item per line.
#[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the browser only sends its fields"))]
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanDraft {
    pub name: String,
    pub revision: String,
    pub description: String,
    pub quorum: String,
    pub phases: Vec<PhaseDraft>,
    pub checklist: Vec<ChecklistDraft>,
    /// The KPIs of each group, in the order of `KpiGroup::ALL`.
    pub kpis: Vec<String>,
    pub contacts: Vec<ContactDraft>,
}

/// The typed fields of a phase.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhaseDraft {
    pub name: String,
    pub description: String,
    pub percentage: String,
    pub minimum: String,
    pub maximum: String,
    pub audience: String,
    pub flags: String,
    pub criteria: String,
    pub checklist: String,
}

/// A group of the checklist before the start.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChecklistDraft {
    pub name: String,
    pub items: String,
}

/// A contact for incidents.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactDraft {
    pub role: String,
    pub name: String,
    pub reach: String,
}
