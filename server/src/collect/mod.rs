//! `POST /collect`: telemetry batches from pages.

mod alone;
mod convert;
mod raw;
mod screenshot;
pub(crate) mod simulation;

use std::{borrow::Cow, time::Duration};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use phasegate_domain::ids::EnvironmentId;
use phasegate_service::{
    Service, ServiceError,
    keys::{self, Purpose},
    telemetry,
};
use phasegate_store::Appended;
use phasegate_wire::{MAX_BODY_BYTES, MAX_HELD, decode};
use serde::{Deserialize, Serialize};

use crate::{
    http::{AppState, ClientAddress, Problem},
    ofrep::{key_status, sent_key, sent_origin},
};

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/collect", post(collect))
        .route("/collect/screenshot", post(screenshot::keep))
        .merge(simulation::routes())
}

/// Pictures that may be on their way in at once.
pub(crate) const MAX_UPLOADS: usize = 16;

/// How long a connection waits to hear that the server is overrun.
const REFUSAL_PAUSE: Duration = Duration::from_millis(250);

/// A page sends its key in the query: a beacon has no headers of its own.
#[derive(Debug, Deserialize)]
struct KeyQuery {
    key: Option<String>,
    /// For how many milliseconds the batch has waited in the page.
    #[serde(default)]
    held: u64,
}

/// What became of a batch.
#[derive(Debug, Serialize)]
struct Receipt {
    /// Events that are stored.
    accepted: usize,
    /// Events that are not, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
    /// Set when the batch was here before; it was not counted again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
}

/// An event that is not stored.
#[derive(Debug, Serialize)]
struct Rejected {
    /// Its place in the batch, from 0.
    index: usize,
    /// What is wrong, naming the field.
    reason: String,
}

async fn collect(
    State(state): State<AppState>,
    query: Result<Query<KeyQuery>, QueryRejection>,
    from: ClientAddress,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (app, query) = app_of(&state, query, &headers)?;
    let service = &state.service;
    // Before the body is read, so that turning away costs less than taking in. A client that comes
    // again at once is slowed down by that.
    if telemetry::is_overrun(service) {
        tokio::time::sleep(REFUSAL_PAUSE).await;
        return Err(failed(&ServiceError::Busy));
    }
    let body = state.bodies.read(from.0, &headers, body, MAX_BODY_BYTES).await;
    let taken = match body {
        Ok(body) => take_in(service, app.environment, query.held, from, body).await,
        Err(problem) => Err(problem),
    };
    // What the page sends again is not lost.
    let comes_again = [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT];
    if let Err(problem) = &taken
        && problem.status().is_client_error()
        && !comes_again.contains(&problem.status())
    {
        telemetry::note_refusal(service, app.environment, problem.detail());
    }
    Ok((StatusCode::ACCEPTED, Json(taken?)).into_response())
}

/// Takes in a body; what is wrong with a whole one is a problem, what is wrong with an event stands in
/// the receipt.
async fn take_in(
    service: &Service,
    environment: EnvironmentId,
    held: u64,
    from: ClientAddress,
    body: Bytes,
) -> Result<Receipt, Problem> {
    // A place first: reading what cannot be stored would be work for nothing.
    let turn = telemetry::take_turn(service).await.map_err(|error| failed(&error))?;
    if held > MAX_HELD {
        let detail = format!("held: at most {MAX_HELD} ms, found {held}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let bad =
        |error: decode::InvalidBatch| Problem::new(StatusCode::BAD_REQUEST, error.to_string());
    let body = alone::completed(body).map_err(|error| bad(error.into()))?;
    let text = String::from_utf8_lossy(&body);
    let mut batch = decode::batch(text.as_bytes()).map_err(bad)?;
    if matches!(text, Cow::Owned(_)) {
        batch.refuse_damaged();
    }
    let live = service.environment(environment).map_err(|error| failed(&error))?;
    let sending = simulation::sending(service, environment, &batch, held).await?;
    let address = from.public();
    let network = address.map(|address| telemetry::network(service, environment, address));
    let sending = convert::Sending { network, ..sending };
    let events = batch.events.len();
    let (mut batch, rejected) = convert::batch(service, batch, &live, sending);
    telemetry::admit(service, &mut batch, address, body.len())
        .map_err(|error| exceeded(service, environment, &error))?;
    let accepted = events - rejected.len();
    let appended = telemetry::ingest(turn, batch).await.map_err(|error| failed(&error))?;
    let rejected = rejected.into_iter().map(|(index, reason)| Rejected { index, reason }).collect();
    Ok(Receipt { accepted, rejected, repeated: appended == Appended::Repeated })
}

/// Whose page sends something, by the key in the address or in a header.
fn app_of(
    state: &AppState,
    query: Result<Query<KeyQuery>, QueryRejection>,
    headers: &HeaderMap,
) -> Result<(keys::App, KeyQuery), Problem> {
    let Query(query) =
        query.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    let key = query.key.as_deref().or_else(|| sent_key(headers));
    let app = keys::authorise(&state.service, key, sent_origin(headers), Purpose::Ingest)
        .map_err(|error| Problem::new(key_status(&error), error.to_string()))?;
    Ok((app, query))
}

/// Says that a quota is used up, and counts it.
fn exceeded(
    service: &Service,
    environment: EnvironmentId,
    error: &telemetry::QuotaExceeded,
) -> Problem {
    telemetry::note_deferral(service, environment, &error.to_string());
    let seconds = HeaderValue::from(error.retry_after_seconds.max(1));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string())
        .with_header(header::RETRY_AFTER, seconds)
}

fn failed(error: &ServiceError) -> Problem {
    match error {
        ServiceError::Invalid(_) => {
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string())
        }
        ServiceError::Busy | ServiceError::Locked => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
        }
        ServiceError::Full => Problem::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
        ServiceError::Conflict(_) => Problem::new(StatusCode::CONFLICT, error.to_string()),
        _ => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
