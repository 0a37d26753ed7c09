//! The jobs that write counts kept in memory.

use std::time::Duration;

use phasegate_service::{Service, evaluation_counts, ingest, tokens};

use super::every;

/// How often counts in memory are written.
const WRITING: Duration = Duration::from_secs(5);

pub(super) async fn run(service: &Service) {
    tokio::join!(
        every(WRITING, "how often flags were asked for could not be written", || {
            evaluation_counts::write_counted(service)
        }),
        every(WRITING, "what was refused could not be written", || {
            ingest::write_rejections(service)
        }),
        every(WRITING, "when tokens were used could not be written", || {
            tokens::write_uses(service)
        }),
    );
}
