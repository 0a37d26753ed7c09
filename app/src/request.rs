//! The request for a page: its query, form and actor, and the response to it.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use phasegate_domain::{
    accounts::{Account, Role},
    ids::EnvironmentId,
};
use phasegate_service::{
    CachedEnvironment, ObjectKind, Service, ServiceError,
    access::Actor,
    secrets::{Randomness, Seed},
};

use crate::{embedding::Embedding, format::punctuate_message, server_fns::ApiError};

/// The cookie that remembers which environment the admin shows.
pub const ENVIRONMENT_COOKIE: &str = "phasegate_environment";

/// The field of a form that names the environment it is about.
pub(crate) const ENVIRONMENT_FIELD: &str = "here";

/// The fields of a form that was sent to a page.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Parses a URL-encoded body or query.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// Returns a field's trimmed value; empty if the field is missing.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Returns whether a field is present, whatever its value, as for a checkbox.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// Returns the values of all fields with this name.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let named = self.0.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Returns a field's value without trimming, with line breaks converted to `\n`.
    pub(crate) fn get_exact(&self, name: &str) -> String {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or_else(String::new, |(_, value)| value.replace("\r\n", "\n"))
    }

    /// Returns the field names that begin with `prefix`, without it, in the order of the form.
    pub(crate) fn names_with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter_map(move |(field, _)| field.strip_prefix(prefix))
    }

    /// Returns the number of rows of fields `prefix.0.…`, `prefix.1.…`; at most 500.
    pub(crate) fn count_rows(&self, prefix: &str) -> usize {
        let number = |field: &str| {
            let rest = field.strip_prefix(prefix)?.strip_prefix('.')?;
            rest.split('.').next()?.parse::<usize>().ok()
        };
        self.0
            .iter()
            .filter_map(|(field, _)| number(field))
            .max()
            .map_or(0, |last| last.saturating_add(1).min(500))
    }

    /// Parses a field; the error names it.
    pub(crate) fn parse_field<T>(&self, name: &str) -> Result<T, PageError>
    where
        T: TryFrom<String>,
        T::Error: std::fmt::Display,
    {
        T::try_from(self.get(name).to_owned())
            .map_err(|error| PageError::invalid(format!("{name}: {error}")))
    }

    /// Returns the version that a form was made for.
    pub(crate) fn parse_version(&self) -> Result<i64, PageError> {
        let version = self.get("version").parse();
        version.map_err(|_| PageError::invalid("version: is missing; load the page again"))
    }
}

/// The error of a page: an HTTP status, and a message for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl PageError {
    /// Creates the error for invalid input, with status 422.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            message: punctuate_message(&message.into()),
        }
    }
}

impl From<ServiceError> for PageError {
    fn from(error: ServiceError) -> Self {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if error.is_internal() {
            // Storage errors help the operator, not the reader of the page.
            tracing::error!(%error, "a use case failed");
            return Self {
                status,
                message:
                    "The server could not complete the request. See the server log for the reason."
                        .to_owned(),
            };
        }
        Self { status, message: punctuate_message(&error.to_string()) }
    }
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        let status =
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, message: error.message }
    }
}

/// Returns the environment with this key.
fn named_environment(service: &Service, key: &str) -> Option<EnvironmentId> {
    let all = service.environments();
    let live = all.iter().find(|live| live.environment().key.as_str() == key)?;
    Some(live.environment().id)
}

/// Returns the environment that the browser has selected, or the oldest one.
///
/// # Errors
/// Returns an error if there is no environment.
pub fn selected_environment(
    service: &Service,
    headers: &HeaderMap,
) -> Result<EnvironmentId, ServiceError> {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
    let chosen = cookies
        .into_iter()
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(ENVIRONMENT_COOKIE)?.strip_prefix('='));
    let found = chosen.and_then(|key| named_environment(service, key));
    found.map_or_else(|| service.first_environment(), Ok)
}

/// The error of a form that was sent without a script: the page that is rendered in answer shows it.
#[derive(Debug, Clone)]
pub struct RefusedForm(pub ApiError);

/// A request for a page, for its component.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) service: Arc<Service>,
    pub(crate) actor: Actor,
    pub(crate) environment: EnvironmentId,
    /// The query string of the URL.
    pub(crate) query: Form,
    /// The error of a server function that a form without a script has called.
    pub(crate) refused: Option<ApiError>,
    /// The posted form, if any.
    pub(crate) form: Option<Form>,
    pub(crate) randomness: Randomness,
    pub(crate) response: ResponseOptions,
    /// The settings for embedding the collector.
    pub(crate) embedding: Embedding,
    /// The origin under which pages reach this server.
    pub(crate) origin: String,
}

