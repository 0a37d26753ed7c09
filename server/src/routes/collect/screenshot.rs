//! `POST /collect/screenshot`: stores a screenshot and returns the id that feedback refers to.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use phasegate_domain::feedback::MAX_SCREENSHOT_BYTES;
use phasegate_service::ingest::{admit_screenshot, save_screenshot};
use serde::Serialize;

use super::request::{KeyQuery, authorise_app, quota_problem, unwrap_query};
use crate::http::{AppState, ClientAddress, Connection, Problem, Sender};

/// The response with the id of the screenshot.
#[derive(Debug, Serialize)]
struct Receipt {
    id: String,
}

pub(super) async fn store_screenshot(
    State(state): State<AppState>,
    query: Result<Query<KeyQuery>, QueryRejection>,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let app = authorise_app(&state, unwrap_query(query)?.key.as_deref(), &headers)?;
    let sender = Sender::with_key(from, &connection, app.environment)?;
    let bytes = state.bodies.read_body(sender, &headers, body, MAX_SCREENSHOT_BYTES).await?;
    // After the body is read, so that a stalled client does not hold a permit.
    let Ok(_permit) = state.uploads.try_acquire() else {
        let detail = "too many screenshots are being stored; send it again in a while";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    };
    let admitted =
        admit_screenshot(&state.service, app.environment, from.public_address(), bytes.len());
    admitted.map_err(|error| quota_problem(&state.service, app.environment, &error))?;
    let id = save_screenshot(&state.service, app.environment, bytes.into()).await?;
    Ok((StatusCode::CREATED, Json(Receipt { id })).into_response())
}
