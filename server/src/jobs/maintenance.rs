//! The jobs that purge expired data and mark the databases.

use std::time::Duration;

use phasegate_service::{Service, ServiceError, accounts, maintenance};

use super::repeat::repeat_job;
use crate::clock;

/// How often expired login sessions and telemetry are deleted.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// How often databases get a new mark, which keeps older backups from being opened with a newer
/// journal.
const MARKING: Duration = Duration::from_secs(60);

pub(super) async fn run_maintenance(service: &Service) {
    tokio::join!(
        repeat_job(INTERVAL, "ended sessions could not be deleted", || {
            accounts::delete_expired_sessions(service)
        }),
        repeat_job(INTERVAL, "expired telemetry could not be deleted", || {
            maintenance::purge_expired(service)
        }),
        repeat_job(MARKING, "the databases could not be marked", || mark_databases(service)),
    );
}

/// Returns a random mark for the databases.
pub(crate) fn new_mark() -> anyhow::Result<i32> {
    let [a, b, c, d, ..] = clock::generate_seed()?;
    Ok(i32::from_ne_bytes([a, b, c, d]))
}

async fn mark_databases(service: &Service) -> Result<(), ServiceError> {
    match new_mark() {
        Ok(mark) => service.mark_databases(mark).await,
        Err(error) => {
            tracing::warn!(%error, "no randomness for a new mark; the old one is kept");
            Ok(())
        }
    }
}
