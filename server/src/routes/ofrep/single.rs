//! Evaluation of one flag: `POST /ofrep/v1/evaluate/flags/{key}`.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use phasegate_domain::evaluation::{Answer, evaluate_flag};

use super::{
    error::OfrepError,
    request::{self, OfrepContext},
};
use crate::http::{AppState, ClientAddress, Connection};

pub(super) async fn evaluate_one(
    State(state): State<AppState>,
    key: Result<Path<String>, PathRejection>,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OfrepError> {
    let key = request::path_key(key)?;
    let OfrepContext { live, context, .. } =
        request::read_request(&state, from, &connection, &headers, body)
            .await
            .map_err(|error| error.with_key(&key))?;
    let entry = request::find_entry(&live, &key)?;
    let found = evaluate_flag(live.snapshot(), entry, &context, state.service.now())
        .map_err(|error| OfrepError::from(error).with_key(&key))?;
    live.count_evaluation(entry, found.variant);
    Ok(Json(&Answer::new(live.snapshot(), entry, &found)).into_response())
}
