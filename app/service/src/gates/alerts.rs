//! The alerts of a rollout. They cover all phases reached: an alert is about the environment, and
//! advancing does not end it.

use std::collections::BTreeSet;

use phasegate_domain::{
    alerts::{Alert, AlertKind, SECURITY_FEATURE, Watched, evaluate_alerts},
    errors::Severity,
    ids::{EnvironmentId, PhaseNumber},
    measurement::Measurement,
    plan::{Comparator, ComparedWith, Criterion, CriterionMetric, Plan, Target},
    rollout::Rollout,
    time::day_of,
};

use super::evidence::{Days, Evidence, Group};
use crate::{Service, ServiceError};

/// The maximum number of error events that are searched, newest first.
const ERRORS: u32 = 500;

/// Returns the alerts that fire, and the reason why others may be missing, if there is one.
pub(super) async fn read_alerts(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<(Vec<Alert>, Option<String>), ServiceError> {
    let now = service.now();
    let state = &rollout.state;
    let Some(serving) = state.status.serving_phase() else { return Ok((Vec::new(), None)) };
    let started_at = state.started_at.unwrap_or(now);
    let numbers = rollout.plan.phases.iter().map(|phase| phase.number);
    let phases: BTreeSet<PhaseNumber> = numbers.filter(|number| *number <= serving).collect();
    let days = (day_of(started_at), day_of(now) + 1);
    let evidence = &Evidence::read_evidence(service, environment, rollout, phases, days).await?;
    let seen = state.record.find_acknowledgement(AlertKind::Security, now);
    let security_since = seen.map_or(started_at, |seen| seen.at.max(started_at));
    let errors = service.stores.telemetry.read_recent_errors(environment, ERRORS).await?;
    let security = errors.iter().filter(|error| {
        error.at >= security_since
            && error.report.severity == Severity::Critical
            && error.report.error_count() > 0
            && error.report.feature.as_deref() == Some(SECURITY_FEATURE)
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
        evidence.measure_target(&target, group, days, false)
    };
    let (from, to) = evidence.days;
    let lately = (from.max(to - 2), to);
    let before = evidence.before.unwrap_or((from, from));
    let watched = Watched {
        started_at,
        errors: of(CriterionMetric::ErrorRate, &Group::Members, lately),
        score: of(CriterionMetric::PerformanceScore, &Group::Members, lately),
        score_before: of(CriterionMetric::PerformanceScore, &Group::Before, before),
        adoption: of(CriterionMetric::AdoptionRate, &Group::Members, evidence.days),
        security: security.count() as u64,
    };
    let mut firing = evaluate_alerts(&watched, now);
    // Acknowledging silences an alert, except that new security errors fire again: only those after
    // the acknowledgement are counted.
    firing.retain(|alert| {
        alert.kind == AlertKind::Security
            || state.record.find_acknowledgement(alert.kind, now).is_none()
    });
    let unseen = is_measured(&rollout.plan, serving)
        && matches!(watched.errors, Measurement::Rate { cases: 0, .. });
    let unseen = unseen.then(|| {
        "no session of those who are given something was reported since yesterday".to_owned()
    });
    Ok((firing, evidence.uncollected_reasons().or(unseen)))
}

/// Returns whether a phase reached so far has an automatic criterion. The flags of a plan with
/// sign-offs only may never be evaluated by a page, so its users may have no sessions at all.
fn is_measured(plan: &Plan, serving: PhaseNumber) -> bool {
    let reached = plan.phases.iter().filter(|phase| phase.number <= serving);
    let mut criteria = reached.flat_map(|phase| &phase.criteria);
    criteria.any(|criterion| matches!(criterion, Criterion::Automatic(_)))
}
