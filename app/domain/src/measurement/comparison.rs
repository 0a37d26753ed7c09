//! Relative changes between users with the features and a group without them.

use super::{
    CriterionResult, Limit, Measurement, SampleUnit, Verdict,
    threshold::{Assessment, assess_bounds},
};
use crate::stats::{ALPHA, Bounds, rate_bounds};

/// The probability of a false sample-ratio mismatch, over all looks together.
const SAMPLE_RATIO_ALPHA: f64 = 0.001;

/// One metric, measured for users with the features and for a group without them.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    pub with: Measurement,
    pub without: Measurement,
}

impl Comparison {
    /// Returns the change from `without` to `with` in per cent; `None` if either is unknown, or if
    /// `without` is zero.
    #[must_use]
    pub fn relative_change(self) -> Option<f64> {
        let (with, without) = (self.with.value()?, self.without.value()?);
        (without > 0.0).then(|| (with / without - 1.0) * 100.0)
    }

    /// Returns the confidence bounds of the change; each side gets half of `alpha`.
    fn bounds(self, alpha: f64) -> Bounds {
        let (with, without) = (self.with.bounds(alpha / 2.0), self.without.bounds(alpha / 2.0));
        // No compared metric is negative.
        let change = |with: f64, without: f64| {
            let ratio = if without > 0.0 { with.max(0.0) / without } else { f64::INFINITY };
            (ratio - 1.0) * 100.0
        };
        let low = if without.high.is_finite() { change(with.low, without.high) } else { -100.0 };
        let high =
            if with.high.is_finite() { change(with.high, without.low) } else { f64::INFINITY };
        Bounds { low, high }
    }

    fn with_sample(self, sample: u64) -> Self {
        let all = self.sample().max(1) as f64;
        let part = |measured: Measurement| {
            let part = measured.sample() as f64 / all;
            measured.with_sample((part * sample as f64).round() as u64)
        };
        Self { with: part(self.with), without: part(self.without) }
    }

    /// Returns the number of cases on both sides.
    #[must_use]
    pub fn sample(self) -> u64 {
        self.with.sample() + self.without.sample()
    }
}

/// Judges a criterion about a relative change, in per cent. `others` names the group without the
/// features, such as `in control`; `criteria` is the number of criteria that share the error.
#[must_use]
pub fn judge_change(
    pair: Comparison,
    limit: Limit,
    of: SampleUnit,
    others: &str,
    criteria: usize,
) -> CriterionResult {
    let missing = |place: &str| CriterionResult::unknown(format!("no {} {place}", of.1));
    let (Some(with), Some(without)) = (pair.with.value(), pair.without.value()) else {
        let is_with = pair.with.sample() == 0;
        return missing(if is_with { "among those who were given it yet" } else { others });
    };
    // Zero on both sides does not mean no change: the event may have another name.
    if with == 0.0 && without == 0.0 {
        return CriterionResult {
            value: None,
            sample: pair.sample(),
            ..CriterionResult::unknown(format!(
                "nothing happened among {} nor among {} {others}",
                of.write_count(pair.with.sample()),
                pair.without.sample(),
            ))
        };
    }
    // Only the bounds of a rate limit a change from zero.
    if without == 0.0 && !matches!(pair.without, Measurement::Rate { .. }) {
        return CriterionResult {
            sample: pair.sample(),
            ..CriterionResult::unknown(format!(
                "nothing happened among {} {others}",
                of.write_count(pair.without.sample())
            ))
        };
    }
    let alpha = ALPHA / criteria.max(1) as f64;
    let unit = if matches!(pair.with, Measurement::Rate { .. }) { " %" } else { "" };
    let counts = format!(
        "{with:.1}{unit} of {} against {without:.1}{unit} of {} {others}",
        of.write_count(pair.with.sample()),
        pair.without.sample(),
    );
    let text = match pair.relative_change() {
        Some(change) => format!("{change:+.1} % ({counts})"),
        None => counts,
    };
    let now = pair.bounds(alpha);
    let interval = match (now.low.is_finite() && now.low > -100.0, now.high.is_finite()) {
        (_, true) => format!(", confidence interval {:+.1} to {:+.1} %", now.low, now.high),
        (true, false) => format!(", confidence bound {:+.1} % or more", now.low),
        _ => String::new(),
    };
    let later = |sample| pair.with_sample(sample).bounds(alpha);
    let found = Assessment { limit, now, text: text + &interval, count: pair.sample(), of };
    let (verdict, detail) = assess_bounds(found, later);
    CriterionResult {
        verdict,
        detail,
        value: pair.relative_change(),
        sample: pair.sample(),
        trend: Vec::new(),
    }
}

