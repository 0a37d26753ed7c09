//! The caller of a server function.

use std::sync::Arc;

use axum::http::{header, request::Parts};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use phasegate_domain::{
    accounts::Account,
    ids::{EnvironmentId, EnvironmentKey},
};
use phasegate_service::{
    Service,
    access::Actor,
    environments::find_environment_id,
    secrets::{Randomness, Seed},
};

use super::{ApiError, ApiErrorCode};
use crate::cookies::environment_cookie;

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

/// Returns randomness for a secret, from the operating system.
pub(super) fn draw_seed() -> Result<Seed, ApiError> {
    let drawn = use_context::<Randomness>().and_then(|draw| draw());
    drawn.ok_or_else(|| {
        let message = "The operating system provided no randomness. Try again.";
        ApiError::new(500, ApiErrorCode::Other, message)
    })
}

/// Makes the pages of this browser show an environment.
pub(super) fn choose_environment(key: &EnvironmentKey) {
    if let Some((response, cookie)) =
        use_context::<ResponseOptions>().zip(environment_cookie(key.as_str()))
    {
        response.append_header(header::SET_COOKIE, cookie);
    }
}
