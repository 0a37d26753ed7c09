//! Background jobs, one per file.

mod ingest;
mod maintenance;
mod repeat;
mod schedules;
mod usage;

use std::sync::Arc;

pub(crate) use maintenance::new_mark;
use phasegate_service::Service;

/// Runs all jobs until the future is dropped.
pub async fn run_jobs(service: Arc<Service>) {
    tokio::join!(
        ingest::run_ingest(&service),
        maintenance::run_maintenance(&service),
        usage::run_usage_writes(&service),
        schedules::run_schedules(&service),
    );
}
