//! What is measured, and how it must lie.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::ids::PhaseNumber;

/// What criteria and KPIs may name.
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
    /// The same, 30 days later.
    #[serde(rename = "retention_30")]
    Retention30,
    /// Visible minutes with the features in use, per user who was given them. Against others, who
    /// have no such features: how long sessions last.
    Engagement,
    /// Mean duration of sessions, in minutes.
    SessionDuration,
    /// How often an event of the app's own happens, per 100 users and day.
    Events,
    /// Sessions with a critical error, and bug reports.
    CriticalBugs,
}

impl CriterionMetric {
    /// As people write it.
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

    /// With the space before it.
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

    /// What a value can be at least and at most.
    fn range(self) -> (f64, f64) {
        match self {
            Self::UserSatisfaction => (1.0, 5.0),
            Self::Nps => (-100.0, 100.0),
            Self::Engagement | Self::SessionDuration | Self::Events | Self::CriticalBugs => {
                (0.0, f64::MAX)
            }
            _ => (0.0, 100.0),
        }
    }

    /// Whether it is known of people who were not given anything.
    fn is_known_of_others(self) -> bool {
        !matches!(self, Self::AdoptionRate | Self::CriticalBugs | Self::Uptime | Self::Nps)
    }
}

/// How the measured value must lie to the threshold.
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
    /// As people write it.
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

/// How a metric must lie.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    pub metric: CriterionMetric,
    /// How it must lie.
    pub comparator: Comparator,
    pub threshold: f64,
    pub compared_with: ComparedWith,
    /// The flag that it is measured on, where not on all the rollout's flags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The app's own event that is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

impl Target {
    /// Why it cannot be computed or cannot hold: the field, and what to write. `phase` is the one
    /// whose people are measured; KPIs are about all of them.
    #[must_use]
    pub fn problem(
        &self,
        plan: &Plan,
        phase: Option<PhaseNumber>,
    ) -> Option<(&'static str, String)> {
        let Self { metric, comparator, threshold, compared_with, .. } = self;
        let title = metric.title();
        let is_events = *metric == CriterionMetric::Events;
        if is_events != self.event.is_some() {
            let text = match is_events {
                true => "name the event that is counted".to_owned(),
                false => format!("only the metric \"events\" counts an event, {title} does not"),
            };
            return Some(("event", text));
        }
        if *compared_with != ComparedWith::Fixed && !metric.is_known_of_others() {
            return Some((
                "compared_with",
                format!("{title} is not known of people without the features; leave it out"),
            ));
        }
        if *compared_with == ComparedWith::Control && self.scope.is_some() {
            let text = "both sides of a share are compared in all that they do; leave it out";
            return Some(("scope", text.to_owned()));
        }
        let has_control = |phase| plan.has_control(phase);
        let is_without_control = match phase {
            Some(phase) => !has_control(phase),
            None => !plan.phases.iter().any(|phase| has_control(phase.number)),
        };
        if *compared_with == ComparedWith::Control && is_without_control {
            return Some((
                "compared_with",
                "there is no control group: the audience has no share below 100 %".to_owned(),
            ));
        }
        let (low, high) = match compared_with {
            ComparedWith::Fixed => metric.range(),
            _ => (-100.0, f64::MAX),
        };
        let can_hold = match comparator {
            Comparator::Above => low <= *threshold && *threshold < high,
            Comparator::AtLeast => low <= *threshold && *threshold <= high,
            Comparator::Below => low < *threshold && *threshold <= high,
            Comparator::AtMost => low <= *threshold && *threshold <= high,
        };
        (!can_hold).then(|| {
            let sign = comparator.sign();
            let most =
                if high == f64::MAX { String::new() } else { format!(" and at most {high}") };
            let text = format!(
                "{sign} {threshold} cannot decide anything: {title} is at least {low}{most}"
            );
            ("threshold", text)
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, comparator, threshold, compared_with, scope, event } = self;
        if *metric == CriterionMetric::CriticalBugs && *threshold == 0.0 {
            return f.write_str("Zero critical bugs");
        }
        match event {
            Some(event) => write!(f, "Events \u{201c}{event}\u{201d}")?,
            // People without the features spend no time with them.
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
                write!(f, " change {sign} {threshold} % against the time before")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan_file;

    fn target(json: &str) -> Target {
        match serde_json::from_str(json).unwrap() {
            crate::plan::Criterion::Automatic(target) => target,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_cannot_be_computed_says_which_field_and_why() {
        let plan = plan_file().plan;
        let problem = |json, phase| {
            let found = target(json).problem(&plan, Some(PhaseNumber(phase)));
            found.map(|(field, text)| format!("{field}: {text}"))
        };
        let control =
            r#"{"metric":"retention","comparator":">","threshold":10,"compared_with":"control"}"#;
        assert_eq!(problem(control, 2), None);
        for without in [1, 3] {
            assert!(
                problem(control, without)
                    .unwrap()
                    .starts_with("compared_with: there is no control group")
            );
        }
        let refused = |json, begin: &str| {
            let found = problem(json, 2).unwrap();
            assert!(found.starts_with(begin), "{found}");
        };
        refused(
            r#"{"metric":"adoption_rate","comparator":">","threshold":10,"compared_with":"baseline"}"#,
            "compared_with: Adoption rate is not known",
        );
        refused(
            r#"{"metric":"adoption_rate","comparator":">","threshold":100}"#,
            "threshold: > 100 cannot decide",
        );
        refused(
            r#"{"metric":"user_satisfaction","comparator":">","threshold":7}"#,
            "threshold: > 7 cannot decide",
        );
        refused(
            r#"{"metric":"error_rate","comparator":"<","threshold":0}"#,
            "threshold: < 0 cannot decide",
        );
        refused(r#"{"metric":"events","comparator":"<","threshold":3}"#, "event: name the event");
        refused(r#"{"metric":"nps","event":"x","comparator":"<","threshold":3}"#, "event: only");
    }
}
