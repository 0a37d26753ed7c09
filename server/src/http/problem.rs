//! Error responses as `application/problem+json` (RFC 9457).

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use phasegate_domain::field_error::{FieldCode, FieldError};
use phasegate_service::{ServiceError, request_id::RequestId};
use serde::Serialize;
use utoipa::ToSchema;

/// An error response (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The HTTP status code of the response.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16)]
    status: StatusCode,
    /// The name of the status code.
    #[schema(value_type = String)]
    title: &'static str,
    /// The cause of the error and its remedy.
    detail: String,
    /// The id of the request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request: Option<RequestId>,
    /// The invalid fields, for validation errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// An additional header of the response.
    #[serde(skip)]
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let request = RequestId::current();
        Self { status, title, detail: detail.into(), request, errors: Vec::new(), header: None }
    }

    /// Creates a problem about one field.
    pub(crate) fn of_field(status: StatusCode, error: FieldError) -> Self {
        let problem = Self::new(status, error.to_string());
        Self { errors: vec![error], ..problem }
    }

    /// Creates a problem about an invalid field.
    pub(crate) fn invalid_field(
        status: StatusCode,
        field: &str,
        code: FieldCode,
        message: impl Into<String>,
    ) -> Self {
        Self::of_field(status, FieldError::new(field, code, message))
    }

    /// Adds a header to the response.
    pub(crate) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some(Box::new((name, value))), ..self }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn header(&self) -> Option<&(HeaderName, HeaderValue)> {
        self.header.as_deref()
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if error.is_internal() {
            // Details of storage errors help the operator, not the caller.
            let request = RequestId::current().map(tracing::field::display);
            tracing::error!(request, %error, "a use case failed");
            return Self::new(status, "the server could not do that; its log says why");
        }
        let problem = Self::new(status, error.to_string());
        match error {
            ServiceError::Invalid(error) => Self { errors: vec![error], ..problem },
            _ => problem,
        }
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
        if let Some((name, value)) = self.header.map(|header| *header) {
            headers.insert(name, value);
        }
        response
    }
}
