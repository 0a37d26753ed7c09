//! Feedback in a stretch of time.

use phasegate_domain::{Timestamp, ids::EnvironmentId, reports::FeedbackSummary};

use crate::{Service, ServiceError};

/// The maximum number of feedback items that are read, newest first.
const LOOKED_AT: u32 = 500;

/// Summarises the feedback since an instant.
pub(super) async fn read_feedback_since(
    service: &Service,
    environment: EnvironmentId,
    since: Timestamp,
) -> Result<FeedbackSummary, ServiceError> {
    let said = service.stores.telemetry.read_recent_feedback(environment, LOOKED_AT).await?;
    let said: Vec<_> = said
        .into_iter()
        .filter(|said| said.at >= since)
        .map(|said| (said.at, said.report))
        .collect();
    Ok(FeedbackSummary::from_feedback(&said))
}