impl Request {
    /// Returns the current request from the Leptos context. Call it at the start of a component.
    pub(crate) fn from_context() -> Result<Self, PageError> {
        let lost = || PageError {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "The server is not configured to render this page.".to_owned(),
        };
        let service = use_context::<Arc<Service>>().ok_or_else(lost)?;
        let parts = use_context::<Parts>().ok_or_else(lost)?;
        let account = parts.extensions.get::<Account>().ok_or_else(lost)?;
        let query = Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let form = parts.extensions.get::<Form>().cloned();
        let refused = parts.extensions.get::<RefusedForm>().map(|RefusedForm(error)| error.clone());
        let embedding = use_context::<Embedding>().unwrap_or_default();
        // A URL that names an environment also selects it for the following pages.
        let wanted = query.get("environment");
        let named = named_environment(&service, wanted);
        if named.is_none() && !wanted.is_empty() {
            return Err(ServiceError::NotFound {
                what: ObjectKind::Environment,
                key: wanted.to_owned(),
            }
            .into());
        }
        let environment = match named {
            Some(environment) => environment,
            None => selected_environment(&service, &parts.headers)?,
        };
        let request = Self {
            origin: embedding.resolve_origin(&parts),
            embedding,
            actor: Actor::from(account),
            environment,
            service,
            query,
            refused,
            form,
            randomness: use_context().ok_or_else(lost)?,
            response: use_context().ok_or_else(lost)?,
        };
        if named.is_some() {
            request.choose_environment(&request.environment_key()?);
        }
        Ok(request)
    }

    /// Returns the key of the selected environment.
    pub(crate) fn environment_key(&self) -> Result<String, PageError> {
        Ok(self.cached_environment()?.environment().key.to_string())
    }

    /// Makes the browser reload the page after 2 seconds, while a simulation runs.
    pub(crate) fn schedule_refresh(&self) {
        self.response.insert_header(header::REFRESH, HeaderValue::from_static("2"));
    }

    /// Returns the cached environment of the request.
    pub(crate) fn cached_environment(&self) -> Result<Arc<CachedEnvironment>, PageError> {
        Ok(self.service.environment(self.environment)?)
    }

    /// Returns an error if the form was made for another environment than the selected one.
    pub(crate) fn check_environment(&self) -> Result<(), PageError> {
        let (Some(form), live) = (&self.form, self.cached_environment()?) else { return Ok(()) };
        if form.get(ENVIRONMENT_FIELD) == live.environment().key.as_str() {
            return Ok(());
        }
        Err(PageError {
            status: StatusCode::CONFLICT,
            message: format!(
                "Nothing was changed: that form was for another environment than {}, which is selected \
                 now. Select the intended environment next to the menu, and submit again.",
                live.environment().name
            ),
        })
    }

    /// Randomness for a secret, from the operating system.
    pub(crate) fn draw_seed(&self) -> Result<Seed, PageError> {
        (self.randomness)().ok_or_else(|| PageError {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "The operating system provided no randomness. Try again.".to_owned(),
        })
    }

    /// Returns whether the account has at least this role.
    pub(crate) fn has_role(&self, role: Role) -> bool {
        self.actor.role() >= role
    }

    /// Redirects the browser to another page after an action, with status 303.
    pub(crate) fn redirect_to(&self, path: &str) {
        if let Ok(path) = HeaderValue::from_str(path) {
            self.response.insert_header(header::LOCATION, path);
            self.response.set_status(StatusCode::SEE_OTHER);
        }
    }

    /// Stores the selected environment in a cookie.
    pub(crate) fn choose_environment(&self, key: &str) {
        let cookie = format!("{ENVIRONMENT_COOKIE}={key}; Path=/admin; SameSite=Lax; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            self.response.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// Sets the response status to that of the error.
    pub(crate) fn set_error_status(&self, error: &PageError) {
        self.response.set_status(error.status);
    }
}

/// Percent-encodes a text for the query or path of a link.
pub(crate) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_fields_and_rows() {
        let form = Form::parse(b"name=+Ada+L&tag=a&tag=b&rule.0.variant=on&rule.2.variant=off&do=");
        assert_eq!(form.get("name"), "Ada L");
        assert_eq!(form.get_all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(form.count_rows("rule"), 3);
        assert_eq!(form.count_rows("other"), 0);
        assert!(form.has("do") && !form.has("gone"));
        assert!(form.parse_version().is_err());
        assert_eq!(Form::parse(b"rule.99999999.x=1").count_rows("rule"), 500, "bounded");
    }
}
