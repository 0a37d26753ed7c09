//! Where telemetry is kept.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    dashboard::Reported,
    ids::EnvironmentId,
    stats::UserSet,
    telemetry::{
        Activity, Batch, Dimension, ErasureReport, ErrorReport, Feedback, Metric, PersonData,
        RetentionPolicy, Screenshot, Simulation, StorageUsage, UserHash,
    },
};

use crate::{
    StoreError,
    models::{Rollup, RollupQuery, UsageRow},
};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Its events are stored, durably.
    Stored,
    /// Its id was there already; nothing was counted again.
    Repeated,
}

/// What pages report, in rows, sessions and sets of people.
#[async_trait]
pub trait TelemetryStore: Send + Sync {
    /// Stores batches in one transaction and answers for each, in order. When this returns,
    /// they survive a crash.
    async fn append(&self, batches: &[Batch]) -> Result<Vec<Appended>, StoreError>;

    /// Gives labels of an environment rows of their own for good, whatever else pages send.
    async fn reserve_labels(
        &self,
        environment: EnvironmentId,
        labels: &[(Metric, String)],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Rows, by series, slice, span and label.
    async fn rows(&self, query: &RollupQuery) -> Result<Vec<Rollup>, StoreError>;

    /// The same rows, those of all spans as one; their span is the first that was asked for.
    async fn sums(&self, query: &RollupQuery) -> Result<Vec<Rollup>, StoreError>;

    /// The slices of a kind (`page`, `release`, `device`, `phase`, `segment`, `flag`) that have rows
    /// of a series on the days `from_day <= day < to_day`, those with the most first, at most
    /// `limit` of them.
    async fn slices(
        &self,
        environment: EnvironmentId,
        series: Metric,
        kind: &str,
        days: (i64, i64),
        limit: usize,
    ) -> Result<Vec<Dimension>, StoreError>;

    /// Who did what, by activity and day; of the activities whose text begins like that, on the days
    /// `from_day <= day < to_day`.
    async fn people(
        &self,
        environment: EnvironmentId,
        activities: &str,
        from_day: i64,
        to_day: i64,
    ) -> Result<Vec<(Activity, i64, Arc<UserSet>)>, StoreError>;

    /// As the state store's `mark`.
    async fn mark(&self, mark: i32) -> Result<(), StoreError>;

    /// Whether a batch could be stored now.
    async fn check(&self) -> Result<(), StoreError>;

    /// Ends well: everything is in the main file, which can be copied by itself.
    async fn close(&self) -> Result<(), StoreError>;

    /// Notices what another process has changed.
    async fn catch_up(&self) -> Result<(), StoreError>;

    /// The minute in which the newest batch came of those whose ids are still remembered.
    async fn last_minute(&self, environment: EnvironmentId) -> Result<Option<i64>, StoreError>;

    /// The key of the digests of people and sessions: the one that is stored, or else this one,
    /// which is stored then.
    async fn digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// The newest errors, newest first, at most `limit`.
    async fn recent_errors(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<Reported<ErrorReport>>, StoreError>;

    /// The newest feedback, newest first, at most `limit`.
    async fn recent_feedback(
        &self,
        environment: EnvironmentId,
        limit: u32,
    ) -> Result<Vec<Reported<Feedback>>, StoreError>;

    /// Forgets what is no longer kept, a part at a time, so that batches are never held up for
    /// long. What is not in `kept` is kept as usual.
    async fn purge_expired(
        &self,
        now: Timestamp,
        kept: &BTreeMap<EnvironmentId, RetentionPolicy>,
    ) -> Result<(), StoreError>;

    /// Forgets all that an environment has, a part at a time.
    async fn forget_environment(&self, environment: EnvironmentId) -> Result<(), StoreError>;

    /// All that is kept about a person.
    async fn person(
        &self,
        environment: EnvironmentId,
        person: UserHash,
    ) -> Result<PersonData, StoreError>;

    /// Forgets a person: they are in no set any more, and what they said and sent is gone. What they
    /// added to counts stays.
    async fn erase_user(
        &self,
        environment: EnvironmentId,
        person: UserHash,
    ) -> Result<ErasureReport, StoreError>;

    /// How much room everything takes.
    async fn sizes(&self) -> Result<StorageUsage, StoreError>;

    /// Which simulation an environment's telemetry is of.
    async fn simulation(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<Simulation>, StoreError>;

    /// Notes which simulation the environment's telemetry is of from now on.
    async fn save_simulation(
        &self,
        environment: EnvironmentId,
        simulation: &Simulation,
    ) -> Result<(), StoreError>;

    /// Keeps a screenshot, unless it is there already, and of the environment's screenshots the newest
    /// that take at most so many bytes.
    async fn save_screenshot(
        &self,
        picture: &Screenshot,
        limit_bytes: u64,
    ) -> Result<(), StoreError>;

    /// An environment's screenshot of that id.
    async fn screenshot(
        &self,
        environment: EnvironmentId,
        id: &str,
    ) -> Result<Option<Screenshot>, StoreError>;

    /// Adds to the counts of how often flags were asked for, and forgets hours before
    /// `forget_before`.
    async fn add_usage(&self, rows: &[UsageRow], forget_before: i64) -> Result<(), StoreError>;

    /// How often an environment's flags were asked for since an hour, by flag, variant and hour.
    async fn usage(
        &self,
        environment: EnvironmentId,
        from_hour: i64,
    ) -> Result<Vec<UsageRow>, StoreError>;
}
