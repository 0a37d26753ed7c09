//! Server functions of simulated telemetry.

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;

use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use super::{
    ApiErrorCode,
    caller::{Caller, read_caller},
};
use crate::models::Done;

/// Starts a simulation of an environment in the background; the server provides it to pages.
#[cfg(feature = "ssr")]
#[derive(Clone)]
pub struct SimulationStarter(pub std::sync::Arc<StartSimulationFn>);

/// Checks the actor and starts a simulation, unless one is running already.
#[cfg(feature = "ssr")]
pub type StartSimulationFn = dyn Fn(
        &phasegate_service::access::Actor,
        phasegate_domain::ids::EnvironmentId,
    ) -> Result<(), ApiError>
    + Send
    + Sync;

/// The page that shows simulated telemetry.
#[cfg(feature = "ssr")]
const PAGE: &str = "/admin/analytics";

/// Fills a demo server with simulated telemetry, in the background.
#[server(prefix = "/admin/fn", endpoint = "simulation/start", output = JsonResult)]
pub async fn start_simulation(environment: EnvironmentKey) -> Result<Done, ApiError> {
    let Caller { actor, environment, .. } = read_caller(&environment)?;
    let lost = || ApiError::new(500, ApiErrorCode::Other, "The server cannot simulate.");
    let start = use_context::<SimulationStarter>().ok_or_else(lost)?;
    (start.0)(&actor, environment)?;
    Ok(Done { next: Some(PAGE.to_owned()), ..Done::new("The simulation has started.") })
}

/// Removes all simulated telemetry of an environment.
#[server(prefix = "/admin/fn", endpoint = "simulation/remove", output = JsonResult)]
pub async fn remove_simulation(environment: EnvironmentKey) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    phasegate_service::ingest::remove_simulation(&service, &actor, environment).await?;
    Ok(Done { next: Some(PAGE.to_owned()), ..Done::new("Simulated data removed.") })
}
