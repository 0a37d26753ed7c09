//! The data of a time range that the parts of the page share.

use std::sync::Arc;

use phasegate_domain::{
    analytics::ActivityIndex,
    ids::{EnvironmentId, FlagKey, VariantName},
    metrics::Metric,
    stats::Aggregate,
};
use phasegate_store::models::Rollup;

use crate::CachedEnvironment;

/// The maximum number of lines in a table.
pub(super) const MAX_LINES: usize = 50;

/// The activities and rollups of a range of days.
pub(super) struct RangeData {
    pub(super) activity_index: ActivityIndex,
    pub(super) rows: Vec<Arc<Rollup>>,
}

pub(super) fn rollups_of_metric(
    rows: &[Arc<Rollup>],
    metric: Metric,
) -> impl Iterator<Item = &Arc<Rollup>> {
    rows.iter().filter(move |row| row.metric == metric)
}

pub(super) fn sum_metric(rows: &[Arc<Rollup>], metric: Metric) -> Aggregate {
    let mut all = Aggregate::default();
    rollups_of_metric(rows, metric).for_each(|row| all.merge(&row.aggregate));
    all
}

/// The variants that count as not having a feature, by flag.
pub(super) struct OffVariants<'a> {
    live: &'a CachedEnvironment,
    /// In simulated telemetry, `off` for every flag.
    simulated: Option<VariantName>,
}

impl<'a> OffVariants<'a> {
    pub(super) fn new(live: &'a CachedEnvironment, environment: EnvironmentId) -> Self {
        let simulated = environment.is_simulated().then(|| VariantName::new("off").ok()).flatten();
        Self { live, simulated }
    }

    pub(super) fn find_off_variant(&self, flag: &FlagKey) -> Option<&VariantName> {
        let entry = self.live.snapshot.flag(flag.as_str());
        self.simulated.as_ref().or(entry.map(|entry| &entry.flag.off_variant))
    }
}
