//! Where telemetry is kept.

use async_trait::async_trait;
use phasegate_domain::{
    Timestamp,
    dashboard::Reported,
    ids::EnvironmentId,
    stats::People,
    telemetry::{Batch, Deed, ErrorReport, Feedback, Screenshot, Series, Slice},
};

use crate::{
    StoreError,
    models::{Row, RowQuery, UsageRow},
};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Its facts are stored, durably.
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

    /// Rows, by series, slice, span and label.
    async fn rows(&self, query: &RowQuery) -> Result<Vec<Row>, StoreError>;

    /// The slices of a kind (`page`, `release`, `device`, `phase`, `flag`) that have rows of a
    /// series, at most [`MAX_LABELS`](phasegate_domain::telemetry::MAX_LABELS) of them.
    async fn slices(
        &self,
        environment: EnvironmentId,
        series: Series,
        kind: &str,
    ) -> Result<Vec<Slice>, StoreError>;

    /// Who did what, by deed and day; of the deeds whose text begins like that, on the days
    /// `from_day <= day < to_day`.
    async fn people(
        &self,
        environment: EnvironmentId,
        deeds: &str,
        from_day: i64,
        to_day: i64,
    ) -> Result<Vec<(Deed, i64, People)>, StoreError>;

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

    /// Forgets the rows of spans that are no longer kept, a part at a time, so that batches are never
    /// held up for long.
    async fn forget_rows(&self, now: Timestamp) -> Result<(), StoreError>;

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
