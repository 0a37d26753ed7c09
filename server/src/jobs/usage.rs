//! The jobs that write counts kept in memory.

use std::time::Duration;

use phasegate_service::{Service, evaluation_counts, ingest, tokens};

use super::repeat::repeat_job;

/// How often counts in memory are written.
const WRITING: Duration = Duration::from_secs(5);

pub(super) async fn run_usage_writes(service: &Service) {
    tokio::join!(
        repeat_job(WRITING, "how often flags were asked for could not be written", || {
            evaluation_counts::write_evaluation_counts(service)
        }),
        repeat_job(WRITING, "what was refused could not be written", || {
            ingest::write_rejections(service)
        }),
        repeat_job(WRITING, "when tokens were used could not be written", || {
            tokens::write_token_uses(service)
        }),
    );
}
