//! What is alarming about a rollout, from what is measured now.

use phasegate_domain::{
    alerts::{Alert, SECURITY_FEATURE, Watched, alerts},
    ids::EnvironmentId,
    rollout::{Comparator, ComparedWith, Metric, Progress, Target},
    telemetry::Severity,
};

use super::evidence::{Days, Evidence, Group};
use crate::{Service, ServiceError};

/// The newest errors that are looked at.
const ERRORS: u32 = 500;

/// What is alarming.
pub(super) async fn alarms(
    service: &Service,
    environment: EnvironmentId,
    evidence: &Evidence,
    progress: &Progress,
) -> Result<Vec<Alert>, ServiceError> {
    let errors = service.telemetry.recent_errors(environment, ERRORS).await?;
    let security = errors.iter().filter(|error| {
        error.at >= progress.phase_since
            && error.what.severity == Severity::Critical
            && error.what.counted() > 0
            && error.what.feature.as_deref() == Some(SECURITY_FEATURE)
    });
    let of = |metric, group: &Group, days: Days| {
        let target = Target {
            metric,
            comparator: Comparator::Above,
            threshold: 0.0,
            compared_with: ComparedWith::Fixed,
            scope: None,
            event: None,
        };
        evidence.measured(&target, group, days, false)
    };
    let (from, to) = evidence.days;
    let lately = (from.max(to - 2), to);
    let before = evidence.before.unwrap_or((from, from));
    let watched = Watched {
        phase_since: progress.phase_since,
        errors: of(Metric::ErrorRate, &Group::Members, lately),
        score: of(Metric::PerformanceScore, &Group::Members, lately),
        score_before: of(Metric::PerformanceScore, &Group::Before, before),
        adoption: of(Metric::AdoptionRate, &Group::Members, evidence.days),
        security: security.count() as u64,
    };
    Ok(alerts(&watched, service.now()))
}
