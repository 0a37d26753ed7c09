//! Measures from user sets how many users a rollout reaches.

use phasegate_domain::{
    analytics::ActivityIndex,
    ids::{EnvironmentId, FlagKey, SegmentKey, VariantName},
    metrics::{Activity, ActivityFilter},
    reports::Reach,
    rollout::Rollout,
    stats::UserSet,
    time::day_of,
};
use std::collections::BTreeMap;

use crate::{Service, ServiceError};

/// The number of days after which a user no longer counts as active.
const ACTIVE_DAYS: i64 = 30;

/// Measures how many users the rollout reaches; `None` if telemetry cannot be read.
pub(super) async fn measure_reach(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Option<Reach>, ServiceError> {
    let to = day_of(service.now()) + 1;
    let from = to - ACTIVE_DAYS;
    let activity_index: ActivityIndex = match service
        .stores
        .telemetry
        .read_user_sets(environment, &ActivityFilter::All, from, to)
        .await
    {
        Ok(found) => found.into_iter().collect(),
        Err(error) => {
            tracing::error!(%error, "the reach of the rollout cannot be read");
            return Ok(None);
        }
    };
    let live = service.environment(environment)?;
    // Exposures in other phases do not count: users lose the features at a rollback.
    let serving = rollout.state.status.serving_phase();
    let is_on = |flag: &FlagKey, variant: &VariantName| {
        rollout.plan.phase_that_adds(flag).is_some()
            && live.stored_flag(flag.as_str()).is_ok_and(|f| f.flag.rollout_variant == *variant)
    };
    let exposed = activity_index.merge_by_day(|activity| match activity {
        Activity::Exposed(flag, variant, phase) => {
            phase.is_some() && *phase == serving && is_on(flag, variant)
        }
        _ => false,
    });
    let exposed = UserSet::union_of_sets(exposed.values());
    let named = rollout.plan.phases.iter().flat_map(|phase| &phase.audience);
    let segments: BTreeMap<SegmentKey, UserSet> = named
        .map(|entry| &entry.segment)
        .map(|key| {
            (key.clone(), activity_index.users_on_any_day(&Activity::InSegment(key.clone())))
        })
        .collect();
    let active = activity_index.users_on_any_day(&Activity::Active);
    let (plan, state) = (&rollout.plan, &rollout.state.status);
    Ok(Some(Reach::from_user_sets(plan, state, &active, &exposed, |key| segments.get(key))))
}
