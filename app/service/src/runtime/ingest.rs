//! Telemetry on its way to the store.

use super::{
    ingest_queue::IngestQueue, rejection_counts::RejectionCounts, simulations::Simulations,
};

/// What is known of telemetry that is not stored yet.
#[derive(Default)]
pub(crate) struct Ingest {
    pub(crate) queue: IngestQueue,
    pub(crate) rejections: RejectionCounts,
    pub(crate) simulations: Simulations,
}
