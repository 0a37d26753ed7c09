//! Extractors of API requests: caller, environment, body, query and path.

use std::sync::Arc;

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, StatusCode, request::Parts},
};
use phasegate_domain::{
    ids::EnvironmentId,
    json,
    words::{reword_serde_error, serde_field_error},
};
use phasegate_service::{CachedEnvironment, Service, access::Actor, keys};
use serde::{Deserialize, de::DeserializeOwned};

use crate::http::{AppState, ClientAddress, Precondition, Problem, key_status, sent_key};

/// The maximum size of a body, in bytes. The largest are object flags with many rules.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The authorised caller, the environment of the path, and `If-Match`.
#[derive(Debug)]
pub(super) struct ApiContext {
    pub(super) service: Arc<Service>,
    pub(super) actor: Actor,
    pub(super) environment: EnvironmentId,
    pub(super) precondition: Precondition,
}

/// The part of every path that names the environment.
#[derive(Debug, Deserialize)]
struct Place {
    project: String,
    environment: String,
}

impl FromRequestParts<AppState> for ApiContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let service = Arc::clone(&state.service);
        let caller = authorise_caller(&service, &parts.headers)?;
        let Path(place) = Path::<Place>::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::new(StatusCode::NOT_FOUND, error.body_text()))?;
        let live = service.find_environment(&place.project, &place.environment)?;
        let environment = live.environment().id;
        caller.require_environment(&service, environment)?;
        let precondition = Precondition::read_if_match(&parts.headers)?;
        Ok(Self { service, actor: caller.actor, environment, precondition })
    }
}

pub(super) fn authorise_caller(
    service: &Service,
    headers: &HeaderMap,
) -> Result<keys::ApiCaller, Problem> {
    keys::authorise_api(service, sent_key(headers))
        .map_err(|error| Problem::new(key_status(&error), error.to_string()))
}

impl ApiContext {
    /// Returns the current state of the environment.
    pub(super) fn cached_environment(&self) -> Result<Arc<CachedEnvironment>, Problem> {
        Ok(self.service.environment(self.environment)?)
    }
}

/// Extracts a JSON body; errors name the path of the invalid field.
#[derive(Debug)]
pub(super) struct ApiJson<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AppState> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let from = ClientAddress::from_request_parts(&mut parts, state).await?;
        let bytes = state.bodies.read_body(from, &parts.headers, body, MAX_BODY_BYTES).await?;
        let json = json::parse_document(&bytes).map_err(|error| {
            Problem::new(json_error_status(&error), reword_serde_error(&error.to_string()))
        })?;
        let read = serde_path_to_error::deserialize(json).map_err(|error| {
            let (path, text) = (error.path().to_string(), error.inner().to_string());
            Problem::of_field(StatusCode::UNPROCESSABLE_ENTITY, serde_field_error(&path, &text))
        })?;
        Ok(Self(read))
    }
}

/// Returns 422 if a number would lose digits, 400 if the body is not JSON.
fn json_error_status(error: &json::InvalidJson) -> StatusCode {
    match error {
        json::InvalidJson::Syntax(_) => StatusCode::BAD_REQUEST,
        json::InvalidJson::Rounded { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Extracts the query string as a type.
#[derive(Debug)]
pub(super) struct ApiQuery<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Query(asked) = Query::<T>::from_request_parts(parts, state).await.map_err(|error| {
            Problem::of_field(StatusCode::BAD_REQUEST, serde_field_error("", &error.body_text()))
        })?;
        Ok(Self(asked))
    }
}

/// Extracts the path parameters as a type.
#[derive(Debug)]
pub(super) struct ApiPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for ApiPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Path(named) = Path::<T>::from_request_parts(parts, state).await.map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, reword_serde_error(&error.body_text()))
        })?;
        Ok(Self(named))
    }
}
