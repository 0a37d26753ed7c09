//! Adoption and engagement of features.

use std::collections::BTreeMap;

use phasegate_domain::{
    analytics::compute_adoption, ids::FlagKey, metrics::Metric, stats::Aggregate,
};
use serde::Serialize;

use super::range_data::{MAX_LINES, OffVariants, RangeData, rollups_of_metric};

/// The adoption funnel of a feature: users exposed to it, who used it, who used it again.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdoptionLine {
    pub flag: FlagKey,
    /// Users exposed to any variant but the off variant.
    pub exposed: u64,
    /// Exposed users who used it.
    pub used: u64,
    pub rate: Option<f64>,
    /// The rate in the previous period of the same length.
    pub rate_before: Option<f64>,
    /// Exposed users who used it on at least two days.
    pub used_again: u64,
    /// Users of a day ÷ users of all days, averaged over the days with use.
    pub stickiness: Option<f64>,
    /// The total visible time with the feature in use, in seconds.
    pub seconds: f64,
    /// The median of the reported stretches of that time, in seconds.
    pub median_seconds: Option<f64>,
}

pub(super) fn compute_adoption_lines(
    now: &RangeData,
    before: &RangeData,
    off: &OffVariants<'_>,
) -> Vec<AdoptionLine> {
    let engagement = sum_engagement(now);
    let line = |flag: FlagKey| {
        let off = off.find_off_variant(&flag);
        let found = compute_adoption(&now.activity_index, &flag, off);
        let time = engagement.get(&flag);
        AdoptionLine {
            exposed: found.exposed,
            used: found.used,
            rate: found.rate(),
            rate_before: compute_adoption(&before.activity_index, &flag, off).rate(),
            used_again: found.used_again,
            stickiness: found.stickiness(),
            seconds: time.map_or(0.0, |time| time.sum() as f64 / 1e6),
            median_seconds: time.and_then(|time| time.sketch().quantile(0.5)).map(|m| m / 1e6),
            flag,
        }
    };
    let mut all: Vec<AdoptionLine> = now.activity_index.flags().into_iter().map(line).collect();
    all.sort_by_key(|line| std::cmp::Reverse(line.exposed));
    all.truncate(MAX_LINES);
    all
}

fn sum_engagement(range_data: &RangeData) -> BTreeMap<FlagKey, Aggregate> {
    let mut sums: BTreeMap<FlagKey, Aggregate> = BTreeMap::new();
    for row in rollups_of_metric(&range_data.rows, Metric::Engagement) {
        if let Ok(flag) = FlagKey::new(row.label.as_str()) {
            sums.entry(flag).or_default().merge(&row.aggregate);
        }
    }
    sums
}
