//! `POST /admin/simulation`: fills a demo server with simulated telemetry, or removes it.

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use phasegate_app::{Form, selected_environment};
use phasegate_domain::{accounts::Account, simulation::Simulation, time::day_of};
use phasegate_service::{access::Actor, ingest};

use super::form::MAX_FORM_BYTES;
use crate::{
    http::{AppState, ClientAddress, Problem},
    simulate::{Client, simulate_in_background},
};

/// The simulation that the admin offers: enough data for a demo, stored within seconds.
fn offered_simulation(today: i64) -> Simulation {
    Simulation { users: 2_000, days: 30, seed: 1, last_day: today - 1, regression: None }
}

pub(super) async fn change_simulation(
    State(state): State<AppState>,
    Extension(account): Extension<Account>,
    from: ClientAddress,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let form = Form::parse(&state.bodies.read_body(from, &headers, body, MAX_FORM_BYTES).await?);
    let (service, actor) = (&state.service, Actor::from(&account));
    let shown = selected_environment(service, &headers)?;
    let live = service.environment(shown)?;
    if form.get("here") != live.environment().key.as_str() {
        let detail = "nothing was done: that form was for another environment";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    match form.get("do") {
        "remove" => ingest::remove_simulation(service, &actor, shown).await?,
        "fill" => {
            if !state.settings.has_demo {
                let detail = "this server is not one to show things; start it with --demo, or run phasegate simulate";
                return Err(Problem::new(StatusCode::CONFLICT, detail));
            }
            start_simulation(&state, &actor, shown)?;
        }
        other => {
            let detail = format!("do: fill or remove, not {other:?}");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
        }
    }
    Ok(Redirect::to("/admin/analytics").into_response())
}

/// Starts a simulation in the background, unless one is running already.
fn start_simulation(
    state: &AppState,
    actor: &Actor,
    environment: phasegate_domain::ids::EnvironmentId,
) -> Result<(), Problem> {
    let away = |detail: &str| Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
    let service = &state.service;
    let key = service
        .unrestricted_client_key(environment)
        .ok_or_else(|| away("the environment has no client key that any page may use"))?;
    let address = state.address.get().ok_or_else(|| away("the server does not listen yet"))?;
    let client = Client::new(&format!("http://{address}"), &key)
        .map_err(|error| away(&format!("{error:#}")))?;
    if !ingest::claim_simulation(service, actor, environment)? {
        return Ok(());
    }
    let wanted = offered_simulation(day_of(service.now()));
    let stopping = state.stopping.clone();
    let running =
        simulate_in_background(std::sync::Arc::clone(service), environment, client, wanted);
    tokio::spawn(async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = running => {}
        }
    });
    Ok(())
}
