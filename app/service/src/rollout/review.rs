//! The weekly review.

use chrono::TimeDelta;
use phasegate_domain::{
    ids::EnvironmentId,
    reports::{REVIEW_DAYS, Review},
};

use super::{feedback::feedback_since, view};
use crate::{Service, ServiceError, access::Actor, annotations::read_annotations};

/// The review of the last seven days; `None` when no plan is loaded.
///
/// # Errors
/// When the actor may not look, or storage fails.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn review(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Option<Review>, ServiceError> {
    let Some(rollout) = view(service, actor, environment).await? else { return Ok(None) };
    let to = rollout.at;
    let from = to - TimeDelta::days(REVIEW_DAYS);
    let (changes, feedback) = tokio::try_join!(
        // The last second has not passed yet.
        read_annotations(service, environment, from.timestamp(), to.timestamp() + 1),
        feedback_since(service, environment, from),
    )?;
    Ok(Some(Review { rollout, from, to, changes, feedback }))
}
