//! Login sessions, for the HTTP layer that sets the cookies.

use chrono::DateTime;
use phasegate_domain::Timestamp;
use phasegate_store::models::{Digest, Session};
use serde::Deserialize;

use crate::{Service, ServiceError};

/// The keys of the values in a login session.
pub mod session_keys {
    /// The id of the account that logged in.
    pub const ACCOUNT: &str = "account";
    /// The account's epoch; a new password starts another epoch.
    pub const EPOCH: &str = "epoch";
    /// When the session was last renewed, in seconds since 1970.
    pub const RENEWED: &str = "renewed";
    /// When the account logged in, in seconds since 1970.
    pub const LOGGED_IN: &str = "logged_in";
    /// The `User-Agent` of the browser that logged in.
    pub const USER_AGENT: &str = "user_agent";
}

/// The values of a session that are shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SessionData {
    #[serde(default)]
    logged_in: Option<i64>,
    #[serde(default)]
    renewed: Option<i64>,
    #[serde(default)]
    pub(super) user_agent: String,
}

impl SessionData {
    /// Parses the values; sessions of older versions lack some.
    pub(super) fn parse(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// When the account logged in.
    pub(super) fn logged_in_at(&self) -> Option<Timestamp> {
        DateTime::from_timestamp(self.logged_in?, 0)
    }

    /// When the session was last used, accurate to the interval of renewals.
    pub(super) fn used_at(&self) -> Option<Timestamp> {
        DateTime::from_timestamp(self.renewed.or(self.logged_in)?, 0)
    }
}

/// Stores a new login session.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_session(service: &Service, session: &Session) -> Result<(), ServiceError> {
    Ok(service.stores.state.create_session(session).await?)
}

/// Updates a session. Returns `false` without writing if it has ended meanwhile.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn save_session(service: &Service, session: &Session) -> Result<bool, ServiceError> {
    Ok(service.stores.state.save_session(session).await?)
}

/// Reads a session by id, unless it has ended.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn load_session(service: &Service, id: Digest) -> Result<Option<Session>, ServiceError> {
    Ok(service.stores.state.find_session(id, service.now()).await?)
}

/// Deletes a session if it exists.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_session(service: &Service, id: Digest) -> Result<(), ServiceError> {
    Ok(service.stores.state.delete_session(id).await?)
}

/// Deletes expired sessions; run as a job.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_expired_sessions(service: &Service) -> Result<(), ServiceError> {
    Ok(service.stores.state.delete_ended_sessions(service.now()).await?)
}
