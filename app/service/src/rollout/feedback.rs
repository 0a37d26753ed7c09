//! The feedback.

use phasegate_domain::{Timestamp, ids::EnvironmentId, reports::FeedbackSummary};

use crate::{Service, ServiceError};

/// The newest that are looked at.
const LOOKED_AT: u32 = 500;

/// The feedback since then.
pub(super) async fn feedback_since(
    service: &Service,
    environment: EnvironmentId,
    since: Timestamp,
) -> Result<FeedbackSummary, ServiceError> {
    let said = service.stores.telemetry.recent_feedback(environment, LOOKED_AT).await?;
    let said: Vec<_> =
        said.into_iter().filter(|said| said.at >= since).map(|said| (said.at, said.what)).collect();
    Ok(FeedbackSummary::of(&said))
}
