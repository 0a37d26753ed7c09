//! The stored rollout of an environment.

use phasegate_domain::{ids::EnvironmentId, rollout::Rollout};

use crate::{Service, ServiceError};

/// Reads the rollout, which must exist.
pub(super) async fn read_rollout(
    service: &Service,
    environment: EnvironmentId,
) -> Result<Rollout, ServiceError> {
    let rollout = service.stores.state.read_rollout(environment).await?;
    rollout.ok_or_else(|| ServiceError::NoRollout)
}
