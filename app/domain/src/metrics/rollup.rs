//! Rollups: aggregates by metric, dimension, label and minute.

use std::collections::BTreeMap;

use super::{Dimension, Metric};
use crate::{ids::EnvironmentId, stats::Aggregate, time::Resolution};

/// The key of a rollup at minute resolution. Hours and days are merged from their minutes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    pub environment: EnvironmentId,
    pub metric: Metric,
    pub dimension: Dimension,
    /// The flag, endpoint, component, task or event name; empty for metrics without labels.
    pub label: String,
    pub minute: i64,
}

impl RollupKey {
    /// The time bucket of a resolution that contains the minute.
    #[must_use]
    pub fn bucket(&self, resolution: Resolution) -> i64 {
        self.minute.div_euclid(resolution.seconds() / Resolution::Minute.seconds())
    }
}

/// Aggregates by rollup key.
pub type Rollups = BTreeMap<RollupKey, Aggregate>;
