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
    accounts::OwnSession,
    environments::find_environment_id,
    secrets::{Randomness, Seed},
};

use super::{ApiError, ApiErrorCode};
use crate::{
    cookies::{environment_cookie, theme_cookie},
    embedding::Embedding,
    models::Theme,
};

/// Who calls, and the environment that the call is about.
pub(super) struct Caller {
    pub(super) service: Arc<Service>,
    pub(super) actor: Actor,
    pub(super) environment: EnvironmentId,
}

/// Who calls about something that belongs to no environment.
pub(super) struct Visitor {
    pub(super) service: Arc<Service>,
    pub(super) actor: Actor,
    pub(super) account: Account,
    pub(super) session: OwnSession,
}

fn misconfigured() -> ApiError {
    ApiError::new(500, ApiErrorCode::Other, "The server is not configured for this call.")
}

/// Returns who calls from the Leptos context.
pub(super) fn read_visitor() -> Result<Visitor, ApiError> {
    let service = use_context::<Arc<Service>>().ok_or_else(misconfigured)?;
    let parts = use_context::<Parts>().ok_or_else(misconfigured)?;
    let account = parts.extensions.get::<Account>();
    let session = parts.extensions.get::<OwnSession>();
    let Some((account, session)) = account.zip(session) else {
        let message = "Your session has ended. Log in again, then try again.";
        return Err(ApiError::new(401, ApiErrorCode::LoggedOut, message));
    };
    Ok(Visitor {
        actor: Actor::from(account),
        account: account.clone(),
        session: *session,
        service,
    })
}

/// Returns the caller from the Leptos context, with the environment that the call is about.
pub(super) fn read_caller(environment: &EnvironmentKey) -> Result<Caller, ApiError> {
    let Visitor { service, actor, .. } = read_visitor()?;
    let environment = find_environment_id(&service, environment)?;
    Ok(Caller { actor, environment, service })
}

/// Returns the origin at which browsers reach this server.
pub(super) fn public_origin() -> Result<String, ApiError> {
    let parts = use_context::<Parts>().ok_or_else(misconfigured)?;
    Ok(use_context::<Embedding>().unwrap_or_default().resolve_origin(&parts))
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

/// Makes the pages of this browser have a theme.
pub(super) fn set_theme(theme: Theme) {
    if let Some((response, cookie)) = use_context::<ResponseOptions>().zip(theme_cookie(theme)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}
