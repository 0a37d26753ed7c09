//! Counts of rejected request bodies by reason, until they are written.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use phasegate_domain::{
    events::{Rejection, RejectionCode},
    ids::EnvironmentId,
};

/// The maximum number of distinct reasons in memory; further ones count as
/// [`RejectionCode::Other`].
const MAX_REASONS: usize = 200;

/// Rejected bodies that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct RejectionCounts {
    counts: Mutex<BTreeMap<(EnvironmentId, RejectedBody), u64>>,
    /// The number of batches of rejections so far, for their ids.
    written: AtomicU64,
}

/// The reason why a request body was rejected, and whether the page sends it again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RejectedBody {
    pub(crate) reason: Rejection,
    /// Whether the page does not send it again.
    pub(crate) is_lost: bool,
}

impl RejectionCounts {
    pub(crate) fn count_body(&self, environment: EnvironmentId, reason: Rejection, is_lost: bool) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = counts.len() >= MAX_REASONS;
        let key = (environment, RejectedBody { reason, is_lost });
        let other = RejectedBody { reason: RejectionCode::Other.into(), is_lost };
        match counts.get_mut(&key) {
            Some(count) => *count += 1,
            None if is_full => *counts.entry((environment, other)).or_default() += 1,
            None => drop(counts.insert(key, 1)),
        }
    }

    pub(crate) fn take_rejections(&self) -> BTreeMap<(EnvironmentId, RejectedBody), u64> {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the next number for the id of a batch.
    pub(crate) fn next_batch_number(&self) -> u64 {
        self.written.fetch_add(1, Ordering::Relaxed)
    }
}
