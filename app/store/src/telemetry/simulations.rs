//! Simulations, whose telemetry is stored apart.

use async_trait::async_trait;
use phasegate_domain::{ids::EnvironmentId, simulation::Simulation};

use crate::StoreError;

/// Simulations, whose telemetry is stored apart.
#[async_trait]
pub trait SimulationStore: Send + Sync {
    /// Reads the simulation that the environment's simulated telemetry comes from.
    async fn read_simulation(
        &self,
        environment: EnvironmentId,
    ) -> Result<Option<Simulation>, StoreError>;

    /// Saves the simulation that the environment's simulated telemetry comes from.
    async fn save_simulation(
        &self,
        environment: EnvironmentId,
        simulation: &Simulation,
    ) -> Result<(), StoreError>;
}
