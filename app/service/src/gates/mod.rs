//! What must hold to leave a phase, from what is measured now.

mod measure;

use phasegate_domain::{
    gates::{Finding, Gate, Verdict, gate as judge_all},
    ids::EnvironmentId,
    rollout::Rollout,
};

use crate::{Service, ServiceError};

/// The gate of the phase that a rollout is in; empty before the start. Where nothing can be read, no
/// criterion holds, and everything else is said all the same.
pub(crate) async fn gate(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Gate, ServiceError> {
    let findings = measure::findings(service, environment, rollout).await;
    let criteria = rollout.standing.state.serving_phase().and_then(|n| rollout.plan.phase(n));
    let findings = or_unknown(findings, criteria.map_or(0, |phase| phase.criteria.len()))?;
    Ok(judge_all(&rollout.plan, &rollout.standing, &findings, service.now()))
}

fn or_unknown(
    findings: Result<Vec<Finding>, ServiceError>,
    criteria: usize,
) -> Result<Vec<Finding>, ServiceError> {
    match findings {
        Err(ServiceError::Store(error)) => {
            tracing::error!(%error, "criteria cannot be measured");
            let detail = "the numbers cannot be read; the server's log says why".to_owned();
            Ok(vec![Finding { verdict: Verdict::Inconclusive, detail }; criteria])
        }
        findings => findings,
    }
}

#[cfg(test)]
mod tests {
    use phasegate_store::StoreError;

    use super::*;

    #[test]
    fn what_cannot_be_read_holds_nothing_but_the_criteria_up() {
        let failed = || Err(ServiceError::Store(StoreError::Full));
        let found = or_unknown(failed(), 2).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|finding| finding.verdict == Verdict::Inconclusive));
        let missing = Err(ServiceError::not_found("environment", "x"));
        assert!(or_unknown(missing, 2).is_err());
    }
}
