//! Rollouts and their plans.

use async_trait::async_trait;
use phasegate_domain::{ids::EnvironmentId, rollout::Rollout};

use crate::StoreError;

/// Rollouts and their plans.
#[async_trait]
pub trait RolloutStore: Send + Sync {
    /// Reads the rollout of an environment, if it has a plan.
    async fn read_rollout(&self, environment: EnvironmentId)
    -> Result<Option<Rollout>, StoreError>;
}
