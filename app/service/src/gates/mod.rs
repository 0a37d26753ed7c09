//! The gate of a phase, from current measurements.

mod alerts;
mod collection;
mod compare;
mod criteria;
mod evidence;
mod measure;
mod unmeasured;

use std::collections::BTreeSet;

use phasegate_domain::{
    alerts::Alert,
    audit::SubjectKind,
    gates::{
        EvidenceSince, Gate, Measurements, Served, evaluate_gate as judge_all, evidence_since,
    },
    ids::{EnvironmentId, FlagKey, PhaseNumber, SegmentKey},
    measurement::CriterionResult,
    rollout::{Progress, Rollout},
    time::day_of,
};
use phasegate_store::models::AuditQuery;

pub(crate) use self::evidence::Evidence;
use crate::{CachedEnvironment, Service, ServiceError};

/// Evaluates the gate of the current phase; it is empty before the start. If telemetry cannot be
/// read, no criterion passes, but the other conditions are still evaluated.
pub(crate) async fn evaluate_gate(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Gate, ServiceError> {
    let criteria = rollout.state.status.serving_phase().and_then(|n| rollout.plan.phase(n));
    let criteria = criteria.map_or(0, |phase| phase.criteria.len());
    let found =
        unknown_on_store_error(measure_phase(service, environment, rollout).await, criteria)?;
    Ok(judge_all(&rollout.plan, &rollout.state, &found, service.now()))
}

/// Returns the alerts that fire.
pub(crate) async fn read_firing_alerts(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Vec<Alert>, ServiceError> {
    Ok(alerts::read_alerts(service, environment, rollout).await?.0)
}

/// Measures the users of the current phase, from its start or the last change of what it serves.
async fn measure_phase(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Measurements, ServiceError> {
    let nothing = Measurements::default();
    let Some(progress) = rollout.state.status.progress() else { return Ok(nothing) };
    let Some(phase) = rollout.plan.phase(progress.phase) else { return Ok(nothing) };
    let since = find_evidence_start(service, environment, rollout, progress).await?;
    let tomorrow = day_of(service.now()) + 1;
    // Only whole days are counted. The day of a change is skipped because it mixes both states.
    let first = day_of(since.at) + i64::from(since.changed.is_some());
    let phases = BTreeSet::from([phase.number]);
    let days = (first.min(tomorrow), tomorrow);
    let evidence = Evidence::read_evidence(service, environment, rollout, phases, days).await?;
    let (alerts, unwatched) = alerts::read_alerts(service, environment, rollout).await?;
    let criteria_results = criteria::evaluate_criteria(&evidence, phase);
    Ok(Measurements { criteria_results, alerts: Some(alerts), unwatched, since: Some(since) })
}

/// The maximum number of audit entries that are searched, per kind of subject. If there are more
/// since the phase began, evidence starts at the oldest of these.
const CHANGES: u32 = 500;

/// Finds the last change of what users are served.
async fn find_evidence_start(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
    progress: &Progress,
) -> Result<EvidenceSince, ServiceError> {
    let served = served_subjects(&*service.environment(environment)?, rollout, progress.phase);
    let keys = |keys: &mut dyn Iterator<Item = &str>| keys.map(str::to_owned).collect::<Vec<_>>();
    let asked = [
        (SubjectKind::Flag, keys(&mut served.flags.iter().map(FlagKey::as_str))),
        (SubjectKind::Segment, keys(&mut served.segments.iter().map(SegmentKey::as_str))),
        (SubjectKind::Rollout, vec![rollout.key.to_string()]),
        // Imported files, which may change any of these.
        (SubjectKind::Environment, Vec::new()),
    ];
    let (mut entries, mut known_since) = (Vec::new(), progress.phase_since);
    for (kind, subjects) in asked {
        if subjects.is_empty() && kind != SubjectKind::Environment {
            continue;
        }
        let (kind, since) = (Some(kind), Some(progress.phase_since));
        let query = AuditQuery { kind, subjects, since, limit: CHANGES, ..Default::default() };
        let lines = service.stores.state.read_audit_records(environment, &query).await?;
        if lines.len() == CHANGES as usize {
            known_since = lines.last().map_or(known_since, |line| line.entry.at.max(known_since));
        }
        entries.extend(lines.into_iter().map(|line| line.entry));
    }
    let mut found = evidence_since(entries.iter(), &rollout.plan, &served, progress);
    if known_since > found.at {
        let changed = Some(format!("one of more than {CHANGES} changes"));
        found = EvidenceSince { at: known_since, changed };
    }
    Ok(found)
}

/// Returns the flags of the phases reached with all their prerequisites, and the segments that
/// decide who gets them.
fn served_subjects(live: &CachedEnvironment, rollout: &Rollout, reached: PhaseNumber) -> Served {
    let phases = rollout.plan.phases.iter().filter(|phase| phase.number <= reached);
    let (mut flags, mut asked) = (BTreeSet::new(), Vec::new());
    for phase in phases {
        flags.extend(phase.flags.iter().cloned());
        asked.extend(phase.audience.iter().map(|entry| entry.segment.clone()));
    }
    let mut needing: Vec<FlagKey> = flags.iter().cloned().collect();
    while let Some(key) = needing.pop() {
        let Some(entry) = live.snapshot.flag(key.as_str()) else { continue };
        for needed in &entry.state.prerequisites {
            if flags.insert(needed.flag.clone()) {
                needing.push(needed.flag.clone());
            }
        }
    }
    for entry in live.snapshot.flags().filter(|entry| flags.contains(&entry.flag.key)) {
        let rules = entry.state.rules.iter();
        asked.extend(rules.flat_map(|rule| rule.condition.segments()).cloned());
    }
    let mut segments = BTreeSet::new();
    while let Some(key) = asked.pop() {
        if let Some(segment) = live.snapshot.segments().get(&key)
            && segments.insert(key)
        {
            asked.extend(segment.condition.segments().into_iter().cloned());
        }
    }
    Served { flags, segments }
}

fn unknown_on_store_error(
    found: Result<Measurements, ServiceError>,
    criteria: usize,
) -> Result<Measurements, ServiceError> {
    match found {
        Err(error @ (ServiceError::Store(_) | ServiceError::Full | ServiceError::Locked)) => {
            tracing::error!(%error, "criteria cannot be measured");
            let unknown =
                CriterionResult::unknown("the numbers cannot be read; the server's log says why");
            Ok(Measurements {
                criteria_results: vec![unknown; criteria],
                ..Measurements::default()
            })
        }
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use phasegate_domain::measurement::Verdict;
    use phasegate_store::StoreError;

    use super::*;
    use crate::ObjectKind;

    #[test]
    fn criteria_are_inconclusive_if_telemetry_cannot_be_read() {
        let failed = || Err(ServiceError::from(StoreError::Full));
        let found = unknown_on_store_error(failed(), 2).unwrap();
        assert_eq!((found.criteria_results.len(), &found.alerts), (2, &None));
        assert!(
            found.criteria_results.iter().all(|result| result.verdict == Verdict::Inconclusive)
        );
        let missing = Err(ServiceError::not_found(ObjectKind::Environment, "x"));
        assert!(unknown_on_store_error(missing, 2).is_err());
    }
}
