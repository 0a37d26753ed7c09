//! What a phase must show before the next one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The metrics that a criterion may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Users with at least one use ÷ users exposed to the feature, %.
    AdoptionRate,
    /// Sessions with an error ÷ sessions, %.
    ErrorRate,
    /// Sessions with a critical error ÷ sessions, %.
    CriticalErrorRate,
    /// 0 to 100.
    PerformanceScore,
    /// Mean rating, 1 to 5.
    UserSatisfaction,
    /// Users of day D seen again ÷ users of day D, %.
    Retention,
    /// Visible time with the feature per user.
    Engagement,
    /// Open critical errors and bug reports.
    CriticalBugs,
}

impl Metric {
    /// As people write it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::AdoptionRate => "Adoption rate",
            Self::ErrorRate => "Error rate",
            Self::CriticalErrorRate => "Critical error rate",
            Self::PerformanceScore => "Performance score",
            Self::UserSatisfaction => "User satisfaction",
            Self::Retention => "Retention",
            Self::Engagement => "Engagement",
            Self::CriticalBugs => "Critical bugs",
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::AdoptionRate
            | Self::ErrorRate
            | Self::CriticalErrorRate
            | Self::Retention
            | Self::Engagement => " %",
            Self::UserSatisfaction => " of 5",
            Self::PerformanceScore | Self::CriticalBugs => "",
        }
    }
}

/// How the measured value must lie to the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparator {
    /// Strictly more.
    #[serde(rename = ">")]
    Above,
    /// Strictly less.
    #[serde(rename = "<")]
    Below,
    /// Not more.
    #[serde(rename = "<=")]
    AtMost,
    /// Not less.
    #[serde(rename = ">=")]
    AtLeast,
}

impl Comparator {
    fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::Below => "<",
            Self::AtMost => "≤",
            Self::AtLeast => "≥",
        }
    }
}

/// What a metric is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedWith {
    /// The threshold as it stands.
    #[default]
    Fixed,
    /// The threshold is a relative change, in %, against the control arm.
    Control,
    /// The threshold is a relative change, in %, against the time before the rollout.
    Baseline,
}

/// One condition of a phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Criterion {
    /// Measured.
    Automatic {
        /// What is measured.
        metric: Metric,
        /// How it must lie.
        comparator: Comparator,
        /// To what.
        threshold: f64,
        /// Against what.
        compared_with: ComparedWith,
        /// The flag that it is measured on, where not on all the rollout's flags.
        #[serde(skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    },
    /// A person must judge.
    SignedOff {
        /// What is to be judged.
        statement: String,
    },
}

/// A criterion as files write it, so that what is wrong has a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    statement: Option<String>,
    metric: Option<Metric>,
    comparator: Option<Comparator>,
    threshold: Option<f64>,
    compared_with: Option<ComparedWith>,
    scope: Option<String>,
}

impl<'de> Deserialize<'de> for Criterion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        match fields {
            Fields {
                statement: Some(statement),
                metric: None,
                comparator: None,
                threshold: None,
                ..
            } => Ok(Self::SignedOff { statement }),
            Fields { statement: Some(_), .. } => Err(D::Error::custom(
                "a criterion has a statement that somebody signs off, or a metric, not both",
            )),
            Fields { metric: None, .. } => Err(D::Error::missing_field("metric")),
            Fields { comparator: None, .. } => Err(D::Error::missing_field("comparator")),
            Fields { threshold: None, .. } => Err(D::Error::missing_field("threshold")),
            Fields {
                metric: Some(metric),
                comparator: Some(comparator),
                threshold: Some(threshold),
                compared_with,
                scope,
                ..
            } => {
                let compared_with = compared_with.unwrap_or_default();
                Ok(Self::Automatic { metric, comparator, threshold, compared_with, scope })
            }
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOff { statement } => f.write_str(statement),
            Self::Automatic { metric: Metric::CriticalBugs, threshold: 0.0, .. } => {
                f.write_str("Zero critical bugs")
            }
            Self::Automatic { metric, comparator, threshold, compared_with, scope } => {
                f.write_str(metric.title())?;
                if let Some(scope) = scope {
                    write!(f, " of {scope}")?;
                }
                let sign = comparator.sign();
                match compared_with {
                    ComparedWith::Fixed => write!(f, " {sign} {threshold}{}", metric.unit()),
                    ComparedWith::Control => {
                        write!(f, " change {sign} {threshold} % against control")
                    }
                    ComparedWith::Baseline => {
                        write!(f, " change {sign} {threshold} % against the time before")
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_criterion_reads_as_people_write_it() {
        let criterion: Criterion =
            serde_json::from_str(r#"{"metric":"adoption_rate","comparator":">","threshold":60}"#)
                .unwrap();
        assert_eq!(criterion.to_string(), "Adoption rate > 60 %");
        let criterion: Criterion = serde_json::from_str(
            r#"{"metric":"retention","comparator":">","threshold":10,"compared_with":"control"}"#,
        )
        .unwrap();
        assert_eq!(criterion.to_string(), "Retention change > 10 % against control");
        let complaint = |json| serde_json::from_str::<Criterion>(json).unwrap_err().to_string();
        assert!(
            complaint(r#"{"metric":"moon"}"#)
                .starts_with("unknown variant `moon`, expected one of")
        );
        assert!(complaint(r#"{"metric":"retention"}"#).contains("missing field `comparator`"));
        assert!(complaint("{}").contains("missing field `metric`"));
        assert!(complaint(r#"{"metrik":"retention"}"#).contains("unknown field `metrik`"));
        assert!(complaint(r#"{"statement":"x","threshold":1}"#).contains("not both"));
    }
}
