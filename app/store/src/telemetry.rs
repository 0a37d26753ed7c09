//! Where telemetry is kept.

use async_trait::async_trait;
use phasegate_domain::{
    dashboard::Reported,
    ids::EnvironmentId,
    telemetry::{Batch, ErrorReport, Feedback, Rollup, RollupKey, Screenshot},
};

use crate::{StoreError, models::UsageRow};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Its facts are stored, durably.
    Stored,
    /// Its id was there already; nothing was counted again.
    Repeated,
}

/// What pages report, rolled up by minute.
#[async_trait]
pub trait TelemetryStore: Send + Sync {
    /// Stores batches in one transaction and answers for each, in order. When this returns,
    /// they survive a crash.
    async fn append(&self, batches: &[Batch]) -> Result<Vec<Appended>, StoreError>;

    /// All rollup rows of an environment with `from <= minute < to`.
    async fn rollups(
        &self,
        environment: EnvironmentId,
        from_minute: i64,
        to_minute: i64,
    ) -> Result<Vec<(RollupKey, Rollup)>, StoreError>;

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

    /// Keeps a picture, unless it is there already, and of the environment's pictures the newest
    /// that take at most so many bytes.
    async fn save_screenshot(
        &self,
        picture: &Screenshot,
        limit_bytes: u64,
    ) -> Result<(), StoreError>;

    /// An environment's picture of that id.
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
