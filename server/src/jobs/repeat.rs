//! Repetition of jobs.

use std::time::Duration;

use phasegate_service::ServiceError;

/// Runs a job at a fixed interval. An error is logged, and the next run tries again.
pub(super) async fn repeat_job<F>(pause: Duration, failure: &str, job: impl Fn() -> F)
where
    F: Future<Output = Result<(), ServiceError>>,
{
    let mut interval = tokio::time::interval(pause);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = job().await {
            tracing::error!(%error, "{failure}");
        }
    }
}
