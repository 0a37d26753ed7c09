//! The weekly review.

use chrono::TimeDelta;
use phasegate_domain::{
    ids::EnvironmentId,
    reports::{REVIEW_DAYS, Review},
};

use super::{feedback::voices, view};
use crate::{Service, ServiceError, access::Actor, annotations::marks};

/// The review of the last seven days; `None` when no plan is loaded.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn review(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Option<Review>, ServiceError> {
    let Some(rollout) = view(service, actor, environment).await? else { return Ok(None) };
    let to = rollout.at;
    let from = to - TimeDelta::days(REVIEW_DAYS);
    let (changes, voices) = tokio::try_join!(
        // The last second has not passed yet.
        marks(service, environment, from.timestamp(), to.timestamp() + 1),
        voices(service, environment, from),
    )?;
    Ok(Some(Review { rollout, from, to, changes, voices }))
}
