//! Evaluation of one flag: `POST /ofrep/v1/evaluate/flags/{key}`.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use phasegate_domain::evaluation::{Answer, evaluate as evaluate_flag};

use super::{
    error::OfrepError,
    request::{self, Asked},
};
use crate::http::{AppState, ClientAddress, Connection};

pub(super) async fn evaluate(
    State(state): State<AppState>,
    key: Result<Path<String>, PathRejection>,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OfrepError> {
    let key = request::key_of(key)?;
    let Asked { live, context, .. } = request::read(&state, from, &connection, &headers, body)
        .await
        .map_err(|error| error.of(&key))?;
    let entry = request::find(&live, &key)?;
    let found = evaluate_flag(live.snapshot(), entry, &context, state.service.now())
        .map_err(|error| OfrepError::from(error).of(&key))?;
    live.count(entry, found.variant);
    Ok(Json(&Answer::new(live.snapshot(), entry, &found)).into_response())
}
