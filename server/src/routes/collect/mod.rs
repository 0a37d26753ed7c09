//! `POST /collect`: telemetry batches from pages.

mod convert;
mod loader_fallback;
mod raw;
mod screenshot;
pub(crate) mod simulation;

use std::{borrow::Cow, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use phasegate_domain::{events::Batch, ids::EnvironmentId, words::plain};
use phasegate_service::{
    Service, ServiceError, ingest,
    keys::{self, Purpose},
};
use phasegate_store::Appended;
use phasegate_wire::{MAX_BODY_BYTES, MAX_HELD, decode};
use serde::{Deserialize, Serialize};

use crate::http::{
    AppState, ClientAddress, Connection, Problem, Sender, key_status, sent_key, sent_origin,
};

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/collect", post(collect))
        .route("/collect/screenshot", post(screenshot::keep))
        .merge(simulation::routes())
}

/// A page sends its key in the query: a beacon has no headers of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let query = understood(query)?;
    let app = app_of(&state, query.key.as_deref(), &headers)?;
    let service = &state.service;
    // Before the body is read, so that turning away costs less than taking in. A client that comes
    // again at once is slowed down by that; often there is room by then, and it need not come again.
    if ingest::is_overrun(service) {
        state.back_off.wait(&connection, &state.stopping).await;
        if ingest::is_overrun(service) {
            return Err(ServiceError::Busy.into());
        }
    }
    connection.end_back_off();
    let sender = Sender::with_key(from, &connection, app.environment)?;
    let body = state.bodies.read(sender, &headers, body, MAX_BODY_BYTES).await;
    let sent = body.map(|body| Sent { environment: app.environment, held: query.held, from, body });
    let taken = match sent {
        Ok(sent) => take_in(&state, sent).await,
        Err(problem) => Err(problem),
    };
    // What the page sends again is not lost.
    let comes_again = [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT];
    if let Err(problem) = &taken
        && problem.status().is_client_error()
        && !comes_again.contains(&problem.status())
    {
        ingest::note_refusal(service, app.environment, problem.detail());
    }
    Ok((StatusCode::ACCEPTED, Json(taken?)).into_response())
}

/// What a page has sent, and from where.
struct Sent {
    environment: EnvironmentId,
    held: u64,
    from: ClientAddress,
    body: Bytes,
}

/// A batch that was read.
struct ReadBatch {
    batch: Batch,
    /// Events that it had, and those that are not stored.
    events: usize,
    rejected: Vec<Rejected>,
}

/// Takes in a body; what is wrong with a whole one is a problem, what is wrong with an event stands in
/// the receipt.
async fn take_in(state: &AppState, sent: Sent) -> Result<Receipt, Problem> {
    let service = &state.service;
    // A place first: reading what cannot be stored would be work for nothing.
    let turn = ingest::take_turn(service).await?;
    let (environment, address, bytes) = (sent.environment, sent.from.public(), sent.body.len());
    let reading = {
        let service = Arc::clone(service);
        state.readers.run(async move { read(&service, &sent).await })
    };
    // Not 503: a client would send it again and again.
    let broken = || Problem::from(ServiceError::Inconsistent("the batch could not be read"));
    let ReadBatch { mut batch, events, rejected } = reading.await.ok_or_else(broken)??;
    ingest::admit(service, &mut batch, address, bytes)
        .map_err(|error| exceeded(service, environment, &error))?;
    let accepted = events - rejected.len();
    let appended = ingest::ingest(turn, batch).await?;
    Ok(Receipt { accepted, rejected, repeated: appended == Appended::Repeated })
}

async fn read(service: &Service, sent: &Sent) -> Result<ReadBatch, Problem> {
    let Sent { environment, held, from, body } = sent;
    if *held > MAX_HELD {
        let detail = format!("held: at most {MAX_HELD} ms, found {held}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    let bad = |error: decode::InvalidBatch| {
        Problem::new(StatusCode::BAD_REQUEST, plain(&error.to_string()))
    };
    let body = loader_fallback::completed(body.clone()).map_err(|error| bad(error.into()))?;
    let text = String::from_utf8_lossy(&body);
    let mut batch = decode::batch(text.as_bytes()).map_err(bad)?;
    if matches!(text, Cow::Owned(_)) {
        batch.refuse_damaged();
    }
    let live = service.environment(*environment)?;
    let sending = simulation::sending(service, *environment, &batch, *held).await?;
    let network = from.public().map(|address| ingest::network(service, *environment, address));
    let events = batch.events.len();
    let sending = convert::Sending { network, ..sending };
    let (batch, rejected) = convert::batch(service, batch, &live, sending);
    let rejected = rejected.into_iter().map(|(index, reason)| Rejected { index, reason });
    Ok(ReadBatch { batch, events, rejected: rejected.collect() })
}

/// Whose page sends something, by the key in the address or in a header.
fn app_of(state: &AppState, key: Option<&str>, headers: &HeaderMap) -> Result<keys::App, Problem> {
    let key = key.or_else(|| sent_key(headers));
    keys::authorise(&state.service, key, sent_origin(headers), Purpose::Ingest)
        .map_err(|error| Problem::new(key_status(&error), error.to_string()))
}

/// The query; parameters that it does not have are refused, because a misspelt one would be overlooked.
fn understood(query: Result<Query<KeyQuery>, QueryRejection>) -> Result<KeyQuery, Problem> {
    query
        .map(|Query(query)| query)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, plain(&error.body_text())))
}

/// Says that a quota is used up, and counts it.
fn exceeded(
    service: &Service,
    environment: EnvironmentId,
    error: &phasegate_service::QuotaExceeded,
) -> Problem {
    ingest::note_deferral(service, environment, &error.to_string());
    let seconds = HeaderValue::from(error.retry_after_seconds.max(1));
    Problem::new(StatusCode::TOO_MANY_REQUESTS, error.to_string())
        .with_header(header::RETRY_AFTER, seconds)
}
