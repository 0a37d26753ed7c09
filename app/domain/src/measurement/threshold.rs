//! Verdicts on measurements by their confidence bounds and a threshold.

use super::{CriterionResult, Measurement, Verdict, value::MIN_FOR_PLAIN};
use crate::{
    plan::Comparator,
    stats::{ALPHA, Bounds, MIN_FOR_MEAN},
};

/// The minimum sample for a count to pass.
const MIN_FOR_COUNT: u64 = 30;

/// The largest sample to ask for: beyond it, the value is too close to its limit to tell.
const MAX_MORE: u64 = 10_000_000;

/// A threshold, and the side of it that passes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    pub comparator: Comparator,
    pub threshold: f64,
}

impl Limit {
    fn is_met_by(self, value: f64) -> bool {
        match self.comparator {
            Comparator::Above => value > self.threshold,
            Comparator::AtLeast => value >= self.threshold,
            Comparator::Below => value < self.threshold,
            Comparator::AtMost => value <= self.threshold,
        }
    }

    /// Returns pass or fail if both bounds lie on the same side of the threshold.
    #[must_use]
    pub fn judge_bounds(self, bounds: Bounds) -> Verdict {
        match (self.is_met_by(bounds.low), self.is_met_by(bounds.high)) {
            (true, true) => Verdict::Pass,
            (false, false) => Verdict::Fail,
            _ => Verdict::Inconclusive,
        }
    }
}

/// The unit of a sample in words: singular and plural.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleUnit(pub &'static str, pub &'static str);

impl SampleUnit {
    pub(super) fn write_count(self, count: u64) -> String {
        format!("{count} {}", self.name_for_count(count))
    }

    /// Writes, for example, `about 12 more sessions needed`.
    fn write_missing(self, about: &str, count: u64) -> String {
        format!("{about}{count} more {} needed", self.name_for_count(count))
    }

    fn name_for_count(self, count: u64) -> &'static str {
        if count == 1 { self.0 } else { self.1 }
    }
}

/// Judges a measurement by a limit. `criteria` is the number of criteria that are judged together;
/// they share the error equally.
#[must_use]
pub fn judge_measurement(
    measured: Measurement,
    limit: Limit,
    of: SampleUnit,
    criteria: usize,
) -> CriterionResult {
    let alpha = ALPHA / criteria.max(1) as f64;
    let sample = measured.sample();
    if sample == 0 {
        return CriterionResult::unknown(format!("no {} yet", of.1));
    }
    let now = measured.bounds(alpha);
    let text = match measured {
        Measurement::Rate { happened, cases } => format!(
            "{:.1} % of {}, confidence interval {}",
            happened as f64 / cases as f64 * 100.0,
            of.write_count(cases),
            format_bounds(now, " %")
        ),
        Measurement::Mean { mean, count: MIN_FOR_MEAN.., .. } => {
            format!(
                "{mean:.2} from {}, confidence interval {}",
                of.write_count(sample),
                format_bounds(now, "")
            )
        }
        Measurement::Mean { mean, .. } => format!("{mean:.2} from {}", of.write_count(sample)),
        // It has no bounds, so the text says that it may still change.
        Measurement::Plain { value, .. } => {
            format!("{value:.1} from {} (no interval)", of.write_count(sample))
        }
        Measurement::Count { happened, .. } => format!("{happened} in {}", of.write_count(sample)),
    };
    let (verdict, detail) = match measured {
        Measurement::Count { happened, looked: ..MIN_FOR_COUNT }
            if limit.is_met_by(happened as f64) =>
        {
            let more = of.write_missing("", MIN_FOR_COUNT - sample);
            (Verdict::Inconclusive, format!("{text}; {more}"))
        }
        Measurement::Plain { count: ..MIN_FOR_PLAIN, .. } => {
            let more = of.write_missing("", MIN_FOR_PLAIN - sample);
            (Verdict::Inconclusive, format!("{text}; {more}"))
        }
        _ => {
            let later = |sample| measured.with_sample(sample).bounds(alpha);
            assess_bounds(Assessment { limit, now, text, count: sample, of }, later)
        }
    };
    CriterionResult { verdict, detail, value: measured.value(), sample, trend: Vec::new() }
}

fn format_bounds(bounds: Bounds, unit: &str) -> String {
    format!("{:.1} to {:.1}{unit}", bounds.low, bounds.high)
}

/// A measurement with its current bounds and their description.
pub(super) struct Assessment {
    pub(super) limit: Limit,
    pub(super) now: Bounds,
    pub(super) text: String,
    pub(super) count: u64,
    pub(super) of: SampleUnit,
}

