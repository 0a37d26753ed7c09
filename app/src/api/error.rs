//! The one error of all server functions.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// Nobody is logged in, or not any more.
    Unauthenticated,
    /// The caller is not trusted with it.
    Forbidden,
    /// What was asked for is not there.
    NotFound,
    /// A rule stands against it, or somebody else was first.
    Refused,
    /// What was sent makes no sense.
    Invalid,
    /// The server could not be reached, or answered nonsense.
    Unreachable,
    /// The server's own fault.
    Internal,
}

/// Why a server function did not do what it was asked, in words for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct ApiError {
    /// What kind of trouble it is.
    pub kind: ErrorKind,
    /// What happened, and what to do next.
    pub message: String,
}

impl ApiError {
    /// Puts kind and words together.
    #[must_use]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(text) | ServerFnErrorErr::MissingArg(text) => {
                Self::new(ErrorKind::Invalid, text)
            }
            ServerFnErrorErr::Request(_)
            | ServerFnErrorErr::Response(_)
            | ServerFnErrorErr::Deserialization(_) => Self::new(
                ErrorKind::Unreachable,
                "The server did not answer. Check that it is running, then try again.",
            ),
            other => Self::new(ErrorKind::Internal, other.to_string()),
        }
    }
}

#[cfg(feature = "ssr")]
impl ApiError {
    /// Nobody is logged in, or not any more.
    #[must_use]
    pub fn logged_out() -> Self {
        Self::new(ErrorKind::Unauthenticated, "You are not logged in any more.")
    }

    /// What was sent makes no sense.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// What was asked for is not there.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// The caller may not.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, message)
    }

    /// The status that the error travels with; server functions by themselves say 500 for all.
    #[must_use]
    pub fn status(&self) -> axum::http::StatusCode {
        use axum::http::StatusCode;
        match self.kind {
            ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Refused => StatusCode::CONFLICT,
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(feature = "ssr")]
impl From<phasegate_service::ServiceError> for ApiError {
    fn from(error: phasegate_service::ServiceError) -> Self {
        use phasegate_service::ServiceError;
        let kind = match &error {
            ServiceError::Forbidden { .. } => ErrorKind::Forbidden,
            ServiceError::NotFound { .. } => ErrorKind::NotFound,
            ServiceError::Refused(_) | ServiceError::Conflict(_) => ErrorKind::Refused,
            ServiceError::Busy => ErrorKind::Unreachable,
            ServiceError::Inconsistent(_) | ServiceError::Store(_) => {
                // What storage says helps the operator, not the reader of the page.
                leptos::logging::error!("a use case failed: {error}");
                return Self::new(
                    ErrorKind::Internal,
                    "The server could not do that; its log says why.",
                );
            }
        };
        let text = error.to_string();
        let mut letters = text.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        Self::new(kind, format!("{}{}.", first.unwrap_or_default(), letters.as_str()))
    }
}
