//! What the rollout as a whole is to reach.

use serde::{Deserialize, Serialize};

use super::{Comparator, ComparedWith, CriterionMetric, Target};

/// The longest window of a KPI, in days.
pub const MAX_WINDOW_DAYS: u16 = 90;

/// Whom a target is for.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KpiGroup {
    /// How well it runs.
    Technical,
    /// What users make of it.
    User,
    Business,
}

impl KpiGroup {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 3] = [Self::Technical, Self::User, Self::Business];

    /// The notation of plans and pages.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Technical => "Technical",
            Self::User => "User",
            Self::Business => "Business",
        }
    }
}

/// A target of the whole rollout.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kpi {
    /// Whom it is for.
    pub group: KpiGroup,
    /// The name that pages show.
    pub name: String,
    pub metric: CriterionMetric,
    /// The app's own event that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The flag that it is measured on, where not on all the rollout's flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How it must lie.
    pub comparator: Comparator,
    pub threshold: f64,
    #[serde(default)]
    pub compared_with: ComparedWith,
    /// Of how many days up to today it is measured.
    #[serde(default = "usual_window")]
    pub window_days: u16,
}

fn usual_window() -> u16 {
    28
}

impl Kpi {
    /// How it must lie.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            metric: self.metric,
            comparator: self.comparator,
            threshold: self.threshold,
            compared_with: self.compared_with,
            scope: self.scope.clone(),
            event: self.event.clone(),
        }
    }
}
