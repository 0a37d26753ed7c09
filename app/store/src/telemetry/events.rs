//! Batches of events.

use async_trait::async_trait;
use phasegate_domain::{events::Batch, ids::EnvironmentId};

use crate::{Appended, StoreError};

/// Batches of events, and what is known of when they came.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Stores batches in one transaction and returns the outcome of each, in order. The batches are durable
    /// when this returns.
    async fn append(&self, batches: &[Batch]) -> Result<Vec<Appended>, StoreError>;

    /// Reads the minute of the newest batch whose id is still stored.
    async fn last_minute(&self, environment: EnvironmentId) -> Result<Option<i64>, StoreError>;

    /// Returns the stored key of the digests of users and sessions; the given one is stored first if there is
    /// none.
    async fn digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// Invalidates caches if another process has written.
    async fn catch_up(&self) -> Result<(), StoreError>;
}