/// Tests whether the sizes of both arms fit an entry that admits `share` (0 to 1) of its users.
/// Returns `None` if they do. Otherwise users of one arm are not counted, so the arms cannot be
/// compared, and the result says so.
///
/// The sequential multinomial test with two outcomes (Lindon & Malek: "Anytime-valid inference for
/// multinomial count data", 2022), which is the mixture of [`rate_bounds`].
#[must_use]
pub fn sample_ratio_mismatch(treatment: u64, control: u64, share: f64) -> Option<String> {
    let all = treatment + control;
    let bounds = rate_bounds(treatment, all, SAMPLE_RATIO_ALPHA);
    (share < bounds.low || share > bounds.high).then(|| {
        format!(
            "{treatment} of {all} are inside the threshold, which cannot be with a share of {:.1} %: something keeps users of one side from being counted, so they cannot be compared",
            share * 100.0
        )
    })
}

impl CriterionResult {
    /// Creates an inconclusive result without a value; `detail` gives the reason.
    #[must_use]
    pub fn unknown(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { verdict: Verdict::Inconclusive, detail, value: None, sample: 0, trend: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Comparator;

    const USERS: SampleUnit = SampleUnit("user", "users");

    fn sample_rate(happened: u64, cases: u64) -> Measurement {
        Measurement::Rate { happened, cases }
    }

    fn judge_sample(with: Measurement, without: Measurement, threshold: f64) -> CriterionResult {
        let limit = Limit { comparator: Comparator::Above, threshold };
        judge_change(Comparison { with, without }, limit, USERS, "in control", 1)
    }

    #[test]
    fn a_change_is_inconclusive_until_its_bounds_clear_the_limit() {
        let clear = judge_sample(sample_rate(700, 1_000), sample_rate(500, 1_000), 10.0);
        assert_eq!(clear.verdict, Verdict::Pass, "{}", clear.detail);
        assert_eq!(clear.value.unwrap().round(), 40.0);
        let worse = judge_sample(sample_rate(500, 1_000), sample_rate(700, 1_000), 10.0);
        assert_eq!(worse.verdict, Verdict::Fail, "{}", worse.detail);
        let few = judge_sample(sample_rate(14, 20), sample_rate(10, 20), 10.0);
        assert_eq!(few.verdict, Verdict::Inconclusive);
        assert!(
            few.detail.contains("about ") && few.detail.ends_with("more users needed"),
            "{}",
            few.detail
        );
        assert_eq!(
            judge_sample(sample_rate(0, 0), sample_rate(1, 2), 10.0).detail,
            "no users among those who were given it yet"
        );
        assert_eq!(
            judge_sample(sample_rate(1, 2), sample_rate(0, 0), 10.0).detail,
            "no users in control"
        );
    }

    #[test]
    fn means_and_plain_values_are_compared() {
        let mean = |mean, count| Measurement::Mean { mean, variance: 4.0, count };
        assert_eq!(judge_sample(mean(12.0, 4_000), mean(10.0, 4_000), 15.0).verdict, Verdict::Pass);
        assert_eq!(
            judge_sample(mean(12.0, 20), mean(10.0, 4_000), 15.0).verdict,
            Verdict::Inconclusive
        );
        let plain = |value, count| Measurement::Plain { value, count };
        assert_eq!(judge_sample(plain(60.0, 100), plain(50.0, 100), 15.0).verdict, Verdict::Pass);
        assert_eq!(
            judge_sample(plain(60.0, 100), plain(50.0, 99), 15.0).verdict,
            Verdict::Inconclusive
        );
        assert_eq!(judge_sample(plain(60.0, 100), plain(0.0, 100), 15.0).value, None);
        assert_eq!(
            judge_sample(plain(60.0, 100), plain(0.0, 100), 15.0).verdict,
            Verdict::Inconclusive
        );
        let nothing = judge_sample(plain(0.0, 110), plain(0.0, 110), 10.0);
        assert_eq!(nothing.verdict, Verdict::Inconclusive, "{}", nothing.detail);
        assert!(nothing.detail.starts_with("nothing happened among 110 users"));
        for limit in [10.0, -10.0] {
            assert_eq!(
                judge_sample(sample_rate(0, 500), sample_rate(0, 500), limit).verdict,
                Verdict::Inconclusive
            );
        }
    }

    #[test]
    fn arm_sizes_that_contradict_the_share_are_reported() {
        assert_eq!(sample_ratio_mismatch(0, 0, 0.2), None);
        assert_eq!(sample_ratio_mismatch(210, 790, 0.2), None);
        let odd = sample_ratio_mismatch(300, 700, 0.2).unwrap();
        assert!(odd.starts_with("300 of 1000 are inside the threshold"), "{odd}");
    }
}
