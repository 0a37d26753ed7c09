//! What a page was asked, by whom, and how it answers.

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
    CachedEnvironment, Service, ServiceError,
    access::Actor,
    secrets::{Randomness, Seed},
};

use crate::embedding::Embedding;

/// The cookie that remembers which environment the admin shows.
pub const ENVIRONMENT_COOKIE: &str = "phasegate_environment";

/// The field of a form that names the environment it is about.
pub(crate) const HERE: &str = "here";

/// The fields of a form that was sent to a page.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Takes an URL-encoded body or query apart.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field's value, without spaces around it; empty if it is not there.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Whether a field is there, whatever its value: a ticked box.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// The values of all fields of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        let named = self.0.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }

    /// A field's value exactly as it was sent, with line breaks as texts have them.
    pub(crate) fn exact(&self, name: &str) -> String {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or_else(String::new, |(_, value)| value.replace("\r\n", "\n"))
    }

    /// The rest of the names of the fields that begin so, in the order of the form.
    pub(crate) fn names_after<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter_map(move |(field, _)| field.strip_prefix(prefix))
    }

    /// How many rows of fields `prefix.0.…`, `prefix.1.…` there are.
    pub(crate) fn rows(&self, prefix: &str) -> usize {
        let number = |field: &str| {
            let rest = field.strip_prefix(prefix)?.strip_prefix('.')?;
            rest.split('.').next()?.parse::<usize>().ok()
        };
        self.0
            .iter()
            .filter_map(|(field, _)| number(field))
            .max()
            .map_or(0, |last| (last + 1).min(500))
    }

    /// A field as a value of some type, or a complaint that names it.
    pub(crate) fn parsed<T>(&self, name: &str) -> Result<T, PageError>
    where
        T: TryFrom<String>,
        T::Error: std::fmt::Display,
    {
        T::try_from(self.get(name).to_owned())
            .map_err(|error| PageError::invalid(format!("{name}: {error}")))
    }

    /// The version that a form was made for.
    pub(crate) fn version(&self) -> Result<i64, PageError> {
        let version = self.get("version").parse();
        version.map_err(|_| PageError::invalid("version: is missing; load the page again"))
    }
}

/// Why a page cannot show or do what it was asked, in words for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageError {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl PageError {
    /// What was sent makes no sense.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, message: sentence(&message.into()) }
    }
}

/// Begins with a capital letter, unless with the name of a field, and ends with a full stop.
fn sentence(text: &str) -> String {
    let first_word = text.split([' ', ':']).next().unwrap_or_default();
    let names_field = text.get(first_word.len()..).is_some_and(|rest| rest.starts_with(':'));
    let mut letters = text.chars();
    let begin = match letters.next() {
        Some(first) if !names_field => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    };
    if begin.ends_with(['.', '?', '!']) { begin } else { begin + "." }
}

impl From<ServiceError> for PageError {
    fn from(error: ServiceError) -> Self {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if error.is_internal() {
            // What storage says helps the operator, not who looks at the page.
            leptos::logging::error!("a use case failed: {error}");
            return Self {
                status,
                message: "The server could not do that; its log says why.".to_owned(),
            };
        }
        Self { status, message: sentence(&error.to_string()) }
    }
}

/// The environment of that key.
fn named_environment(service: &Service, key: &str) -> Option<EnvironmentId> {
    let all = service.environments();
    let live = all.iter().find(|live| live.environment().key.as_str() == key)?;
    Some(live.environment().id)
}

/// The environment that a browser has chosen, or the oldest one.
///
/// # Errors
/// When there is none at all.
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

/// A request for a page, as its component needs it.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) service: Arc<Service>,
    pub(crate) actor: Actor,
    pub(crate) environment: EnvironmentId,
    /// What stands behind the question mark.
    pub(crate) query: Form,
    /// The form that was sent, if one was.
    pub(crate) form: Option<Form>,
    pub(crate) randomness: Randomness,
    pub(crate) response: ResponseOptions,
    /// What apps need to embed the collector.
    pub(crate) embedding: Embedding,
    /// The origin under which pages reach this server.
    pub(crate) origin: String,
}

