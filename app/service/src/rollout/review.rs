//! The weekly review of a rollout.

use chrono::TimeDelta;
use phasegate_domain::{
    ids::EnvironmentId,
    reports::{REVIEW_DAYS, Review},
};

use super::{feedback::read_feedback_since, view::read_rollout_view};
use crate::{Service, ServiceError, access::Actor, annotations::read_annotations};

/// Reads the review of the last seven days; `None` if there is no plan.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_review(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Option<Review>, ServiceError> {
    let Some(rollout) = read_rollout_view(service, actor, environment).await? else {
        return Ok(None);
    };
    let to = rollout.at;
    let from = to - TimeDelta::days(REVIEW_DAYS);
    let (changes, feedback) = tokio::try_join!(
        // The end is exclusive, and the current second is included.
        read_annotations(service, environment, from.timestamp(), to.timestamp() + 1),
        read_feedback_since(service, environment, from),
    )?;
    Ok(Some(Review { rollout, from, to, changes, feedback }))
}
