//! The request for a page: its query, form and actor, and the response to it.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_axum::ResponseOptions;
use phasegate_domain::{
    accounts::{Account, Role},
    ids::EnvironmentId,
};
use phasegate_service::{
    CachedEnvironment, ObjectKind, Service, ServiceError, access::Actor, accounts::OwnSession,
};
use serde::de::DeserializeOwned;

use crate::{
    cookies::{
        DONE_COOKIE, ENVIRONMENT_COOKIE, THEME_COOKIE, environment_cookie, parse_done, read_cookie,
    },
    embedding::Embedding,
    format::punctuate_message,
    models::{Done, Theme, drafts::decode_draft},
    server_fns::ApiError,
};

/// The fields of a query, or of a form as they were entered: texts, which serde decodes elsewhere.
#[derive(Debug, Clone, Default)]
pub struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// Parses a URL-encoded body or query.
    #[must_use]
    pub(crate) fn decode(body: &[u8]) -> Self {
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

    /// Returns a field's value without trimming, with line breaks converted to `\n`.
    pub(crate) fn get_exact(&self, name: &str) -> String {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or_else(String::new, |(_, value)| value.replace("\r\n", "\n"))
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
}

/// The error of a page: an HTTP status, and a message for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl PageError {
    /// Creates the error of a page that needs a session, which the router asks for.
    pub(crate) fn without_login() -> Self {
        let message = "Your session has ended. Log in again.".to_owned();
        Self { status: StatusCode::UNAUTHORIZED, message }
    }

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

/// Returns the environment that the address of the page names from which a request comes.
fn referring_environment(service: &Service, headers: &HeaderMap) -> Option<EnvironmentId> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?;
    let (_, query) = referer.split_once('?')?;
    let fields = FormFields::decode(query.split('#').next()?.as_bytes());
    named_environment(service, fields.get("environment"))
}

/// Returns the environment of a request that names none: that of the page it comes from, else the one
/// that the browser has selected, else the oldest one. Another tab may have selected another one.
///
/// # Errors
/// Returns an error if there is no environment.
pub fn selected_environment(
    service: &Service,
    headers: &HeaderMap,
) -> Result<EnvironmentId, ServiceError> {
    let chosen = read_cookie(headers, ENVIRONMENT_COOKIE);
    let found = referring_environment(service, headers)
        .or_else(|| chosen.and_then(|key| named_environment(service, key)));
    found.map_or_else(|| service.first_environment(), Ok)
}

/// Returns whether the browser loads a page before its user has asked for it.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let purpose = headers.get("sec-purpose").and_then(|value| value.to_str().ok());
    purpose.is_some_and(|purpose| purpose.contains("prefetch"))
}

/// Returns the theme that the browser has chosen.
pub(crate) fn selected_theme(headers: &HeaderMap) -> Theme {
    read_cookie(headers, THEME_COOKIE).and_then(Theme::parse).unwrap_or_default()
}

/// The data that a form without a script has asked for: the page that is rendered in answer shows it.
#[derive(Debug, Clone)]
pub struct AnsweredForm {
    /// The path of the server function.
    pub function: String,
    /// Its fields, as an URL-encoded text.
    pub body: String,
    /// The answer, as JSON.
    pub json: String,
}

/// A form that was posted to a page, URL-encoded.
#[derive(Debug, Clone)]
pub struct PostedForm(pub String);

/// A form that was sent without a script and refused: the page that is rendered in answer shows why,
/// and the values that were entered.
#[derive(Debug, Clone)]
pub struct RefusedForm {
    /// The path of the server function.
    pub function: String,
    /// Why it was refused.
    pub error: ApiError,
    /// Its fields, as an URL-encoded text.
    pub body: String,
}

