//! Alerts: what an operator must look at now, whatever else is well.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{Timestamp, measurement::Measurement, stats::rate_bounds};

/// More sessions than this part must not have an error.
pub const MAX_ERROR_RATE: f64 = 0.05;

/// By more than this part the performance score must not fall.
pub const MAX_DEGRADATION: f64 = 0.30;

/// At least this part must have tried what they were given…
pub const MIN_ADOPTION: f64 = 0.20;

/// … after so many hours.
pub const ADOPTION_AFTER_HOURS: i64 = 48;

/// A plain number of fewer cases raises no alert.
const MIN_CASES: u64 = 100;

/// How often an alarm may be false, over all the looks together.
const ALPHA: f64 = 0.05;

/// The feature that apps name when an error is about security.
pub const SECURITY_FEATURE: &str = "security";

/// The kind of an alert; each has a detection rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// Something critical about security happened.
    Security,
    /// Too many sessions have an error.
    ErrorRate,
    /// Pages have become slow.
    Performance,
    /// Too few users try what they were given.
    Adoption,
}

impl AlertKind {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Security, Self::ErrorRate, Self::Performance, Self::Adoption];

    /// Its name in files, forms and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::ErrorRate => "error_rate",
            Self::Performance => "performance",
            Self::Adoption => "adoption",
        }
    }

    /// The alert of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name that the admin shows.
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

/// What is looked at, of those who were given a rollout's features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watched {
    /// Since when the rollout is served. Not the phase: what was alarming in the phase before is not
    /// over because the rollout has advanced.
    pub started_at: Timestamp,
    /// Sessions with an error, of today and yesterday.
    pub errors: Measurement,
    /// The performance score of today and yesterday.
    pub score: Measurement,
    /// The score before the rollout.
    pub score_before: Measurement,
    /// Who tried it, of those who were given it.
    pub adoption: Measurement,
    /// Critical errors that the app says are about [`SECURITY_FEATURE`], since the start or since the
    /// last one was acknowledged.
    pub security: u64,
}

/// What is alarming now, the worst first.
#[must_use]
pub fn alerts(watched: &Watched, now: Timestamp) -> Vec<Alert> {
    let security = (watched.security > 0).then(|| match watched.security {
        1 => "one critical error about security".to_owned(),
        times => format!("{times} critical errors about security"),
    });
    let is_late = now - watched.started_at >= TimeDelta::hours(ADOPTION_AFTER_HOURS);
    let found = [
        (AlertKind::Security, security),
        (AlertKind::ErrorRate, above(watched.errors, MAX_ERROR_RATE)),
        (AlertKind::Performance, degraded(watched.score, watched.score_before)),
        (AlertKind::Adoption, is_late.then(|| below(watched.adoption, MIN_ADOPTION)).flatten()),
    ];
    let alert = |(kind, detail): (AlertKind, Option<String>)| Some(Alert { kind, detail: detail? });
    found.into_iter().filter_map(alert).collect()
}

fn percent(happened: u64, cases: u64) -> f64 {
    happened as f64 / cases as f64 * 100.0
}

/// Surely, or plainly with many cases: a catastrophe is not to wait for certainty.
fn above(measured: Measurement, limit: f64) -> Option<String> {
    let Measurement::Rate { happened, cases } = measured else { return None };
    let is_plain = cases >= MIN_CASES && happened as f64 > limit * cases as f64;
    let is_sure = rate_bounds(happened, cases, ALPHA).low > limit;
    (is_plain || is_sure)
        .then(|| format!("{:.1} % of {cases} sessions since yesterday", percent(happened, cases)))
}

fn below(measured: Measurement, limit: f64) -> Option<String> {
    let Measurement::Rate { happened, cases } = measured else { return None };
    let is_plain = cases >= MIN_CASES && (happened as f64) < limit * cases as f64;
    let is_sure = rate_bounds(happened, cases, ALPHA).high < limit;
    (is_plain || is_sure)
        .then(|| format!("{:.1} % of {cases} users have tried it", percent(happened, cases)))
}

fn degraded(now: Measurement, before: Measurement) -> Option<String> {
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

    fn calm() -> Watched {
        Watched {
            started_at: Timestamp::UNIX_EPOCH,
            errors: Measurement::Rate { happened: 4, cases: 100 },
            score: Measurement::Plain { value: 70.0, count: 100 },
            score_before: Measurement::Plain { value: 100.0, count: 100 },
            adoption: Measurement::Rate { happened: 20, cases: 100 },
            security: 0,
        }
    }

    fn found(watched: &Watched, hours: i64) -> Vec<AlertKind> {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::hours(hours);
        alerts(watched, now).into_iter().map(|alert| alert.kind).collect()
    }

    #[test]
    fn each_alarm_has_its_limit() {
        assert_eq!(found(&calm(), 60), []);
        let errors = Measurement::Rate { happened: 6, cases: 100 };
        assert_eq!(found(&Watched { errors, ..calm() }, 0), [AlertKind::ErrorRate]);
        let score = Measurement::Plain { value: 69.0, count: 100 };
        assert_eq!(found(&Watched { score, ..calm() }, 0), [AlertKind::Performance]);
        let adoption = Measurement::Rate { happened: 19, cases: 100 };
        assert_eq!(found(&Watched { adoption, ..calm() }, 47), []);
        assert_eq!(found(&Watched { adoption, ..calm() }, 48), [AlertKind::Adoption]);
        assert_eq!(found(&Watched { security: 1, ..calm() }, 0), [AlertKind::Security]);
    }

    #[test]
    fn few_cases_raise_no_alert_unless_it_is_sure() {
        let errors = |happened, cases| {
            found(&Watched { errors: Measurement::Rate { happened, cases }, ..calm() }, 0)
        };
        assert_eq!(errors(3, 20), []);
        assert_eq!(errors(12, 20), [AlertKind::ErrorRate]);
        let score = Measurement::Plain { value: 1.0, count: 99 };
        assert_eq!(found(&Watched { score, ..calm() }, 0), []);
    }
}
