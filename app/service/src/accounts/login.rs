//! Logging in.

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

/// Checks address and password.
///
/// # Errors
/// When they do not belong together, or after too many attempts.
pub async fn log_in(service: &Service, email: &str, password: &str) -> Result<Person, LoginError> {
    let now = service.now();
    if let Some(wait) = service.login_limiter.wait(email, now) {
        return Err(LoginError::Wait(wait.num_seconds().max(1)));
    }
    let account = service.state.account(email).await.map_err(ServiceError::from)?;
    let hash = account.as_ref().map_or(NOBODY, |account| &account.password_hash).to_owned();
    let right = if password.len() > MAX_PASSWORD_BYTES {
        false
    } else {
        let password = password.to_owned();
        let closed = |_| ServiceError::Inconsistent("password checks have been stopped");
        let _permit = service.password_checks.acquire().await.map_err(closed)?;
        let verified = tokio::task::spawn_blocking(move || verify(&password, &hash)).await;
        verified.map_err(|_| ServiceError::Inconsistent("checking the password was interrupted"))?
    };
    match account.filter(|_| right) {
        Some(account) => {
            service.login_limiter.succeeded(email);
            Ok(account.person)
        }
        None => {
            service.login_limiter.failed(email, now);
            Err(LoginError::Wrong)
        }
    }
}

/// Who has that id, with the role they have now.
///
/// # Errors
/// When storage fails.
pub async fn person(service: &Service, id: UserId) -> Result<Option<Person>, ServiceError> {
    Ok(service.state.person(id).await?)
}