impl Request {
    /// The request that is being answered; asked for at the start of a component.
    pub(crate) fn current() -> Result<Self, PageError> {
        let lost = || PageError {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "The server is not set up to make this page.".to_owned(),
        };
        let service = use_context::<Arc<Service>>().ok_or_else(lost)?;
        let parts = use_context::<Parts>().ok_or_else(lost)?;
        let account = parts.extensions.get::<Account>().ok_or_else(lost)?;
        let query = Form::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let form = parts.extensions.get::<Form>().cloned();
        let embedding = use_context::<Embedding>().unwrap_or_default();
        // An address that names an environment shows it, and the browser goes on with it.
        let wanted = query.get("environment");
        let named = named_environment(&service, wanted);
        if named.is_none() && !wanted.is_empty() {
            return Err(
                ServiceError::NotFound { what: "environment", key: wanted.to_owned() }.into()
            );
        }
        let environment = match named {
            Some(environment) => environment,
            None => selected_environment(&service, &parts.headers)?,
        };
        let request = Self {
            origin: embedding.origin(&parts),
            embedding,
            actor: Actor::from(account),
            environment,
            service,
            query,
            form,
            randomness: use_context().ok_or_else(lost)?,
            response: use_context().ok_or_else(lost)?,
        };
        if named.is_some() {
            request.choose_environment(&request.environment_key()?);
        }
        Ok(request)
    }

    /// The key of the environment that is shown.
    pub(crate) fn environment_key(&self) -> Result<String, PageError> {
        Ok(self.live()?.environment().key.to_string())
    }

    /// Has the browser look again shortly: something is under way.
    pub(crate) fn look_again(&self) {
        self.response.insert_header(header::REFRESH, HeaderValue::from_static("2"));
    }

    /// The environment as it is answered for now.
    pub(crate) fn live(&self) -> Result<Arc<CachedEnvironment>, PageError> {
        Ok(self.service.environment(self.environment)?)
    }

    /// Refuses a form that was made for another environment than the one that is shown now.
    pub(crate) fn check_here(&self) -> Result<(), PageError> {
        let (Some(form), live) = (&self.form, self.live()?) else { return Ok(()) };
        if form.get(HERE) == live.environment().key.as_str() {
            return Ok(());
        }
        Err(PageError {
            status: StatusCode::CONFLICT,
            message: format!(
                "Nothing was done: that form was for another environment, and you are looking at \
                 {} now. Choose the one you mean beside the menu, and repeat it there.",
                live.environment().name
            ),
        })
    }

    /// Randomness for a secret, from the operating system.
    pub(crate) fn seed(&self) -> Result<Seed, PageError> {
        (self.randomness)().ok_or_else(|| PageError {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "The operating system gave no randomness; try again.".to_owned(),
        })
    }

    /// Whether the account that asks may do what needs that role.
    pub(crate) fn may(&self, role: Role) -> bool {
        self.actor.require(role).is_ok()
    }

    /// Sends the browser to another page, after something was done.
    pub(crate) fn go_to(&self, path: &str) {
        if let Ok(path) = HeaderValue::from_str(path) {
            self.response.insert_header(header::LOCATION, path);
            self.response.set_status(StatusCode::SEE_OTHER);
        }
    }

    /// Remembers which environment the admin shows.
    pub(crate) fn choose_environment(&self, key: &str) {
        let cookie = format!("{ENVIRONMENT_COOKIE}={key}; Path=/admin; SameSite=Lax; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            self.response.append_header(header::SET_COOKIE, cookie);
        }
    }

    /// Says in the status, too, that something is wrong.
    pub(crate) fn note(&self, trouble: &PageError) {
        self.response.set_status(trouble.status);
    }
}

/// A text for a query or path of a link.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_fields_and_rows() {
        let form = Form::parse(b"name=+Ada+L&tag=a&tag=b&rule.0.variant=on&rule.2.variant=off&do=");
        assert_eq!(form.get("name"), "Ada L");
        assert_eq!(form.all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(form.rows("rule"), 3);
        assert_eq!(form.rows("other"), 0);
        assert!(form.has("do") && !form.has("gone"));
        assert!(form.version().is_err());
        assert_eq!(Form::parse(b"rule.99999999.x=1").rows("rule"), 500, "bounded");
    }

    #[test]
    fn trouble_is_said_in_sentences() {
        assert_eq!(sentence("there is no flag \"A\""), "There is no flag \"A\".");
        assert_eq!(sentence("rules[0]: is wrong"), "rules[0]: is wrong.");
        assert_eq!(sentence("Done."), "Done.");
    }
}
