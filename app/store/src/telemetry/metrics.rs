//! Rollups and evaluation counts.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    ids::EnvironmentId,
    metrics::{Dimension, DimensionKind, Metric},
};

use crate::{
    StoreError,
    models::{EvaluationCount, Rollup, RollupQuery},
};

/// Rollups and evaluation counts.
#[async_trait]
pub trait MetricStore: Send + Sync {
    /// Reserves labels of an environment: they keep their own rollups whatever else pages send.
    async fn reserve_labels(
        &self,
        environment: EnvironmentId,
        labels: &[(Metric, String)],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Reads rollups, ordered by metric, dimension, time bucket and label.
    /// Shared with the cache of a driver, because a panel reads thousands of them.
    async fn read_rollups(&self, query: &RollupQuery) -> Result<Vec<Arc<Rollup>>, StoreError>;

    /// Reads rollups merged over all time buckets; their bucket is the first of the query.
    async fn read_rollup_sums(&self, query: &RollupQuery) -> Result<Vec<Arc<Rollup>>, StoreError>;

    /// Reads at most `limit` dimensions of a kind that have rollups of a metric, the highest counts
    /// first. `days` are the first day and the one after the last.
    async fn read_dimensions(
        &self,
        environment: EnvironmentId,
        metric: Metric,
        kind: DimensionKind,
        days: (i64, i64),
        limit: usize,
    ) -> Result<Vec<Dimension>, StoreError>;

    /// Adds evaluation counts, and deletes those of hours before `delete_before`.
    async fn add_evaluation_counts(
        &self,
        rows: &[EvaluationCount],
        delete_before: i64,
    ) -> Result<(), StoreError>;

    /// Reads the evaluation counts of an environment since an hour, by flag, variant and hour.
    async fn read_evaluation_counts(
        &self,
        environment: EnvironmentId,
        from_hour: i64,
    ) -> Result<Vec<EvaluationCount>, StoreError>;
}
