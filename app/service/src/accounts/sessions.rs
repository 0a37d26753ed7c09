//! Login sessions, for the HTTP layer that sets the cookies.

use phasegate_store::models::{Digest, Session};

use crate::{Service, ServiceError};

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
