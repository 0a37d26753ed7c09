//! Batches of events.

use std::collections::BTreeSet;

use async_trait::async_trait;
use phasegate_domain::{
    events::{Batch, BatchKey},
    ids::EnvironmentId,
};

use super::IngestTransaction;
use crate::StoreError;

/// Batches of events, raw and counted.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Returns those of some batch keys that are stored.
    async fn find_batch_keys(&self, keys: &[BatchKey]) -> Result<BTreeSet<BatchKey>, StoreError>;

    /// Stores the raw events of batches under a day (days since 1970), durably and apart from the
    /// transaction that counts them.
    async fn add_raw_events(&self, day: i64, batches: &[&Batch]) -> Result<(), StoreError>;

    /// Begins the transaction that counts a group of batches.
    async fn begin_ingest(&self) -> Result<Box<dyn IngestTransaction>, StoreError>;

    /// Reads the minute of the newest batch whose key is stored.
    async fn read_newest_batch_minute(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<i64>, StoreError>;

    /// Returns the stored key of the digests of users and sessions; stores `fresh` first if there
    /// is none.
    async fn read_or_store_digest_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// Invalidates caches if another process has written.
    async fn invalidate_outdated_caches(&self) -> Result<(), StoreError>;
}
