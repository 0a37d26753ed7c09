//! `/collect/simulation`: simulated telemetry, and what the server measured of it. The public key is
//! enough, because real telemetry can neither be read nor changed here.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use phasegate_domain::{
    Timestamp,
    accounts::{Reach, Role, Scope},
    ids::{EnvironmentId, PhaseNumber},
    simulation::{PHASES, Simulation},
    time::day_of,
};
use phasegate_service::{
    Service,
    access::Actor,
    analytics::{Analytics, AnalyticsQuery, analytics},
    ingest,
    performance::{Performance, PerformanceQuery, performance},
};
use phasegate_wire::{MAX_BODY_BYTES, decode};
use tokio::sync::SemaphorePermit;

use super::{
    KeyQuery, app_of,
    convert::{Sending, earlier},
    exceeded, understood,
};
use crate::http::{AppState, ClientAddress, Connection, Problem, Sender};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/collect/simulation", post(begin))
        .route("/collect/simulation/analytics", get(measured_analytics))
        .route("/collect/simulation/performance", get(measured_performance))
}

/// The fields of an address.
type Fields = Query<BTreeMap<String, String>>;

/// The actor that reads simulated telemetry: it has no account.
fn reader() -> Actor {
    Actor::token("simulation", Role::Viewer, &[Scope::Read], Reach::Environment, "simulation")
}

fn field<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

async fn measured_analytics(
    State(state): State<AppState>,
    Query(fields): Fields,
    headers: HeaderMap,
) -> Result<Json<Analytics>, Problem> {
    let app = app_of(&state, fields.get("key").map(String::as_str), &headers)?;
    let _permit = permit(&state)?;
    let query = AnalyticsQuery::read(|name| field(&fields, name))?;
    let shadow = app.environment.simulated();
    Ok(Json(analytics(&state.service, &reader(), shadow, &query).await?))
}

async fn measured_performance(
    State(state): State<AppState>,
    Query(fields): Fields,
    headers: HeaderMap,
) -> Result<Json<Performance>, Problem> {
    let app = app_of(&state, fields.get("key").map(String::as_str), &headers)?;
    let _permit = permit(&state)?;
    let query = PerformanceQuery::read(|name| field(&fields, name))?;
    let shadow = app.environment.simulated();
    Ok(Json(performance(&state.service, &reader(), shadow, &query).await?))
}

fn permit(state: &AppState) -> Result<SemaphorePermit<'_>, Problem> {
    state.simulations.try_acquire().map_err(|_| {
        let detail = "another simulation is being begun or read; ask again shortly";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    })
}

/// Begins a simulation, or goes on with it.
async fn begin(
    State(state): State<AppState>,
    query: Result<Query<KeyQuery>, QueryRejection>,
    headers: HeaderMap,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let app = app_of(&state, understood(query)?.key.as_deref(), &headers)?;
    let sender = Sender::with_key(from, &connection, app.environment)?;
    let body = state.bodies.read(sender, &headers, body, MAX_BODY_BYTES).await?;
    let wanted: Simulation = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    let admitted = ingest::admit_simulation(&state.service, from.public());
    admitted.map_err(|error| exceeded(&state.service, app.environment, &error))?;
    let _permit = permit(&state)?;
    let begun = ingest::begin_simulation(&state.service, app.environment, wanted).await;
    begun?;
    Ok(StatusCode::NO_CONTENT)
}

/// When and where a batch was sent; simulated batches carry their own time.
pub(super) async fn sending(
    service: &Service,
    environment: EnvironmentId,
    batch: &decode::Batch<'_>,
    held: u64,
) -> Result<Sending, Problem> {
    let Some(made_up) = batch.simulated else {
        let at = earlier(service.now(), held);
        let phase = service.environment(environment)?.phase_at(at);
        return Ok(Sending { environment, at, phase, network: None });
    };
    let refuse = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, detail);
    let at = Timestamp::from_timestamp_millis(made_up.at)
        .ok_or_else(|| refuse("simulated.at: milliseconds since 1970"))?;
    let found = ingest::simulation(service, environment).await?;
    let Some(simulation) = found else {
        return Err(refuse(
            "simulated: no simulation has begun; send it to /collect/simulation first",
        ));
    };
    if made_up.seed != simulation.seed {
        return Err(refuse("simulated.seed: another simulation has begun since"));
    }
    if !(simulation.first_day()..=simulation.last_day).contains(&day_of(at)) {
        return Err(refuse("simulated.at: not one of the days of the simulation that has begun"));
    }
    let is_phase = |phase: u16| PHASES.iter().any(|(number, _)| *number == phase);
    if !made_up.phase.is_none_or(is_phase) {
        return Err(refuse("simulated.phase: 1, 2 or 3"));
    }
    let environment = environment.simulated();
    Ok(Sending { environment, at, phase: made_up.phase.map(PhaseNumber), network: None })
}
