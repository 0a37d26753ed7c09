//! Errors as JSON: `application/problem+json`, RFC 9457.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::rollout::CommandError;
use phasegate_service::ServiceError;
use serde::Serialize;
use utoipa::ToSchema;

/// An error in words for whoever sent the request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// As in the answer's head.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// What the status means.
    #[schema(value_type = String)]
    title: &'static str,
    /// What is wrong, and what to do about it.
    detail: String,
    /// A header that belongs to it.
    #[serde(skip)]
    header: Option<(HeaderName, HeaderValue)>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { status, title, detail: detail.into(), header: None }
    }

    /// The same with a header of its own.
    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn header(&self) -> Option<&(HeaderName, HeaderValue)> {
        self.header.as_ref()
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let status = match &error {
            ServiceError::Forbidden { .. }
            | ServiceError::TokenScope { .. }
            | ServiceError::TokenReach { .. } => StatusCode::FORBIDDEN,
            ServiceError::NotFound { .. } => StatusCode::NOT_FOUND,
            ServiceError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ServiceError::Refused(CommandError::NotAllowed { .. }) => StatusCode::FORBIDDEN,
            ServiceError::Refused(refusal) if refusal.is_about_input() => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            ServiceError::Refused(_)
            | ServiceError::Overtaken { .. }
            | ServiceError::Exists { .. }
            | ServiceError::InUse(_) => StatusCode::CONFLICT,
            ServiceError::Conflict(_) => StatusCode::PRECONDITION_FAILED,
            ServiceError::Busy | ServiceError::Locked => StatusCode::SERVICE_UNAVAILABLE,
            ServiceError::Full => StatusCode::INSUFFICIENT_STORAGE,
            ServiceError::Inconsistent(_) | ServiceError::Store(_) => {
                // What storage says helps the operator, not who called.
                tracing::error!(%error, "a use case failed");
                let detail = "the server could not do that; its log says why";
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail);
            }
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}
