//! Measurements and their confidence bounds.

use crate::stats::{Bounds, mean_bounds, rate_bounds};

/// The minimum sample for judging a value without known bounds.
pub(super) const MIN_FOR_PLAIN: u64 = 100;

pub(super) const ANYTHING: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY };

/// A measurement for a criterion, in the unit of its threshold.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measurement {
    /// Occurrences among cases; the threshold is in per cent.
    Rate { happened: u64, cases: u64 },
    /// The mean of `count` values, with their sample variance.
    Mean { mean: f64, variance: f64, count: u64 },
    /// A value without known bounds, from `count` cases.
    Plain { value: f64, count: u64 },
    /// Occurrences of an event that must never happen, among `looked` cases.
    Count { happened: u64, looked: u64 },
}

impl Measurement {
    /// Returns the number of cases measured.
    #[must_use]
    pub fn sample(self) -> u64 {
        match self {
            Self::Rate { cases, .. } => cases,
            Self::Mean { count, .. } | Self::Plain { count, .. } => count,
            Self::Count { looked, .. } => looked,
        }
    }

    /// Returns the value in the unit of the threshold; `None` if the sample is empty.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.sample() > 0).then_some(match self {
            Self::Rate { happened, cases } => happened as f64 / cases as f64 * 100.0,
            Self::Mean { mean, .. } => mean,
            Self::Plain { value, .. } => value,
            Self::Count { happened, .. } => happened as f64,
        })
    }

    /// Returns the confidence bounds of the true value, in the unit of the threshold.
    pub(super) fn bounds(self, alpha: f64) -> Bounds {
        match self {
            Self::Rate { happened, cases } => {
                let bounds = rate_bounds(happened, cases, alpha);
                Bounds { low: bounds.low * 100.0, high: bounds.high * 100.0 }
            }
            Self::Mean { mean, variance, count } => {
                mean_bounds(mean, variance, count, alpha).unwrap_or(ANYTHING)
            }
            Self::Plain { value, count } if count >= MIN_FOR_PLAIN => {
                Bounds { low: value, high: value }
            }
            Self::Plain { .. } => ANYTHING,
            Self::Count { happened, .. } => Bounds { low: happened as f64, high: happened as f64 },
        }
    }

    /// Returns the measurement with the same value from another number of cases.
    pub(super) fn with_sample(self, sample: u64) -> Self {
        match self {
            Self::Rate { happened, cases } => {
                let rate = if cases == 0 { 0.0 } else { happened as f64 / cases as f64 };
                Self::Rate { happened: (rate * sample as f64).round() as u64, cases: sample }
            }
            Self::Mean { mean, variance, .. } => Self::Mean { mean, variance, count: sample },
            Self::Plain { value, .. } => Self::Plain { value, count: sample },
            Self::Count { happened, .. } => Self::Count { happened, looked: sample },
        }
    }
}
