//! Logging in.

use std::net::IpAddr;

use phasegate_domain::{ids::UserId, people::Person};

use super::password::verify;
use crate::{Service, ServiceError};

/// A hash that no password has, so that an unknown address takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The longest password that is looked at.
const MAX_PASSWORD_BYTES: usize = 1_024;

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Address or password; not said which.
    #[error("that e-mail address and password do not belong together")]
    Wrong,
    /// Too many failures.
    #[error("too many attempts; try again in {0} seconds")]
    Wait(i64),
    /// Something else.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Checks address and password, for somebody who connects from `peer`.
///
/// # Errors
/// When they do not belong together, or after too many attempts.
pub async fn log_in(
    service: &Service,
    peer: IpAddr,
    email: &str,
    password: &str,
) -> Result<Person, LoginError> {
    service
        .login_limiter
        .attempt(peer, email, service.now())
        .map_err(|wait| LoginError::Wait(wait.num_seconds().max(1)))?;
    let account = service.state.account(email).await.map_err(ServiceError::from)?;
    let hash = account.as_ref().map_or(NOBODY, |account| &account.password_hash).to_owned();
    if password.len() > MAX_PASSWORD_BYTES || !check(service, password.to_owned(), hash).await? {
        return Err(LoginError::Wrong);
    }
    let account = account.ok_or(LoginError::Wrong)?;
    service.login_limiter.succeeded(peer, email);
    Ok(account.person)
}

/// A check takes 19 MiB and a core for a while, so only a few run at once and the others wait.
async fn check(service: &Service, password: String, hash: String) -> Result<bool, ServiceError> {
    let closed = |_| ServiceError::Inconsistent("password checks have been stopped");
    let _permit = service.password_checks.acquire().await.map_err(closed)?;
    tokio::task::spawn_blocking(move || verify(&password, &hash))
        .await
        .map_err(|_| ServiceError::Inconsistent("checking the password was interrupted"))
}

/// Who has that id, with the role they have now.
///
/// # Errors
/// When storage fails.
pub async fn person(service: &Service, id: UserId) -> Result<Option<Person>, ServiceError> {
    Ok(service.state.person(id).await?)
}
