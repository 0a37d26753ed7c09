//! The jobs that apply due schedules and changes of other processes.

use std::time::Duration;

use phasegate_service::{Service, flags};

use super::every;

/// How often due schedules and changes of other processes are checked.
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
