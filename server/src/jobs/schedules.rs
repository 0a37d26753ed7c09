//! The jobs that apply due schedules and changes of other processes.

use std::time::Duration;

use phasegate_service::{Service, flags};

use super::repeat::repeat_job;

/// How often due schedules and changes of other processes are checked.
const WATCHING: Duration = Duration::from_secs(1);

pub(super) async fn run_schedules(service: &Service) {
    tokio::join!(
        repeat_job(WATCHING, "what another process has changed could not be read", || {
            service.reload_if_changed()
        }),
        repeat_job(WATCHING, "a scheduled switch could not be written down", || {
            flags::record_due_switches(service)
        }),
    );
}
