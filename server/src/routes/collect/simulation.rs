//! `/collect/simulation`: starts a simulation and reads panels of simulated telemetry. The public
//! client key is sufficient, because real telemetry can neither be read nor changed here.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use phasegate_domain::{
    accounts::{Reach, Role, Scope},
    simulation::Simulation,
};
use phasegate_service::{
    access::Actor,
    analytics::{Analytics, AnalyticsQuery, compute_analytics},
    ingest,
    performance::{Performance, PerformanceQuery, read_performance},
};
use phasegate_wire::MAX_BODY_BYTES;
use tokio::sync::SemaphorePermit;

use super::request::{KeyQuery, authorise_app, quota_problem, unwrap_query};
use crate::http::{AppState, ClientAddress, Connection, Problem, Sender};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/collect/simulation", post(post_simulation))
        .route("/collect/simulation/analytics", get(measured_analytics))
        .route("/collect/simulation/performance", get(measured_performance))
}

/// The parameters of a query.
type Fields = Query<BTreeMap<String, String>>;

/// Returns the actor that reads simulated telemetry, which has no account.
fn simulation_reader() -> Actor {
    Actor::from_token("simulation", Role::Viewer, &[Scope::Read], Reach::Environment, "simulation")
}

fn query_value<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

async fn measured_analytics(
    State(state): State<AppState>,
    Query(fields): Fields,
    headers: HeaderMap,
) -> Result<Json<Analytics>, Problem> {
    let app = authorise_app(&state, fields.get("key").map(String::as_str), &headers)?;
    let _permit = take_permit(&state)?;
    let query = AnalyticsQuery::parse_parameters(|name| query_value(&fields, name))?;
    let shadow = app.environment.simulated_id();
    Ok(Json(compute_analytics(&state.service, &simulation_reader(), shadow, &query).await?))
}

async fn measured_performance(
    State(state): State<AppState>,
    Query(fields): Fields,
    headers: HeaderMap,
) -> Result<Json<Performance>, Problem> {
    let app = authorise_app(&state, fields.get("key").map(String::as_str), &headers)?;
    let _permit = take_permit(&state)?;
    let query = PerformanceQuery::from_url_fields(|name| query_value(&fields, name))?;
    let shadow = app.environment.simulated_id();
    Ok(Json(read_performance(&state.service, &simulation_reader(), shadow, &query).await?))
}

fn take_permit(state: &AppState) -> Result<SemaphorePermit<'_>, Problem> {
    state.simulations.try_acquire().map_err(|_| {
        let detail = "another simulation is being begun or read; ask again shortly";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    })
}

/// Starts a simulation, or resumes it.
async fn post_simulation(
    State(state): State<AppState>,
    query: Result<Query<KeyQuery>, QueryRejection>,
    headers: HeaderMap,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let app = authorise_app(&state, unwrap_query(query)?.key.as_deref(), &headers)?;
    let sender = Sender::with_key(from, &connection, app.environment)?;
    let body = state.bodies.read_body(sender, &headers, body, MAX_BODY_BYTES).await?;
    let wanted: Simulation = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    let admitted = ingest::admit_simulation(&state.service, from.public_address());
    admitted.map_err(|error| quota_problem(&state.service, app.environment, &error))?;
    let _permit = take_permit(&state)?;
    let begun = ingest::begin_simulation(&state.service, app.environment, wanted).await;
    begun?;
    Ok(StatusCode::NO_CONTENT)
}
