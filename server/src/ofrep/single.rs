//! `POST /ofrep/v1/evaluate/flags/{key}`

use axum::{
    Json,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use phasegate_domain::flags::Answer;

use super::{
    error::{ErrorCode, OfrepError},
    request,
};
use crate::http::AppState;

pub(super) async fn evaluate(
    State(state): State<AppState>,
    key: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OfrepError> {
    let Path(key) = key.map_err(|error| {
        OfrepError::new(StatusCode::BAD_REQUEST, ErrorCode::ParseError, error.body_text())
    })?;
    let (live, context) =
        request::read(&state, &headers, body).await.map_err(|error| error.of(&key))?;
    let missing = || {
        let details = format!("there is no flag {key:?} in this environment");
        OfrepError::new(StatusCode::NOT_FOUND, ErrorCode::FlagNotFound, details).of(&key)
    };
    let entry = live.snapshot.flag(&key).ok_or_else(missing)?;
    let broken = || {
        let details = "the flag names a variant that it does not have";
        OfrepError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::General, details).of(&key)
    };
    let answer =
        Answer::of(&live.snapshot, entry, &context, state.service.now()).ok_or_else(broken)?;
    Ok(Json(&answer).into_response())
}
