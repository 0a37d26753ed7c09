//! Simulated telemetry: stored apart from real telemetry, marked wherever it is shown, and deleted
//! as a whole.

use phasegate_domain::{
    accounts::Role,
    events::{Batch, Visit},
    ids::EnvironmentId,
    simulation::Simulation,
    time::day_of,
};

use crate::{Service, ServiceError, access::Actor};

/// Reads the stored simulation of an environment, if there is one.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_simulation(
    service: &Service,
    environment: EnvironmentId,
) -> Result<Option<Simulation>, ServiceError> {
    let shadow = environment.simulated_id();
    if let Some(known) = service.ingest.simulations.known_simulation(shadow) {
        return Ok(known);
    }
    let found = service.stores.telemetry.read_simulation(shadow).await?;
    Ok(service.ingest.simulations.record_stored_simulation(shadow, found))
}

/// Begins to ingest a simulation and deletes an earlier one with other values. The same one
/// continues: batches that are stored already are not counted again.
///
/// # Errors
/// Returns [`ServiceError::Invalid`] if it is invalid (see [`Simulation::validate`]), an error if
/// the environment does not exist, or the error of the store.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn begin_simulation(
    service: &Service,
    environment: EnvironmentId,
    wanted: Simulation,
) -> Result<(), ServiceError> {
    service.environment(environment)?;
    wanted.validate(day_of(service.now()))?;
    let _turn = service.ingest.simulations.changing.lock().await;
    let shadow = environment.simulated_id();
    if service.stores.telemetry.read_simulation(shadow).await?.as_ref() == Some(&wanted) {
        return Ok(());
    }
    erase_simulation(service, shadow).await?;
    service.stores.telemetry.save_simulation(shadow, &wanted).await?;
    service.ingest.simulations.record_simulation(shadow, Some(wanted));
    service.announce_change();
    Ok(())
}

/// Claims the right to run the only simulation of an environment on this server. Returns `false` if
/// one is running.
///
/// # Errors
/// Returns an error if the actor lacks the operator role.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn claim_simulation(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<bool, ServiceError> {
    actor.require_role(Role::Operator)?;
    Ok(service.ingest.simulations.claim_run(environment))
}

/// Deletes an environment's simulated telemetry.
///
/// # Errors
/// Returns an error if the actor lacks the operator role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn remove_simulation(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.ingest.simulations.changing.lock().await;
    erase_simulation(service, environment.simulated_id()).await?;
    service.announce_change();
    Ok(())
}

/// Deletes simulated telemetry, including batches that are still queued.
async fn erase_simulation(service: &Service, shadow: EnvironmentId) -> Result<(), ServiceError> {
    // From here on, batches of the simulation are rejected.
    service.ingest.simulations.record_simulation(shadow, None);
    // The queue keeps its order, so earlier batches are stored once this one is.
    let at = service.now();
    let (id, visit) = (format!("barrier {}", at.timestamp_micros()), Visit::default());
    let barrier = Batch {
        id,
        environment: shadow,
        received_at: at,
        visit,
        events: Vec::new(),
        raw: Vec::new(),
    };
    if let Err(error) =
        super::ingest_batch(super::reserve_queue_place(service).await?, barrier).await
    {
        // On a full disk, no queued batch can be stored either.
        tracing::warn!(%error, "the queue could not be awaited before a simulation was erased");
    }
    Ok(service.stores.telemetry.erase_environment(shadow).await?)
}

/// Records the progress of a simulation: sessions sent, and all sessions. `None` ends it.
pub fn record_simulation_progress(
    service: &Service,
    environment: EnvironmentId,
    progress: Option<(u64, u64)>,
) {
    let mut all = service.ingest.simulations.progress();
    match progress {
        Some(progress) => drop(all.insert(environment.real_id(), progress)),
        None => drop(all.remove(&environment.real_id())),
    }
}

/// Returns the progress of a simulation that this server runs: sessions sent, and all sessions.
#[must_use]
pub fn simulation_progress(service: &Service, environment: EnvironmentId) -> Option<(u64, u64)> {
    service.ingest.simulations.progress().get(&environment.real_id()).copied()
}
