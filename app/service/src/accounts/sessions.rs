//! Login sessions, for the door that keeps cookies.

use phasegate_store::models::{Digest, Session};

use crate::{Service, ServiceError};

/// Writes a new session.
///
/// # Errors
/// When storage fails.
pub async fn create_session(service: &Service, session: &Session) -> Result<(), ServiceError> {
    Ok(service.stores.state.create_session(session).await?)
}

/// Writes over the session of that id, if it has not ended meanwhile.
///
/// # Errors
/// When storage fails.
pub async fn save_session(service: &Service, session: &Session) -> Result<bool, ServiceError> {
    Ok(service.stores.state.save_session(session).await?)
}

/// The session of that id, unless it has ended.
///
/// # Errors
/// When storage fails.
pub async fn load_session(service: &Service, id: Digest) -> Result<Option<Session>, ServiceError> {
    Ok(service.stores.state.session(id, service.now()).await?)
}

/// Forgets a session.
///
/// # Errors
/// When storage fails.
pub async fn delete_session(service: &Service, id: Digest) -> Result<(), ServiceError> {
    Ok(service.stores.state.delete_session(id).await?)
}

/// Forgets the sessions that have ended; a job.
///
/// # Errors
/// When storage fails.
pub async fn end_old_sessions(service: &Service) -> Result<(), ServiceError> {
    Ok(service.stores.state.delete_ended_sessions(service.now()).await?)
}
