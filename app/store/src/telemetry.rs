//! The telemetry store: rollups, sessions, activities, reports and screenshots.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    errors::ErrorReport,
    events::{Batch, UserHash},
    feedback::{Feedback, Screenshot},
    ids::EnvironmentId,
    metrics::{Activity, Dimension, Metric},
    privacy::{ErasureReport, PersonData, RetentionPolicy, StorageUsage},
    reports::Reported,
    simulation::Simulation,
    stats::UserSet,
};

use crate::{
    StoreError,
    models::{Rollup, RollupQuery, UsageRow},
};

/// The outcome of storing a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Its events are stored, durably.
    Stored,
    /// Its id was stored before, so nothing was counted again.
    Repeated,
}

/// Stores what pages report: rollups, sessions and user sets.
#[async_trait]
pub trait TelemetryStore: Send + Sync {
    /// Stores batches in one transaction and returns the outcome of each, in order. The batches are durable
    /// when this returns.
    async fn append(&self, batches: &[Batch]) -> Result<Vec<Appended>, StoreError>;

    /// Reserves labels of an environment: they keep their own rollups whatever else pages send.
    async fn reserve_labels(
        &self,
        environment: EnvironmentId,
        labels: &[(Metric, String)],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Reads rollups, ordered by metric, dimension, time bucket and label.
    async fn rows(&self, query: &RollupQuery) -> Result<Vec<Rollup>, StoreError>;

    /// Reads rollups merged over all time buckets; their bucket is the first of the query.
    async fn sums(&self, query: &RollupQuery) -> Result<Vec<Rollup>, StoreError>;

    /// Reads the dimensions of a kind (`page`, `release`, `device`, `phase`, `segment`, `flag`) that have rollups
    /// of a metric on the days `from_day <= day < to_day`: those with the highest counts first, at most
    /// `limit`.
    async fn slices(
        &self,
        environment: EnvironmentId,
        series: Metric,
        kind: &str,
        days: (i64, i64),
        limit: usize,
    ) -> Result<Vec<Dimension>, StoreError>;

    /// Reads user sets by activity and day, of activities whose text form has the given prefix, on the days
    /// `from_day <= day < to_day`.
    async fn people(
        &self,
        environment: EnvironmentId,
        activities: &str,
        from_day: i64,
        to_day: i64,
    ) -> Result<Vec<(Activity, i64, Arc<UserSet>)>, StoreError>;

    /// Marks the database as [`crate::StateStore::mark`] does.
    async fn mark(&self, mark: i32) -> Result<(), StoreError>;

    /// Checks that a batch can be stored now.
    async fn check(&self) -> Result<(), StoreError>;

    /// Closes the database with everything in the main file, which can then be copied by itself.
    async fn close(&self) -> Result<(), StoreError>;

    /// Invalidates caches if another process has written.
    async fn catch_up(&self) -> Result<(), StoreError>;

    /// Reads the minute of the newest batch whose id is still stored.
    async fn last_minute(&self, environment: EnvironmentId) -> Result<Option<i64>, StoreError>;

    /// Returns the stored key of the digests of users and sessions; the given one is stored first if there is
    /// none.
    async fn digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// Reads at most `limit` error events, the newest first.
    async fn recent_errors(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<Reported<ErrorReport>>, StoreError>;

    /// Reads at most `limit` feedback items, the newest first.
    async fn recent_feedback(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<Reported<Feedback>>, StoreError>;

    /// Deletes expired data in small transactions, so that batches never wait long. Environments that `kept` does
    /// not name have the default retention policy.
    async fn purge_expired(
        &self,
        now: Timestamp,
        kept: &BTreeMap<EnvironmentId, RetentionPolicy>,
    ) -> Result<(), StoreError>;

    /// Deletes all telemetry of an environment in small transactions.
    async fn forget_environment(&self, environment: EnvironmentId) -> Result<(), StoreError>;

    /// Reads everything that is stored about a user.
    async fn person(
        &self,
        environment: EnvironmentId,
        person: UserHash,
    ) -> Result<PersonData, StoreError>;

    /// Erases a user: removes the user from all sets and deletes reports and raw events. Counts stay as they are.
    async fn erase_user(
        &self,
        environment: EnvironmentId,
        person: UserHash,
    ) -> Result<ErasureReport, StoreError>;

    /// Measures the storage that each kind of data uses.
    async fn sizes(&self) -> Result<StorageUsage, StoreError>;

    /// Reads the simulation that the environment's simulated telemetry comes from.
    async fn simulation(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<Simulation>, StoreError>;

    /// Saves the simulation that the environment's simulated telemetry comes from.
    async fn save_simulation(
        &self,
        environment: EnvironmentId,
        simulation: &Simulation,
    ) -> Result<(), StoreError>;

    /// Stores a screenshot unless it exists, and deletes the environment's oldest screenshots above a total
    /// size in bytes.
    async fn save_screenshot(
        &self,
        picture: &Screenshot,
        limit_bytes: u64,
    ) -> Result<(), StoreError>;

    /// Reads a screenshot of an environment by its id.
    async fn screenshot(
        &self,
        environment: EnvironmentId,
        id: &str,
    ) -> Result<Option<Screenshot>, StoreError>;

    /// Adds evaluation counts, and deletes those of hours before `forget_before`.
    async fn add_usage(&self, rows: &[UsageRow], forget_before: i64) -> Result<(), StoreError>;

    /// Reads the evaluation counts of an environment since an hour, by flag, variant and hour.
    async fn usage(
        &self,
        environment: EnvironmentId,
        from_hour: i64,
    ) -> Result<Vec<UsageRow>, StoreError>;
}
