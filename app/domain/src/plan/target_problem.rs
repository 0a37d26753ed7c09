//! Checks whether a target can be measured in a plan, and whether it can hold and fail.

use super::{Comparator, ComparedWith, CriterionMetric, Plan, Target};
use crate::ids::PhaseNumber;

impl Target {
    /// Returns the field and the remedy if the target cannot be computed or its threshold decides
    /// nothing. `phase` is the phase whose users are measured; `None` for KPIs, which cover all.
    #[must_use]
    pub fn find_problem(
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
                format!("{title} is not known of users without the features; leave it out"),
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
            ComparedWith::Fixed => metric.value_range(),
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
            let found = parse_sample_target(json).find_problem(&plan, Some(PhaseNumber(phase)));
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
