//! Checks whether a target can be measured in a plan, and whether it can hold and fail.

use super::{Comparator, ComparedWith, CriterionMetric, Plan, Target};
use crate::ids::{FlagKey, PhaseNumber};

/// Why a criterion or KPI cannot be computed, or cannot decide anything. The text says the remedy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TargetProblem {
    /// The metric counts an event, and none is named.
    #[error("name the event that is counted")]
    MissingEvent,
    /// An event is named, and the metric counts none.
    #[error("only the metric \"events\" counts an event, {} does not", .0.title())]
    UnusedEvent(CriterionMetric),
    /// The metric is compared with users for whom it is not measured.
    #[error("{} is not known of users without the features; leave it out", .0.title())]
    UnknownOfOthers(CriterionMetric),
    /// A comparison with the control group is limited to a flag.
    #[error("both sides of a share are compared in all that they do; leave it out")]
    ScopedControl,
    /// A comparison with the control group, and the phase has none.
    #[error("there is no control group: the audience has no share below 100 %")]
    NoControl,
    /// No value of the metric can meet the threshold, or none can miss it.
    #[error("{} {threshold} cannot decide anything: {} is at least {low}{}", .comparator.sign(), .metric.title(), upper_end(*.high))]
    Threshold {
        /// The metric that is compared.
        metric: CriterionMetric,
        /// How it is compared.
        comparator: Comparator,
        /// What it is compared with.
        threshold: f64,
        /// The lowest possible value.
        low: f64,
        /// The highest possible value; `f64::MAX` if there is none.
        high: f64,
    },
    /// No phase adds the flag that the target is limited to.
    #[error("no phase {}adds the flag {flag}", if *.so_far { "so far " } else { "" })]
    UnknownScope {
        /// The flag as the plan writes it.
        flag: String,
        /// Whether only phases up to that of the criterion count.
        so_far: bool,
    },
    /// Uptime is a criterion, and nothing measures it.
    #[error(
        "no address is monitored, so it cannot be computed; write it as a statement to sign off"
    )]
    Uptime,
    /// The window of a KPI is empty or too long.
    #[error("1 to {max} days")]
    Window {
        /// The longest window, in days.
        max: u16,
    },
}

fn upper_end(high: f64) -> String {
    if high == f64::MAX { String::new() } else { format!(" and at most {high}") }
}

impl TargetProblem {
    /// The field of the target that is wrong.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::MissingEvent | Self::UnusedEvent(_) => "event",
            Self::UnknownOfOthers(_) | Self::NoControl => "compared_with",
            Self::ScopedControl | Self::UnknownScope { .. } => "scope",
            Self::Threshold { .. } => "threshold",
            Self::Uptime => "metric",
            Self::Window { .. } => "window_days",
        }
    }
}

impl Target {
    /// Checks that the target can be computed and that its threshold decides something. `phase` is
    /// the phase whose users are measured; `None` for KPIs, which cover all.
    ///
    /// # Errors
    /// Returns the first problem.
    pub fn check_in_plan(
        &self,
        plan: &Plan,
        phase: Option<PhaseNumber>,
    ) -> Result<(), TargetProblem> {
        let Self { metric, comparator, threshold, compared_with, .. } = self;
        match (*metric == CriterionMetric::Events, &self.event) {
            (true, None) => return Err(TargetProblem::MissingEvent),
            (false, Some(_)) => return Err(TargetProblem::UnusedEvent(*metric)),
            _ => {}
        }
        if *compared_with != ComparedWith::Fixed && !metric.is_known_of_others() {
            return Err(TargetProblem::UnknownOfOthers(*metric));
        }
        if *compared_with == ComparedWith::Control && self.scope.is_some() {
            return Err(TargetProblem::ScopedControl);
        }
        let has_control = match phase {
            Some(phase) => plan.has_control(phase),
            None => plan.phases.iter().any(|phase| plan.has_control(phase.number)),
        };
        if *compared_with == ComparedWith::Control && !has_control {
            return Err(TargetProblem::NoControl);
        }
        let (low, high) = match compared_with {
            ComparedWith::Fixed => metric.value_range(),
            _ => (-100.0, f64::MAX),
        };
        let can_hold = match comparator {
            Comparator::Above => low <= *threshold && *threshold < high,
            Comparator::AtLeast => low <= *threshold && *threshold <= high,
            Comparator::Below => low < *threshold && *threshold <= high,
            Comparator::AtMost => low <= *threshold && *threshold <= high,
        };
        if can_hold {
            return Ok(());
        }
        let (metric, comparator, threshold) = (*metric, *comparator, *threshold);
        Err(TargetProblem::Threshold { metric, comparator, threshold, low, high })
    }

    /// Checks that one of the flags is the one that the target is limited to, if it is to any.
    pub(super) fn check_scope<'a>(
        &self,
        mut flags: impl Iterator<Item = &'a FlagKey>,
        so_far: bool,
    ) -> Result<(), TargetProblem> {
        match &self.scope {
            Some(scope) if !flags.any(|flag| flag.as_str() == scope) => {
                Err(TargetProblem::UnknownScope { flag: scope.clone(), so_far })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan_file;

    fn parse_sample_target(json: &str) -> Target {
        match serde_json::from_str(json).unwrap() {
            crate::plan::Criterion::Automatic(target) => target,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_target_that_cannot_be_computed_names_its_field() {
        let plan = plan_file().plan;
        let problem = |json, phase| {
            let found = parse_sample_target(json).check_in_plan(&plan, Some(PhaseNumber(phase)));
            found.err().map(|problem| format!("{}: {problem}", problem.field()))
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