/// A request for a page, for its component.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) service: Arc<Service>,
    pub(crate) actor: Actor,
    pub(crate) environment: EnvironmentId,
    /// The path of the URL.
    pub(crate) path: String,
    /// The account with its session.
    pub(crate) login: Option<(Account, OwnSession)>,
    /// The colours that the browser has chosen.
    pub(crate) theme: Theme,
    /// The query string of the URL.
    pub(crate) query: FormFields,
    /// The refused call of a form without a script.
    pub(crate) refused: Option<RefusedForm>,
    /// The form that was posted to the page itself, URL-encoded.
    posted: Option<String>,
    /// The data that a form without a script has asked for.
    answered: Option<AnsweredForm>,
    /// What was just done, as the page before has left it.
    done: Option<Done>,
    pub(crate) response: ResponseOptions,
    /// Whether the browser only loads the page in advance: then nothing is selected or consumed.
    is_prefetch: bool,
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
        let query = FormFields::decode(parts.uri.query().unwrap_or_default().as_bytes());
        let answered = parts.extensions.get::<AnsweredForm>().cloned();
        let posted = parts.extensions.get::<PostedForm>().map(|PostedForm(body)| body.clone());
        let refused = parts.extensions.get::<RefusedForm>().cloned();
        let done = parts.extensions.get::<Done>().cloned();
        let done = done.or_else(|| read_cookie(&parts.headers, DONE_COOKIE).and_then(parse_done));
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
            is_prefetch: is_prefetch(&parts.headers),
            path: parts.uri.path().to_owned(),
            login: parts.extensions.get().map(|own: &OwnSession| (account.clone(), *own)),
            theme: selected_theme(&parts.headers),
            service,
            query,
            refused,
            posted,
            answered,
            done,
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

    /// Returns whether the account has at least this role.
    pub(crate) fn has_role(&self, role: Role) -> bool {
        self.actor.role() >= role
    }

    /// Returns what was just done, once.
    pub(crate) fn take_done(&self) -> Option<Done> {
        let done = self.done.clone().filter(|_| !self.is_prefetch)?;
        let gone = format!("{DONE_COOKIE}=; Path=/admin; Max-Age=0; SameSite=Lax; HttpOnly");
        if let Ok(gone) = HeaderValue::from_str(&gone) {
            self.response.append_header(header::SET_COOKIE, gone);
        }
        Some(done)
    }

    /// Returns the draft that was entered: by a button of a row, or in a form for `F` that was
    /// refused. A second value is the button that was pressed.
    pub(crate) fn entered_draft<F: ServerFn, T: DeserializeOwned>(&self) -> Option<(T, String)> {
        let refused = self.refused.as_ref().filter(|refused| refused.function == F::PATH);
        let answered = self.answered.as_ref().filter(|answered| answered.function == F::PATH);
        let body = refused.map(|refused| &refused.body).or(self.posted.as_ref());
        let body = body.or_else(|| answered.map(|answered| &answered.body))?;
        let press = FormFields::decode(body.as_bytes()).get("press").to_owned();
        Some((decode_draft(body)?, press))
    }

    /// Returns the fields of a form for `F` as they were entered, if it was refused or has asked for
    /// data; otherwise none.
    pub(crate) fn entered_form<F: ServerFn>(&self) -> FormFields {
        let refused = self.refused.as_ref().filter(|refused| refused.function == F::PATH);
        let body = refused.map(|refused| &refused.body);
        let answered = self.answered.as_ref().filter(|answered| answered.function == F::PATH);
        let body = body.or_else(|| answered.map(|answered| &answered.body));
        body.map_or_else(FormFields::default, |body| FormFields::decode(body.as_bytes()))
    }

    /// Returns the data that a form for `F` has asked for without a script.
    pub(crate) fn answer<F: ServerFn, T: DeserializeOwned>(&self) -> Option<T> {
        let answered = self.answered.as_ref().filter(|answered| answered.function == F::PATH)?;
        serde_json::from_str(&answered.json).ok()
    }

    /// Stores the selected environment in a cookie.
    pub(crate) fn choose_environment(&self, key: &str) {
        if let Some(cookie) = environment_cookie(key).filter(|_| !self.is_prefetch) {
            self.response.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// Sets the response status to that of the error.
    pub(crate) fn set_error_status(&self, error: &PageError) {
        self.response.set_status(error.status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_from_text() {
        let form = FormFields::decode(b"name=+Ada+L&text=a%0D%0A&do=");
        assert_eq!((form.get("name"), form.get_exact("text").as_str()), ("Ada L", "a\n"));
        assert!(form.has("do") && !form.has("gone"));
    }
}
