//! Background jobs, one per file.

mod ingest;
mod maintenance;
mod schedules;
mod usage;

use std::{sync::Arc, time::Duration};

pub(crate) use maintenance::new_mark;
use phasegate_service::{Service, ServiceError};

/// Runs all jobs until the future is dropped.
pub async fn run_jobs(service: Arc<Service>) {
    tokio::join!(
        ingest::run_ingest(&service),
        maintenance::run_maintenance(&service),
        usage::run_usage_writes(&service),
        schedules::run_schedules(&service),
    );
}

/// Runs a job at a fixed interval. An error is logged, and the next run tries again.
async fn repeat_job<F>(pause: Duration, failure: &str, job: impl Fn() -> F)
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
