//! Batches of events.

use async_trait::async_trait;
use phasegate_domain::{events::Batch, ids::EnvironmentId};

use crate::{Appended, StoreError};

/// Batches of events, and the time of the newest one.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Stores batches in one transaction and returns the outcome of each, in order. The batches are
    /// durable when this returns.
    async fn append_batches(&self, batches: &[Batch]) -> Result<Vec<Appended>, StoreError>;

    /// Reads the minute of the newest batch; if no id of a batch is stored any more, the first
    /// minute of the last day with an active user.
    async fn read_last_minute(&self, environment: EnvironmentId)
    -> Result<Option<i64>, StoreError>;

    /// Returns the stored key of the digests of users and sessions; stores `fresh` first if there
    /// is none.
    async fn read_or_store_digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// Invalidates caches if another process has written.
    async fn invalidate_outdated_caches(&self) -> Result<(), StoreError>;
}
