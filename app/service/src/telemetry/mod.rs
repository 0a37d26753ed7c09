//! Taking in what pages report.

mod ingest;

pub use ingest::{IngestQueue, MAX_QUEUED_BATCHES, ingest, write_queued};
