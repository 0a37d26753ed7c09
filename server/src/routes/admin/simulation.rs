//! Starts simulations for the admin UI: a demo server is filled with simulated telemetry.

use std::sync::Arc;

use axum::http::StatusCode;
use phasegate_app::{ApiError, ApiErrorCode, SimulationStarter};
use phasegate_domain::{ids::EnvironmentId, simulation::Simulation, time::day_of};
use phasegate_service::{access::Actor, ingest};

use crate::{
    http::AppState,
    simulate::{Client, simulate_in_background},
};

/// The simulation that the admin offers: enough data for a demo, stored within seconds.
fn offered_simulation(today: i64) -> Simulation {
    Simulation { users: 2_000, days: 30, seed: 1, last_day: today - 1, regression: None }
}

/// Returns the function that server functions start a simulation with.
pub(super) fn simulation_starter(state: &AppState) -> SimulationStarter {
    let state = state.clone();
    SimulationStarter(Arc::new(move |actor, environment| {
        start_simulation(&state, actor, environment)
    }))
}

fn refuse(status: StatusCode, code: ApiErrorCode, message: &str) -> ApiError {
    ApiError { status: status.as_u16(), code, message: message.to_owned(), fields: Vec::new() }
}

/// Starts a simulation in the background, unless one is running already.
fn start_simulation(
    state: &AppState,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<(), ApiError> {
    if !state.settings.has_demo {
        let text = "Only a demo server is filled with simulated data. Start it with --demo, or run phasegate simulate.";
        return Err(refuse(StatusCode::CONFLICT, ApiErrorCode::Refused, text));
    }
    let away = |text: &str| refuse(StatusCode::SERVICE_UNAVAILABLE, ApiErrorCode::Other, text);
    let service = &state.service;
    let key = service
        .unrestricted_client_key(environment)
        .ok_or_else(|| away("The environment has no client key that any page may use."))?;
    let address = state.address.get().ok_or_else(|| away("The server does not listen yet."))?;
    let client = Client::new(&format!("http://{address}"), &key)
        .map_err(|error| away(&format!("{error:#}.")))?;
    if !ingest::claim_simulation(service, actor, environment)? {
        return Ok(());
    }
    let wanted = offered_simulation(day_of(service.now()));
    let stopping = state.stopping.clone();
    let running = simulate_in_background(Arc::clone(service), environment, client, wanted);
    tokio::spawn(async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = running => {}
        }
    });
    Ok(())
}
