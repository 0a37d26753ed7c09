//! The simulation that an environment's simulated telemetry comes from.

use phasegate_domain::{ids::EnvironmentId, simulation::Simulation};
use phasegate_store::StoreError;

use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
};

pub(super) async fn read_simulation(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Option<Simulation>, StoreError> {
    let text: Option<String> =
        sqlx::query_scalar("SELECT simulation FROM simulations WHERE environment_id = ?")
            .bind(environment.0)
            .fetch_optional(&db.reader)
            .await
            .map_err(database_error)?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|error| damaged_error("simulation")(&error))
    };
    text.map(read).transpose()
}

pub(super) async fn save_simulation(
    db: &Database,
    environment: EnvironmentId,
    simulation: &Simulation,
) -> Result<(), StoreError> {
    let text =
        serde_json::to_string(simulation).map_err(|error| damaged_error("simulation")(&error))?;
    let mut tx = db.begin_write().await?;
    sqlx::query("INSERT OR REPLACE INTO simulations (environment_id, simulation) VALUES (?, ?)")
        .bind(environment.0)
        .bind(text)
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    commit_transaction(tx).await
}
