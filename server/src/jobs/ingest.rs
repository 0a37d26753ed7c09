//! The job that stores queued telemetry.

use phasegate_service::{Service, ingest};

pub(super) async fn run_ingest(service: &Service) {
    ingest::write_queued(service).await;
}
