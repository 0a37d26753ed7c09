//! The state of ingestion in memory.

use super::{
    ingest_queue::IngestQueue, rejection_counts::RejectionCounts, simulations::Simulations,
};

/// The queue, the rejections and the simulations that ingestion keeps in memory.
#[derive(Default)]
pub(crate) struct Ingest {
    pub(crate) queue: IngestQueue,
    pub(crate) rejections: RejectionCounts,
    pub(crate) simulations: Simulations,
}
