//! Error responses in the format of OFREP.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::evaluation::EvaluationError;
use serde::Serialize;

use crate::http::Problem;

/// The `errorCode` of OFREP.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ErrorCode {
    ParseError,
    InvalidContext,
    TargetingKeyMissing,
    FlagNotFound,
    General,
}

/// An error response; `key` is set for errors of a single flag.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfrepError {
    #[serde(skip)]
    pub(super) status: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    pub(super) error_code: ErrorCode,
    pub(super) error_details: String,
    /// An additional header of the response.
    #[serde(skip)]
    pub(super) header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl OfrepError {
    pub(super) fn new(
        status: StatusCode,
        error_code: ErrorCode,
        details: impl Into<String>,
    ) -> Self {
        Self { status, key: None, error_code, error_details: details.into(), header: None }
    }

    /// Sets the key of the flag.
    pub(super) fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

impl From<EvaluationError> for OfrepError {
    fn from(error: EvaluationError) -> Self {
        let (status, code) = match error {
            EvaluationError::TargetingKeyMissing => {
                (StatusCode::BAD_REQUEST, ErrorCode::TargetingKeyMissing)
            }
            EvaluationError::Broken(_) => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::General),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<Problem> for OfrepError {
    fn from(problem: Problem) -> Self {
        let header = problem.header().cloned().map(Box::new);
        Self { header, ..Self::new(problem.status(), ErrorCode::General, problem.detail()) }
    }
}

impl IntoResponse for OfrepError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        // Seconds, because clients parse dates differently.
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
