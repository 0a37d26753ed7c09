//! Measurements, and how they compare with a threshold or with each other.

mod comparison;
mod threshold;
mod value;
mod verdict;

pub use comparison::{Comparison, judge_change, sample_ratio_mismatch};
pub use threshold::{Limit, SampleUnit, judge_measurement};
pub use value::Measurement;
pub use verdict::{CriterionResult, Verdict};
