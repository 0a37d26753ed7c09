//! Taking in what pages report.

mod counts;
mod ingest;

pub use counts::{EventCount, arrivals, event_counts};
pub use ingest::{IngestQueue, MAX_QUEUED_BATCHES, ingest, write_queued};
