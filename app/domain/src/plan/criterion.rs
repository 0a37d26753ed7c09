//! Criteria: the measured or judged conditions for leaving a phase.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{Comparator, ComparedWith, CriterionMetric, Target};

/// A criterion for leaving a phase.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Criterion {
    Automatic(Target),
    /// An account must sign the statement off.
    SignedOff {
        statement: String,
    },
}

/// The fields of a criterion in a file. Errors of an untagged enum would not name the field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    statement: Option<String>,
    metric: Option<CriterionMetric>,
    comparator: Option<Comparator>,
    threshold: Option<f64>,
    compared_with: Option<ComparedWith>,
    scope: Option<String>,
    event: Option<String>,
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
                compared_with: None,
                scope: None,
                event: None,
            } => Ok(Self::SignedOff { statement }),
            Fields { statement: Some(_), .. } => Err(D::Error::custom(
                "a criterion has a statement to sign off or a metric, not both",
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
                event,
                ..
            } => {
                let compared_with = compared_with.unwrap_or_default();
                let target = Target { metric, comparator, threshold, compared_with, scope, event };
                Ok(Self::Automatic(target))
            }
        }
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedOff { statement } => f.write_str(statement),
            Self::Automatic(target) => target.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_are_displayed_with_units_and_invalid_ones_refused() {
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
        assert!(complaint(r#"{"statement":"x","scope":"A"}"#).contains("not both"));
    }
}
