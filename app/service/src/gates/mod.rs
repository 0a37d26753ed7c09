//! What must hold to leave a phase, from what is measured now.

mod measure;

use phasegate_domain::{
    gates::{Gate, gate as judge_all},
    ids::EnvironmentId,
    rollout::Rollout,
};

use crate::{Service, ServiceError};

/// The gate of the phase that a rollout is in; empty before the start.
pub(crate) async fn gate(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Gate, ServiceError> {
    let findings = measure::findings(service, environment, rollout).await?;
    Ok(judge_all(&rollout.plan, &rollout.standing, &findings, &[], service.now()))
}
