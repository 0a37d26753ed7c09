//! `POST /collect`: telemetry batches from pages.

mod loader_fallback;
mod request;
mod screenshot;
pub(crate) mod simulation;

use std::{borrow::Cow, sync::Arc};

use axum::{
    Extension, Json, Router,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use phasegate_domain::{events::RejectionCode, ids::EnvironmentId};
use phasegate_service::{
    Service, ServiceError,
    ingest::{self, AcceptedBatch, Appended, BatchError, RejectedEvent},
};
use phasegate_wire::{MAX_BODY_BYTES, decode};
use serde::Serialize;

use self::request::{KeyQuery, authorise_app, quota_problem, unwrap_query};
use crate::http::{AppState, ClientAddress, Connection, Problem, Sender};

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/collect", post(collect_batch))
        .route("/collect/screenshot", post(screenshot::store_screenshot))
        .merge(simulation::routes())
}

/// The response to a batch.
#[derive(Debug, Serialize)]
struct Receipt {
    /// The number of stored events.
    accepted: usize,
    /// The rejected events with their reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
    /// Whether the batch was stored before and therefore not counted again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
}

/// An event that was rejected.
#[derive(Debug, Serialize)]
struct Rejected {
    /// The index in the batch, from 0.
    index: usize,
    code: RejectionCode,
    /// The invalid field; empty if it is the event as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    field: String,
    /// A message with the invalid field and its allowed values.
    reason: String,
}

impl From<RejectedEvent> for Rejected {
    fn from(event: RejectedEvent) -> Self {
        let RejectedEvent { index, rejection, message } = event;
        Self { index, code: rejection.code, field: rejection.field, reason: message }
    }
}

async fn collect_batch(
    State(state): State<AppState>,
    query: Result<Query<KeyQuery>, QueryRejection>,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let query = unwrap_query(query)?;
    let app = authorise_app(&state, query.key.as_deref(), &headers)?;
    let service = &state.service;
    // Before the body is read, so that a refusal costs less than ingestion. The wait slows down
    // clients that retry at once; often the queue has room afterwards, so that no retry is needed.
    if ingest::is_overrun(service) {
        state.back_off.wait_before_refusal(&connection, &state.stopping).await;
        if ingest::is_overrun(service) {
            return Err(ServiceError::Busy.into());
        }
    }
    connection.end_back_off();
    let sender = Sender::with_key(from, &connection, app.environment)?;
    let body = state.bodies.read_body(sender, &headers, body, MAX_BODY_BYTES).await;
    let body = body.inspect_err(|problem| count_unread(service, app.environment, problem))?;
    let sent = ReceivedBody { environment: app.environment, held: query.held, from, body };
    let taken = ingest_body(&state, sent)
        .await
        .map_err(|error| batch_problem(service, app.environment, error))?;
    Ok((StatusCode::ACCEPTED, Json(taken)).into_response())
}

/// Counts a rejected body, unless the status makes the page send it again.
fn count_unread(service: &Service, environment: EnvironmentId, problem: &Problem) {
    let code = match problem.status() {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => return,
        StatusCode::PAYLOAD_TOO_LARGE => RejectionCode::BodyTooLarge,
        status if status.is_client_error() => RejectionCode::MalformedBody,
        _ => return,
    };
    ingest::count_rejection(service, environment, code.into());
}

/// Returns the problem of a rejected batch, and counts the rejection if the batch is at fault.
fn batch_problem(service: &Service, environment: EnvironmentId, error: BatchError) -> Problem {
    match error {
        BatchError::Service(error) => error.into(),
        BatchError::Quota(error) => quota_problem(service, environment, &error),
        error => {
            if let Some(reason) = error.rejection() {
                ingest::count_rejection(service, environment, reason);
            }
            Problem::of_field(StatusCode::BAD_REQUEST, error.to_field_error())
        }
    }
}

/// A received body with its origin.
struct ReceivedBody {
    environment: EnvironmentId,
    held: u64,
    from: ClientAddress,
    body: Bytes,
}

/// Ingests a body. An invalid batch is an error; invalid events are listed in the receipt.
async fn ingest_body(state: &AppState, sent: ReceivedBody) -> Result<Receipt, BatchError> {
    let service = &state.service;
    // Reserve a slot in the queue first: decoding a batch that cannot be stored would be wasted.
    let turn = ingest::reserve_queue_place(service).await?;
    let (address, bytes) = (sent.from.public_address(), sent.body.len());
    let reading = {
        let service = Arc::clone(service);
        state.readers.run_job(async move { decode_batch(&service, &sent).await })
    };
    // Not 503, on which clients would retry forever.
    let broken = || ServiceError::Inconsistent("the batch could not be read");
    let AcceptedBatch { mut batch, sent, rejected } = reading.await.ok_or_else(broken)??;
    ingest::admit_batch(service, &mut batch, address, bytes)?;
    let accepted = sent - rejected.len();
    let appended = ingest::ingest_batch(turn, batch).await?;
    let rejected = rejected.into_iter().map(Rejected::from).collect();
    Ok(Receipt { accepted, rejected, repeated: appended == Appended::Repeated })
}

async fn decode_batch(service: &Service, sent: &ReceivedBody) -> Result<AcceptedBatch, BatchError> {
    let body =
        loader_fallback::complete_batch(sent.body.clone()).map_err(decode::InvalidBatch::from)?;
    let text = String::from_utf8_lossy(&body);
    let mut batch = decode::decode_batch(text.as_bytes())?;
    if matches!(text, Cow::Owned(_)) {
        batch.refuse_damaged();
    }
    ingest::accept_batch(service, sent.environment, batch, sent.held, sent.from.public_address())
        .await
}
