//! The caller of a server function.

use std::sync::Arc;

use axum::http::request::Parts;
use leptos::prelude::use_context;
use phasegate_domain::{
    accounts::Account,
    ids::{EnvironmentId, EnvironmentKey},
};
use phasegate_service::{Service, access::Actor, environments::find_environment_id};

use super::{ApiError, ApiErrorCode};

/// Who calls, and the environment that the call is about.
pub(super) struct Caller {
    pub(super) service: Arc<Service>,
    pub(super) actor: Actor,
    pub(super) environment: EnvironmentId,
}

/// Returns the caller from the Leptos context.
pub(super) fn read_caller(environment: &EnvironmentKey) -> Result<Caller, ApiError> {
    let lost =
        || ApiError::new(500, ApiErrorCode::Other, "The server is not configured for this call.");
    let service = use_context::<Arc<Service>>().ok_or_else(lost)?;
    let parts = use_context::<Parts>().ok_or_else(lost)?;
    let Some(account) = parts.extensions.get::<Account>() else {
        let message = "Your session has ended. Log in again, then try again.";
        return Err(ApiError::new(401, ApiErrorCode::LoggedOut, message));
    };
    let environment = find_environment_id(&service, environment)?;
    Ok(Caller { actor: Actor::from(account), environment, service })
}
