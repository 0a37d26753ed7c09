//! What is no longer kept.

use crate::{Service, ServiceError};

/// Forgets rows of spans that are no longer kept; a job.
///
/// # Errors
/// When storage fails.
pub async fn forget_old(service: &Service) -> Result<(), ServiceError> {
    Ok(service.telemetry.forget_rows(service.now()).await?)
}