/// Returns the verdict by bounds. If it is inconclusive, the text says how many more cases are
/// needed at the current value.
pub(super) fn assess_bounds(found: Assessment, later: impl Fn(u64) -> Bounds) -> (Verdict, String) {
    let Assessment { limit, now, text, count, of } = found;
    let verdict = limit.judge_bounds(now);
    if verdict != Verdict::Inconclusive {
        return (verdict, text);
    }
    let is_enough = |count: u64| limit.judge_bounds(later(count)) != Verdict::Inconclusive;
    let doubled = std::iter::successors(Some(count.max(1)), |count| count.checked_mul(2));
    let enough = doubled.take_while(|count| *count <= MAX_MORE).find(|count| is_enough(*count));
    let detail = match enough {
        Some(enough) => {
            let (mut few, mut many) = (count, enough);
            while many - few > 1 {
                let half = few.midpoint(many);
                if is_enough(half) { many = half } else { few = half }
            }
            format!("{text}; {}", of.write_missing("about ", many - count))
        }
        None => format!("{text}; too close to the limit to tell"),
    };
    (verdict, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: SampleUnit = SampleUnit("session", "sessions");

    fn sample_limit(comparator: Comparator, threshold: f64) -> Limit {
        Limit { comparator, threshold }
    }

    fn rate_verdict(happened: u64, cases: u64, limit: Limit) -> Verdict {
        judge_measurement(Measurement::Rate { happened, cases }, limit, SESSIONS, 1).verdict
    }

    #[test]
    fn a_rate_is_inconclusive_until_its_bounds_clear_the_limit() {
        let below_three = sample_limit(Comparator::Below, 3.0);
        assert_eq!(rate_verdict(0, 0, below_three), Verdict::Inconclusive);
        assert_eq!(rate_verdict(0, 50, below_three), Verdict::Inconclusive);
        assert_eq!(rate_verdict(0, 400, below_three), Verdict::Pass);
        assert_eq!(rate_verdict(40, 400, below_three), Verdict::Fail);
        let above_sixty = sample_limit(Comparator::Above, 60.0);
        assert_eq!(rate_verdict(20, 20, above_sixty), Verdict::Pass);
        assert_eq!(rate_verdict(2, 20, above_sixty), Verdict::Fail);
        assert_eq!(rate_verdict(13, 20, above_sixty), Verdict::Inconclusive);
    }

    #[test]
    fn an_inconclusive_rate_says_how_many_more_cases_it_needs() {
        let below = sample_limit(Comparator::Below, 3.0);
        let found =
            judge_measurement(Measurement::Rate { happened: 0, cases: 50 }, below, SESSIONS, 1);
        let more: u64 = found.detail.split(' ').rev().nth(3).unwrap().parse().unwrap();
        assert!(found.detail.ends_with("more sessions needed"), "{}", found.detail);
        assert_eq!(rate_verdict(0, 50 + more, below), Verdict::Pass);
        assert_eq!(rate_verdict(0, 49 + more, below), Verdict::Inconclusive);
        let close =
            judge_measurement(Measurement::Rate { happened: 3, cases: 100 }, below, SESSIONS, 1);
        assert!(close.detail.ends_with("too close to the limit to tell"), "{}", close.detail);
    }

    #[test]
    fn more_criteria_need_more_evidence() {
        let below = sample_limit(Comparator::Below, 3.0);
        let of = |criteria| {
            judge_measurement(
                Measurement::Rate { happened: 0, cases: 250 },
                below,
                SESSIONS,
                criteria,
            )
        };
        assert_eq!(of(1).verdict, Verdict::Pass);
        assert_eq!(of(10).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn means_plain_values_and_counts_are_judged() {
        let above = sample_limit(Comparator::Above, 4.0);
        let mean = |mean, count| {
            judge_measurement(Measurement::Mean { mean, variance: 1.0, count }, above, SESSIONS, 1)
        };
        assert_eq!(mean(4.5, 29).verdict, Verdict::Inconclusive);
        assert_eq!(mean(4.5, 400).verdict, Verdict::Pass);
        assert_eq!(mean(3.5, 400).verdict, Verdict::Fail);
        assert!(mean(4.5, 2).detail.contains("more sessions needed"), "{}", mean(4.5, 2).detail);
        let plain = |value, count| {
            judge_measurement(Measurement::Plain { value, count }, above, SESSIONS, 1)
        };
        assert_eq!(plain(90.0, 100).verdict, Verdict::Pass);
        assert_eq!(plain(3.0, 100).verdict, Verdict::Fail);
        assert_eq!(
            plain(90.0, 60).detail,
            "90.0 from 60 sessions (no interval); 40 more sessions needed"
        );
        let zero = sample_limit(Comparator::AtMost, 0.0);
        let count = |happened, looked| {
            judge_measurement(Measurement::Count { happened, looked }, zero, SESSIONS, 1)
        };
        assert_eq!(count(0, 30).verdict, Verdict::Pass);
        assert_eq!(count(0, 29).verdict, Verdict::Inconclusive);
        assert_eq!(count(1, 9).verdict, Verdict::Fail);
        assert_eq!(count(0, 0).verdict, Verdict::Inconclusive);
        assert_eq!(count(0, 1).detail, "0 in 1 session; 29 more sessions needed");
    }
}
