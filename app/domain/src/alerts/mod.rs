//! Alerts: problems of a rollout that an operator must look at immediately.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, measurement::Measurement, stats::rate_bounds};

/// The share of sessions with an error above which an alert fires.
pub const MAX_ERROR_RATE: f64 = 0.05;

/// The relative drop of the performance score above which an alert fires.
pub const MAX_DEGRADATION: f64 = 0.30;

/// The share of exposed users who must have used a feature after [`ADOPTION_AFTER_HOURS`].
pub const MIN_ADOPTION: f64 = 0.20;

/// Hours from the start of a rollout until low adoption raises an alert.
pub const ADOPTION_AFTER_HOURS: i64 = 48;

/// The minimum number of cases for an alert on a plain value.
const MIN_CASES: u64 = 100;

/// The probability of a false alert, over all evaluations together.
const ALPHA: f64 = 0.05;

/// The feature that apps set on errors that concern security.
pub const SECURITY_FEATURE: &str = "security";

/// The kind of an alert; each kind has its own detection rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A critical error that concerns security occurred.
    Security,
    /// Too many sessions have an error.
    ErrorRate,
    /// The performance score has dropped.
    Performance,
    /// Too few exposed users use the feature.
    Adoption,
}

impl AlertKind {
    /// All kinds, the most severe first.
    pub const ALL: [Self; 4] = [Self::Security, Self::ErrorRate, Self::Performance, Self::Adoption];

    /// The name in files, forms and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::ErrorRate => "error_rate",
            Self::Performance => "performance",
            Self::Adoption => "adoption",
        }
    }

    /// Parses the name of a kind.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The title in the admin.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Security => "Critical security issue",
            Self::ErrorRate => "Error rate above 5 %",
            Self::Performance => "Performance down by more than 30 %",
            Self::Adoption => "Adoption below 20 % after 48 hours",
        }
    }
}

/// An alert that fires in an environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    pub kind: AlertKind,
    pub detail: String,
}

/// The measurements that alerts are computed from, of the users in the rollout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watched {
    /// The start of the rollout, not of its phase, because advancing does not resolve an alert.
    pub started_at: Timestamp,
    /// The rate of sessions with an error, today and yesterday.
    pub errors: Measurement,
    /// The performance score, today and yesterday.
    pub score: Measurement,
    /// The performance score before the rollout.
    pub score_before: Measurement,
    /// The rate of exposed users who used a feature.
    pub adoption: Measurement,
    /// Critical errors of the feature [`SECURITY_FEATURE`] since the start of the rollout, or since
    /// the alert was last acknowledged.
    pub security: u64,
}

/// Returns the alerts that fire, the most severe first.
#[must_use]
pub fn evaluate_alerts(watched: &Watched, now: Timestamp) -> Vec<Alert> {
    let security = (watched.security > 0).then(|| match watched.security {
        1 => "one critical error about security".to_owned(),
        times => format!("{times} critical errors about security"),
    });
    let is_late = now - watched.started_at >= TimeDelta::hours(ADOPTION_AFTER_HOURS);
    let found = [
        (AlertKind::Security, security),
        (AlertKind::ErrorRate, describe_rate_above(watched.errors, MAX_ERROR_RATE)),
        (AlertKind::Performance, describe_degradation(watched.score, watched.score_before)),
        (
            AlertKind::Adoption,
            is_late.then(|| describe_rate_below(watched.adoption, MIN_ADOPTION)).flatten(),
        ),
    ];
    let alert = |(kind, detail): (AlertKind, Option<String>)| Some(Alert { kind, detail: detail? });
    found.into_iter().filter_map(alert).collect()
}

fn rate_percent(happened: u64, cases: u64) -> f64 {
    happened as f64 / cases as f64 * 100.0
}

/// Describes a rate whose confidence bound exceeds the limit. From [`MIN_CASES`] on, the plain rate
/// suffices, so that a catastrophe need not wait for certainty.
fn describe_rate_above(measured: Measurement, limit: f64) -> Option<String> {
    let Measurement::Rate { happened, cases } = measured else { return None };
    let is_plain = cases >= MIN_CASES && happened as f64 > limit * cases as f64;
    let is_sure = rate_bounds(happened, cases, ALPHA).low > limit;
    (is_plain || is_sure).then(|| {
        format!("{:.1} % of {cases} sessions since yesterday", rate_percent(happened, cases))
    })
}

fn describe_rate_below(measured: Measurement, limit: f64) -> Option<String> {
    let Measurement::Rate { happened, cases } = measured else { return None };
    let is_plain = cases >= MIN_CASES && (happened as f64) < limit * cases as f64;
    let is_sure = rate_bounds(happened, cases, ALPHA).high < limit;
    (is_plain || is_sure)
        .then(|| format!("{:.1} % of {cases} users have tried it", rate_percent(happened, cases)))
}

fn describe_degradation(now: Measurement, before: Measurement) -> Option<String> {
    if now.sample() < MIN_CASES || before.sample() < MIN_CASES {
        return None;
    }
    let (now, before) = (now.value()?, before.value()?);
    (now < before * (1.0 - MAX_DEGRADATION)).then(|| {
        format!("a score of {now:.0} since yesterday, and of {before:.0} before the rollout")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy_measurements() -> Watched {
        Watched {
            started_at: Timestamp::UNIX_EPOCH,
            errors: Measurement::Rate { happened: 4, cases: 100 },
            score: Measurement::Plain { value: 70.0, count: 100 },
            score_before: Measurement::Plain { value: 100.0, count: 100 },
            adoption: Measurement::Rate { happened: 20, cases: 100 },
            security: 0,
        }
    }

    fn firing_kinds(watched: &Watched, hours: i64) -> Vec<AlertKind> {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::hours(hours);
        evaluate_alerts(watched, now).into_iter().map(|alert| alert.kind).collect()
    }

    #[test]
    fn each_alert_fires_beyond_its_limit() {
        assert_eq!(firing_kinds(&healthy_measurements(), 60), []);
        let errors = Measurement::Rate { happened: 6, cases: 100 };
        assert_eq!(
            firing_kinds(&Watched { errors, ..healthy_measurements() }, 0),
            [AlertKind::ErrorRate]
        );
        let score = Measurement::Plain { value: 69.0, count: 100 };
        assert_eq!(
            firing_kinds(&Watched { score, ..healthy_measurements() }, 0),
            [AlertKind::Performance]
        );
        let adoption = Measurement::Rate { happened: 19, cases: 100 };
        assert_eq!(firing_kinds(&Watched { adoption, ..healthy_measurements() }, 47), []);
        assert_eq!(
            firing_kinds(&Watched { adoption, ..healthy_measurements() }, 48),
            [AlertKind::Adoption]
        );
        assert_eq!(
            firing_kinds(&Watched { security: 1, ..healthy_measurements() }, 0),
            [AlertKind::Security]
        );
    }

    #[test]
    fn few_cases_raise_an_alert_only_beyond_the_confidence_bound() {
        let errors = |happened, cases| {
            firing_kinds(
                &Watched {
                    errors: Measurement::Rate { happened, cases },
                    ..healthy_measurements()
                },
                0,
            )
        };
        assert_eq!(errors(3, 20), []);
        assert_eq!(errors(12, 20), [AlertKind::ErrorRate]);
        let score = Measurement::Plain { value: 1.0, count: 99 };
        assert_eq!(firing_kinds(&Watched { score, ..healthy_measurements() }, 0), []);
    }
}
