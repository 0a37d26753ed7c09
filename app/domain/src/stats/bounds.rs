//! Confidence bounds that are valid at every look. With bounds for a single look, checking a
//! rollout daily and stopping when the numbers look good errs far more often than 1 in 20.

/// The probability that a verdict is wrong, over all looks together.
pub const ALPHA: f64 = 0.05;

/// The sample size at which the bounds of a mean are tightest.
const TUNED_FOR: f64 = 5_000.0;

/// The minimum number of values for bounds of a mean: with fewer, it is not approximately normal.
pub const MIN_FOR_MEAN: u64 = 30;

/// The lower and upper confidence bound of a true value.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub low: f64,
    pub high: f64,
}

/// Returns the bounds of a rate, given the number of cases and of those in which it happened.
///
/// Beta-binomial mixture (Robbins 1970; Howard, Ramdas et al.: "Time-uniform,
/// nonparametric, nonasymptotic confidence sequences", Annals of Statistics 2021): with
/// `M(p) = B(a+s, b+n−s) ÷ B(a,b) ÷ (pˢ(1−p)ⁿ⁻ˢ)`, the set of rates with `M(p) < 1/α` contains the
/// true rate at all times with probability 1 − α. Exact for any `n`, including 0. a = b = ½.
#[must_use]
pub fn rate_bounds(happened: u64, cases: u64, alpha: f64) -> Bounds {
    let happened = happened.min(cases);
    // Counts beyond 2^53 are out of reach, so the conversions are exact.
    let (s, n) = (happened as f64, cases as f64);
    let evidence = ln_beta(0.5 + s, 0.5 + n - s) - ln_beta(0.5, 0.5);
    let is_ruled_out = |p: f64| {
        let likelihood = weighted_log(s, p.ln()) + weighted_log(n - s, (-p).ln_1p());
        evidence - likelihood >= -alpha.ln()
    };
    let middle = if cases == 0 { 0.5 } else { s / n };
    Bounds {
        low: if is_ruled_out(0.0) { find_edge(0.0, middle, is_ruled_out) } else { 0.0 },
        high: if is_ruled_out(1.0) { find_edge(1.0, middle, is_ruled_out) } else { 1.0 },
    }
}

/// Multiplies, with 0 · ln 0 defined as 0.
fn weighted_log(count: f64, logarithm: f64) -> f64 {
    if count == 0.0 { 0.0 } else { count * logarithm }
}

/// Bisects for the boundary between rates that are ruled out and rates that are not.
fn find_edge(mut out: f64, mut within: f64, is_ruled_out: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let half = f64::midpoint(out, within);
        if is_ruled_out(half) { out = half } else { within = half }
    }
    out
}

fn ln_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

/// Returns the bounds of a mean; `None` with fewer than [`MIN_FOR_MEAN`] values.
///
/// Asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: "Time-uniform
/// central limit theory and asymptotic confidence sequences", arXiv 2103.06476v7, eq. 9 and 161):
/// half-width `√(s²·2(nρ²+1)/(nρ)² · ln(√(nρ²+1)/α))`.
#[must_use]
pub fn mean_bounds(mean: f64, variance: f64, count: u64, alpha: f64) -> Option<Bounds> {
    if count < MIN_FOR_MEAN {
        return None;
    }
    let half = half_width(variance, count as f64, alpha);
    Some(Bounds { low: mean - half, high: mean + half })
}

fn half_width(variance: f64, n: f64, alpha: f64) -> f64 {
    let spread = -2.0 * alpha.ln();
    let rho_squared = (spread + (spread + 1.0).ln()) / TUNED_FOR;
    let grown = n * rho_squared + 1.0;
    let per_count = 2.0 * grown / (n * n * rho_squared);
    (variance * per_count * (grown.sqrt() / alpha).ln()).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simulation::Random;

    #[test]
    fn bounds_are_unlimited_without_enough_cases() {
        let bounds = rate_bounds(0, 0, ALPHA);
        assert_eq!((bounds.low, bounds.high), (0.0, 1.0));
        assert_eq!(mean_bounds(4.0, 1.0, 29, ALPHA), None);
    }

    #[test]
    fn the_upper_bound_of_an_unseen_event_shrinks_with_cases() {
        let high = |cases| rate_bounds(0, cases, ALPHA).high;
        assert!(high(100) > 0.03 && high(400) < 0.03, "{} {}", high(100), high(400));
        let all = rate_bounds(400, 400, ALPHA);
        assert!((all.low - (1.0 - high(400))).abs() < 1e-9 && all.high == 1.0);
    }

    /// A test vector of `gbstats`: control sum 1396.87, squares 52377.9767, n 3000; treatment
    /// 2422.7, 134698.29, 3461; one-sided bounds −0.1265684 and 0.5953218 of the difference at
    /// α = 0.05. Its one-sided form (eq. 134) is ours at 2α with `ln(1 + x)` for `ln x`,
    /// x = √(nρ²+1) ÷ 2α.
    #[test]
    fn half_widths_match_published_values() {
        let arm = |sum: f64, squares: f64, n: f64| {
            (sum / n, (squares - sum * sum / n) / (n - 1.0) / n, n)
        };
        let control = arm(1_396.87, 52_377.976_7, 3_000.0);
        let treatment = arm(2_422.7, 134_698.29, 3_461.0);
        let n = control.2 + treatment.2;
        let half = half_width((control.1 + treatment.1) * n, n, 2.0 * ALPHA);
        let spread = -2.0 * (2.0 * ALPHA).ln();
        let rho_squared = (spread + (spread + 1.0).ln()) / TUNED_FOR;
        let x = (n * rho_squared + 1.0).sqrt() / (2.0 * ALPHA);
        let half = half * ((1.0 + x).ln() / x.ln()).sqrt();
        let difference = treatment.0 - control.0;
        assert!((difference - half - -0.126_568_4).abs() < 1e-6, "{}", difference - half);
        assert!((difference + half - 0.595_321_8).abs() < 1e-6, "{}", difference + half);
    }

    /// With a look after every case, at most α of the simulated runs exclude the true rate.
    #[test]
    fn repeated_looks_rarely_exclude_the_true_rate() {
        let (stories, cases, truth) = (300, 400, 0.1);
        let mut random = Random::new(7, 1);
        let is_wrong = |random: &mut Random| {
            let mut happened = 0;
            (1..=cases).any(|n| {
                happened += u64::from(random.draw_chance(truth));
                let bounds = rate_bounds(happened, n, ALPHA);
                truth < bounds.low || truth > bounds.high
            })
        };
        let wrong = (0..stories).filter(|_| is_wrong(&mut random)).count();
        assert!(wrong * 20 <= stories, "{wrong} of {stories}");
    }

    proptest! {
        #[test]
        fn bounds_contain_the_measured_rate(cases in 1..100_000_u64, part in 0.0..=1.0_f64) {
            let happened = (part * cases as f64) as u64;
            let rate = happened as f64 / cases as f64;
            let bounds = rate_bounds(happened, cases, ALPHA);
            prop_assert!(0.0 <= bounds.low && bounds.low <= rate + 1e-12);
            prop_assert!(rate <= bounds.high + 1e-12 && bounds.high <= 1.0);
        }
    }
}
