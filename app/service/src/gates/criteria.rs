//! Evaluates the criteria of a phase.

use phasegate_domain::{
    measurement::{CriterionResult, Limit, Verdict, judge_change, judge_measurement},
    plan::{ComparedWith, Criterion, CriterionMetric, Phase, Target},
};

use super::{
    evidence::{Days, Evidence},
    measure::sample_unit,
};

/// Returns the result of each criterion of a phase, in the order of the plan.
pub(super) fn evaluate_criteria(evidence: &Evidence, phase: &Phase) -> Vec<CriterionResult> {
    let automatic = phase.criteria.iter().filter(|c| matches!(c, Criterion::Automatic(_))).count();
    let result = |criterion: &Criterion| match criterion {
        Criterion::Automatic(target) => evidence.judge_target(target, automatic),
        Criterion::SignedOff { .. } => {
            CriterionResult { verdict: Verdict::AwaitingSignOff, ..CriterionResult::unknown("") }
        }
    };
    phase.criteria.iter().map(result).collect()
}

impl Evidence {
    /// Judges a target. `together` is the number of targets that share the error probability.
    pub(crate) fn judge_target(&self, target: &Target, together: usize) -> CriterionResult {
        if target.metric == CriterionMetric::Uptime {
            return CriterionResult::unknown("not measured: no address is monitored");
        }
        let limit = Limit { comparator: target.comparator, threshold: target.threshold };
        let of = sample_unit(target.metric, target.compared_with != ComparedWith::Fixed);
        let days = match self.measured_days(target) {
            Ok(days) => days,
            Err(problem) => return CriterionResult::unknown(problem.to_string()),
        };
        let others = match self.comparison_group(target.compared_with) {
            Ok(others) => others,
            Err(problem) => return CriterionResult::unknown(problem.to_string()),
        };
        let found = match &others {
            None => {
                let measured = self.measure_target(target, &self.target_group(target), days, false);
                judge_measurement(measured, limit, of, together)
            }
            Some(others) => {
                let pair = self.compare_groups(target, others, days);
                judge_change(pair, limit, of, others.describe_group(), together)
            }
        };
        let value = |day: i64| {
            let day: Days = (day, day + 1);
            match &others {
                None => self.measure_target(target, &self.target_group(target), day, false).value(),
                Some(others) => self.compare_groups(target, others, day).relative_change(),
            }
        };
        // Retention has no value for a single day.
        let has_trend =
            !matches!(target.metric, CriterionMetric::Retention | CriterionMetric::Retention30);
        let (from, to) = days;
        let trend = if has_trend { (from..to).map(value).collect() } else { Vec::new() };
        CriterionResult { trend, ..found }
    }
}
