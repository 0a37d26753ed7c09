//! The queue of batches in front of the writer.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use phasegate_domain::{Timestamp, events::Batch, ids::EnvironmentId};
use phasegate_store::StoreError;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

use super::Appended;

/// The maximum number of batches in the queue; further ones wait or are rejected.
pub const MAX_QUEUED_BATCHES: usize = 1_024;

/// The maximum number of batches that wait for a place in the queue; further ones are rejected at
/// once.
const MAX_WAITING: usize = 2_048;

pub(crate) type Reply = oneshot::Sender<Result<Appended, Arc<StoreError>>>;

/// The queue of batches for the writer, and the outcome of the last ones.
#[derive(Debug)]
pub(crate) struct IngestQueue {
    pub(crate) sender: mpsc::Sender<(Batch, Reply)>,
    pub(crate) receiver: Mutex<mpsc::Receiver<(Batch, Reply)>>,
    /// The time of the last stored batch of each environment, in milliseconds since 1970.
    last_batches: std::sync::Mutex<HashMap<EnvironmentId, Option<i64>>>,
    /// One permit for each batch that may wait for a place in the queue.
    pub(crate) waiting: Semaphore,
    /// The time since which the disk is full, in milliseconds since 1970; 0 while it is not.
    full_since: AtomicI64,
}

impl Default for IngestQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED_BATCHES);
        let last_batches = std::sync::Mutex::default();
        let (receiver, waiting) = (Mutex::new(receiver), Semaphore::new(MAX_WAITING));
        Self { sender, receiver, last_batches, waiting, full_since: AtomicI64::new(0) }
    }
}

impl IngestQueue {
    fn last_batches(&self) -> std::sync::MutexGuard<'_, HashMap<EnvironmentId, Option<i64>>> {
        self.last_batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when a batch of an environment was last stored, in milliseconds since 1970: `None`
    /// if this process does not know, `Some(None)` if there was none.
    pub(crate) fn last_event_at(&self, environment: EnvironmentId) -> Option<Option<i64>> {
        self.last_batches().get(&environment).copied()
    }

    /// Records the time that the store knows, unless a batch was stored meanwhile. Returns the
    /// recorded time.
    pub(crate) fn record_last_event(
        &self,
        environment: EnvironmentId,
        at: Option<i64>,
    ) -> Option<i64> {
        *self.last_batches().entry(environment).or_insert(at)
    }

    /// Returns since when the disk has been too full to store telemetry.
    pub(crate) fn full_since(&self) -> Option<Timestamp> {
        let since = self.full_since.load(Ordering::Relaxed);
        (since != 0).then(|| Timestamp::from_timestamp_millis(since)).flatten()
    }

    /// Records stored batches, and that the disk has room.
    pub(crate) fn record_stored_batches(&self, batches: &[Batch]) {
        let mut last = self.last_batches();
        for batch in batches {
            let at = batch.received_at.timestamp_millis();
            let newest = last.entry(batch.environment).or_default();
            *newest = (*newest).max(Some(at));
        }
        drop(last);
        if self.full_since.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!("there is room on the disk again; telemetry is being stored");
        }
    }

    pub(crate) fn record_full_disk(&self, now: Timestamp) {
        let (none, now) = (0, now.timestamp_millis());
        let noted =
            self.full_since.compare_exchange(none, now, Ordering::Relaxed, Ordering::Relaxed);
        if noted.is_ok() {
            tracing::error!(
                "the disk is full: telemetry is refused until there is room; flags are answered all the same"
            );
        }
    }
}
