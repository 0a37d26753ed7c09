//! Storing the telemetry that is queued.

use phasegate_service::{Service, ingest};

/// Stores batch after batch, in groups.
pub(super) async fn run(service: &Service) {
    ingest::write_queued(service).await;
}
