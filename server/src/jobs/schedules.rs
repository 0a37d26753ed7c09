//! Noticing what the clock and other processes have changed.

use std::time::Duration;

use phasegate_service::{Service, flags};

use super::every;

/// How often the clock and other processes are asked whether something has changed.
const WATCHING: Duration = Duration::from_secs(1);

pub(super) async fn run(service: &Service) {
    tokio::join!(
        every(WATCHING, "what another process has changed could not be read", || {
            service.catch_up()
        }),
        every(WATCHING, "a scheduled switch could not be written down", || {
            flags::keep_schedules(service)
        }),
    );
}
