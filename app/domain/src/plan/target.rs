//! Targets: metrics with a comparator and a threshold.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The metrics of criteria and KPIs.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CriterionMetric {
    /// Users with at least one use ÷ users exposed to the feature, %.
    AdoptionRate,
    /// Sessions with an error ÷ sessions, %.
    ErrorRate,
    /// Sessions with a critical error ÷ sessions, %.
    CriticalErrorRate,
    PerformanceScore,
    /// Page views in the "good" range of the Core Web Vital with the fewest, %.
    GoodVitals,
    /// Minutes in which the monitored address answered ÷ minutes, %.
    Uptime,
    /// Mean rating, 1 to 5.
    UserSatisfaction,
    /// % of 9 and 10 minus % of 0 to 6.
    Nps,
    /// Users of day D seen again 7 days later ÷ users of day D, %.
    Retention,
    /// Users of day D seen again 30 days later ÷ users of day D, %.
    #[serde(rename = "retention_30")]
    Retention30,
    /// Visible minutes with the features in use, per user who was given them. In comparisons, the
    /// duration of sessions, because the other group does not have the features.
    Engagement,
    /// Mean duration of sessions, in minutes.
    SessionDuration,
    /// Occurrences of a custom event, per 100 users and day.
    Events,
    /// Sessions with a critical error, and bug reports.
    CriticalBugs,
}

impl CriterionMetric {
    /// The name that the admin shows.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::AdoptionRate => "Adoption rate",
            Self::ErrorRate => "Error rate",
            Self::CriticalErrorRate => "Critical error rate",
            Self::PerformanceScore => "Performance score",
            Self::GoodVitals => "Good Core Web Vitals",
            Self::Uptime => "Uptime",
            Self::UserSatisfaction => "User satisfaction",
            Self::Nps => "NPS",
            Self::Retention => "Retention",
            Self::Retention30 => "30-day retention",
            Self::Engagement => "Engagement",
            Self::SessionDuration => "Session duration",
            Self::Events => "Events",
            Self::CriticalBugs => "Critical bugs",
        }
    }

    /// The unit with a leading space; empty for plain numbers.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::AdoptionRate
            | Self::ErrorRate
            | Self::CriticalErrorRate
            | Self::GoodVitals
            | Self::Uptime
            | Self::Retention
            | Self::Retention30 => " %",
            Self::UserSatisfaction => " of 5",
            Self::Engagement | Self::SessionDuration => " min",
            Self::Events => " per 100 users and day",
            Self::PerformanceScore | Self::Nps | Self::CriticalBugs => "",
        }
    }

    /// Returns the minimum and maximum of a value.
    pub(super) fn value_range(self) -> (f64, f64) {
        match self {
            Self::UserSatisfaction => (1.0, 5.0),
            Self::Nps => (-100.0, 100.0),
            Self::Engagement | Self::SessionDuration | Self::Events | Self::CriticalBugs => {
                (0.0, f64::MAX)
            }
            _ => (0.0, 100.0),
        }
    }

    /// Whether it can be measured for users without the features.
    pub(super) fn is_known_of_others(self) -> bool {
        !matches!(self, Self::AdoptionRate | Self::CriticalBugs | Self::Uptime | Self::Nps)
    }
}

/// The relation of the measured value to the threshold.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparator {
    #[serde(rename = ">")]
    Above,
    #[serde(rename = "<")]
    Below,
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = ">=")]
    AtLeast,
}

impl Comparator {
    /// The sign that the admin shows; plans write `<=` and `>=`.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::Below => "<",
            Self::AtMost => "≤",
            Self::AtLeast => "≥",
        }
    }
}

/// The reference that a threshold is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedWith {
    /// The threshold is an absolute value.
    #[default]
    Fixed,
    /// The threshold is a relative change, in %, against the control arm.
    Control,
    /// The threshold is a relative change, in %, against the baseline the rollout.
    Baseline,
}

/// A metric with the threshold that it must meet.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    pub metric: CriterionMetric,
    pub comparator: Comparator,
    pub threshold: f64,
    pub compared_with: ComparedWith,
    /// The flag that it is measured on; `None` for all flags of the rollout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The custom event that is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, comparator, threshold, compared_with, scope, event } = self;
        if *metric == CriterionMetric::CriticalBugs && *threshold == 0.0 {
            return f.write_str("Zero critical bugs");
        }
        match event {
            Some(event) => write!(f, "Events \u{201c}{event}\u{201d}")?,
            // Users without the features have no engagement, so session durations are compared.
            None if *metric == CriterionMetric::Engagement
                && *compared_with != ComparedWith::Fixed =>
            {
                f.write_str("Engagement (session duration)")?;
            }
            None => f.write_str(metric.title())?,
        }
        if let Some(scope) = scope {
            write!(f, " of {scope}")?;
        }
        let sign = comparator.sign();
        match compared_with {
            ComparedWith::Fixed => write!(f, " {sign} {threshold}{}", metric.unit()),
            ComparedWith::Control => write!(f, " change {sign} {threshold} % against control"),
            ComparedWith::Baseline => {
                write!(f, " change {sign} {threshold} % against the baseline")
            }
        }
    }
}
