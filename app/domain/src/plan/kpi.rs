//! KPIs: targets of the rollout as a whole.

use serde::{Deserialize, Serialize};

use super::{Comparator, ComparedWith, CriterionMetric, Target};

/// The longest window of a KPI, in days.
pub const MAX_WINDOW_DAYS: u16 = 90;

/// The group of a KPI.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KpiGroup {
    Technical,
    User,
    Business,
}

impl KpiGroup {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 3] = [Self::Technical, Self::User, Self::Business];

    /// The name that the admin shows.
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
    pub group: KpiGroup,
    /// The name that pages show.
    pub name: String,
    pub metric: CriterionMetric,
    /// The custom event that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The flag that it is measured on; `None` for all flags of the rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    pub comparator: Comparator,
    pub threshold: f64,
    #[serde(default)]
    pub compared_with: ComparedWith,
    /// The window that is measured, in days up to and including today.
    #[serde(default = "default_window_days")]
    pub window_days: u16,
}

fn default_window_days() -> u16 {
    28
}

impl Kpi {
    /// The target of the KPI.
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
