//! What must hold to leave a phase, from what is measured now.

mod alarms;
mod compare;
mod evidence;
mod findings;
mod measure;

use std::collections::BTreeSet;

use phasegate_domain::{
    alerts::Alert,
    gates::{Finding, Gate, gate as judge_all},
    ids::EnvironmentId,
    rollout::Rollout,
    telemetry::day_of,
};

pub(crate) use self::evidence::Evidence;
use crate::{Service, ServiceError};

/// What was measured for a gate.
type Found = (Vec<Finding>, Option<Vec<Alert>>);

/// The gate of the phase that a rollout is in; empty before the start. Where nothing can be read, no
/// criterion holds, and everything else is said all the same.
pub(crate) async fn gate(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Gate, ServiceError> {
    let criteria = rollout.standing.state.serving_phase().and_then(|n| rollout.plan.phase(n));
    let criteria = criteria.map_or(0, |phase| phase.criteria.len());
    let found = or_unknown(find(service, environment, rollout).await, criteria)?;
    let (findings, alerts) = found;
    Ok(judge_all(&rollout.plan, &rollout.standing, &findings, alerts.as_deref(), service.now()))
}

/// Of those whom the current phase gives something, from the day on which it began.
async fn find(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Found, ServiceError> {
    let nothing = (Vec::new(), None);
    let Some(progress) = rollout.standing.state.progress() else { return Ok(nothing) };
    let Some(phase) = rollout.plan.phase(progress.phase) else { return Ok(nothing) };
    let days = (day_of(progress.phase_since), day_of(service.now()) + 1);
    let phases = BTreeSet::from([phase.number]);
    let evidence = Evidence::read(service, environment, rollout, phases, days).await?;
    let alerts = alarms::alarms(service, environment, &evidence, progress).await?;
    Ok((findings::findings(&evidence, phase), Some(alerts)))
}

fn or_unknown(found: Result<Found, ServiceError>, criteria: usize) -> Result<Found, ServiceError> {
    match found {
        Err(ServiceError::Store(error)) => {
            tracing::error!(%error, "criteria cannot be measured");
            let unknown = Finding::unknown("the numbers cannot be read; the server's log says why");
            Ok((vec![unknown; criteria], None))
        }
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use phasegate_domain::gates::Verdict;
    use phasegate_store::StoreError;

    use super::*;

    #[test]
    fn what_cannot_be_read_holds_nothing_but_the_criteria_up() {
        let failed = || Err(ServiceError::Store(StoreError::Full));
        let found = or_unknown(failed(), 2).unwrap();
        assert_eq!((found.0.len(), &found.1), (2, &None));
        assert!(found.0.iter().all(|finding| finding.verdict == Verdict::Inconclusive));
        let missing = Err(ServiceError::not_found("environment", "x"));
        assert!(or_unknown(missing, 2).is_err());
    }
}
