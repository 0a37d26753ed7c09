//! Storing the telemetry that is queued.

use phasegate_service::{Service, telemetry};

/// Stores batch after batch, in groups.
pub(super) async fn run(service: &Service) {
    telemetry::write_queued(service).await;
}
