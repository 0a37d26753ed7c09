//! The error of a server function.

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use phasegate_domain::field_error::FieldError;
use serde::{Deserialize, Serialize};

use super::json_text::JsonText;

/// The kind of an error, for islands; the message is for readers.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ApiErrorCode {
    /// A field is invalid; `fields` names it.
    Invalid,
    /// The session has ended.
    LoggedOut,
    Forbidden,
    NotFound,
    /// Another change came first; the state must be read again.
    Conflict,
    /// A rule forbids the change now.
    Refused,
    /// The server did not answer.
    Unreachable,
    /// The page is of another version than the server.
    Outdated,
    /// Another error, described by the message.
    #[default]
    Other,
}

/// The error of a server function. Problem documents, which the layers in front of it answer with,
/// are read as such an error, too.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The HTTP status; 0 if the server did not answer.
    pub status: u16,
    #[serde(default)]
    pub code: ApiErrorCode,
    /// What happened, and what to do next.
    #[serde(alias = "detail")]
    pub message: String,
    /// The invalid fields, if the code is `invalid`.
    #[serde(default, alias = "errors")]
    pub fields: Vec<FieldError>,
}

impl ApiError {
    /// Creates an error without fields.
    pub(crate) fn new(status: u16, code: ApiErrorCode, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: Vec::new() }
    }

    /// The code, which problem documents do not have.
    #[must_use]
    pub fn code(&self) -> ApiErrorCode {
        match (self.code, self.status) {
            (ApiErrorCode::Other, 401) => ApiErrorCode::LoggedOut,
            (ApiErrorCode::Other, 403) => ApiErrorCode::Forbidden,
            (ApiErrorCode::Other, 404) => ApiErrorCode::NotFound,
            (code, _) => code,
        }
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(text)
            | ServerFnErrorErr::MissingArg(text)
            | ServerFnErrorErr::Serialization(text) => of_arguments(&text),
            ServerFnErrorErr::Request(_) => Self::new(
                0,
                ApiErrorCode::Unreachable,
                "The server did not answer. Your entries are still in the form: check that the server is running, then try again.",
            ),
            ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_) => Self::new(
                0,
                ApiErrorCode::Outdated,
                "This page and the server are of different versions. Reload the page, then try again.",
            ),
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Response(_) => Self::new(
                500,
                ApiErrorCode::Other,
                "The server could not complete the request. See the server log for the reason.",
            ),
        }
    }
}

/// Returns the error of missing or malformed arguments, with the field that serde names.
fn of_arguments(text: &str) -> ApiError {
    let field = phasegate_domain::words::serde_field_error("", text);
    let message = field.to_string();
    ApiError { fields: vec![field], ..ApiError::new(422, ApiErrorCode::Invalid, message) }
}

#[cfg(feature = "ssr")]
impl From<phasegate_service::ServiceError> for ApiError {
    fn from(error: phasegate_service::ServiceError) -> Self {
        use phasegate_service::ServiceError;
        if error.is_internal() {
            // Storage errors help the operator, not the reader of the page.
            tracing::error!(%error, "a use case failed");
            let message =
                "The server could not complete the request. See the server log for the reason.";
            return Self::new(500, ApiErrorCode::Other, message);
        }
        let (status, message) =
            (error.status(), crate::format::punctuate_message(&error.to_string()));
        let code = match &error {
            ServiceError::Invalid(_) => ApiErrorCode::Invalid,
            ServiceError::Conflict(_) | ServiceError::Overtaken { .. } => ApiErrorCode::Conflict,
            ServiceError::Refused { .. } | ServiceError::InUse(_) | ServiceError::Exists { .. } => {
                ApiErrorCode::Refused
            }
            _ if status == 403 => ApiErrorCode::Forbidden,
            _ if status == 404 => ApiErrorCode::NotFound,
            _ => ApiErrorCode::Other,
        };
        let fields = match error {
            ServiceError::Invalid(field) => vec![field],
            _ => Vec::new(),
        };
        Self { fields, ..Self::new(status, code, message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_is_read_as_an_error() {
        let problem = r#"{"status":401,"title":"Unauthorized","detail":"log in first"}"#;
        let error: ApiError = serde_json::from_str(problem).unwrap();
        assert_eq!(
            (error.code(), error.message.as_str()),
            (ApiErrorCode::LoggedOut, "log in first")
        );
    }

    #[test]
    fn missing_arguments_name_their_field() {
        let text = "missing field `statement`".to_owned();
        let error = ApiError::from_server_fn_error(ServerFnErrorErr::Args(text));
        assert_eq!((error.status, error.fields[0].field.as_str()), (422, "statement"));
    }
}
