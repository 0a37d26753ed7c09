//! The performance score: 0 to 100, from the 75th percentiles of a page's vitals.
//!
//! Each value is scored on a log-normal curve through two points (90 at `p10`, 50 at `median`), as
//! Lighthouse does (`shared/statistics.js`, `getLogNormalScore`), and the scores are weighted for
//! the field: LCP 30, INP 30, FCP 15, CLS 15, TTFB 10. Vitals without samples are left out.

use super::{Device, Vital};

/// erfc⁻¹(1/5), which makes `p10` score 0.9.
const INVERSE_ERFC_ONE_FIFTH: f64 = 0.906_193_802_436_823_2;

impl Vital {
    /// The weight in the performance score, in per cent; FID has none.
    #[must_use]
    pub fn weight(self) -> f64 {
        match self {
            Self::Lcp | Self::Inp => 30.0,
            Self::Fcp | Self::Cls => 15.0,
            Self::Ttfb => 10.0,
            Self::Fid => 0.0,
        }
    }

    /// The values that score 90 and 50, in millionths. Desktops are expected to be quicker.
    fn score_curve(self, device: Device) -> (f64, f64) {
        let (good, poor) = self.thresholds();
        match (self, device) {
            (Self::Lcp, Device::Desktop) => (1_200_000.0, 2_400_000.0),
            (Self::Fcp, Device::Desktop) => (900_000.0, 1_600_000.0),
            (Self::Ttfb, Device::Desktop) => (200_000.0, 400_000.0),
            _ => (good as f64, poor as f64),
        }
    }

    /// The score of a value in millionths, 0 to 1.
    #[must_use]
    pub fn score_value(self, millionths: f64, device: Device) -> f64 {
        let (p10, median) = self.score_curve(device);
        log_normal_score(p10, median, millionths)
    }
}

/// Returns the score of values in millionths, 0 to 100; `None` if no value has a weight.
#[must_use]
pub fn performance_score(
    values: impl Iterator<Item = (Vital, f64)>,
    device: Device,
) -> Option<f64> {
    let (mut weights, mut sum) = (0.0, 0.0);
    for (vital, value) in values {
        weights += vital.weight();
        sum += vital.weight() * vital.score_value(value, device);
    }
    (weights > 0.0).then(|| 100.0 * sum / weights)
}

fn log_normal_score(p10: f64, median: f64, value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let standardised = (value / median).ln() * INVERSE_ERFC_ONE_FIFTH / -(p10 / median).ln();
    let share = (1.0 - erf(standardised)) / 2.0;
    // Rounding must not put a value on the other side of a threshold.
    if value <= p10 {
        share.clamp(0.9, 1.0)
    } else if value <= median {
        share.clamp(0.5, 0.9_f64.next_down())
    } else {
        share.clamp(0.0, 0.5_f64.next_down())
    }
}

/// The error function, to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
fn erf(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let polynomial = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = polynomial.into_iter().fold(0.0, |sum, factor| sum * t + factor);
    (1.0 - sum * t * (-x * x).exp()).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_match_lighthouse() {
        // Printed by Lighthouse's own `getLogNormalScore`.
        for (vital, value, score) in [
            (Vital::Fcp, 2_000_000.0, 0.845_477),
            (Vital::Lcp, 3_000_000.0, 0.783_603),
            (Vital::Cls, 120_000.0, 0.847_684),
        ] {
            let found = vital.score_value(value, Device::Phone);
            assert!((found - score).abs() < 1e-6, "{vital:?}: {found}");
        }
        assert!((Vital::Lcp.score_value(2_500_000.0, Device::Phone) - 0.9).abs() < 1e-6);
        assert!((Vital::Lcp.score_value(4_000_000.0, Device::Phone) - 0.5).abs() < 1e-6);
        assert_eq!(Vital::Cls.score_value(0.0, Device::Phone), 1.0);
    }

    #[test]
    fn unmeasured_vitals_are_left_out() {
        let lcp = (Vital::Lcp, 2_500_000.0);
        let phone = performance_score([lcp].into_iter(), Device::Phone).unwrap();
        assert!((phone - 90.0).abs() < 1e-3);
        let desktop = performance_score([lcp].into_iter(), Device::Desktop).unwrap();
        assert!(desktop < 50.0, "a desktop is expected to be quicker");
        assert_eq!(performance_score([(Vital::Fid, 1.0)].into_iter(), Device::Phone), None);
        assert_eq!(performance_score(std::iter::empty(), Device::Phone), None);
    }
}
