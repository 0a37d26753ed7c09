//! Logging in with e-mail address and password.

use std::{net::IpAddr, time::Duration};

use phasegate_domain::{accounts::Account, ids::AccountId};

use super::password::{MAX_PASSWORD_BYTES, matches_hash};
use crate::runtime::LoginSource;
use crate::{ObjectKind, Service, ServiceError, subscriber::subscriber_address};

/// A hash that no password matches, so that an unknown address takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The maximum time that a password check waits for others.
const CHECK_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a login failed.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Address or password; which of them is not revealed.
    #[error("that e-mail address and password do not belong together")]
    Wrong,
    #[error("too many attempts; try again in {0} seconds")]
    Wait(i64),
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// The account that has logged in.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    pub account: Account,
    /// The account's session epoch, to be stored in its session.
    pub epoch: i64,
}

/// Checks address and password. `peer` is the address that the attempt comes from. `device` is set
/// for a browser that has logged in to this account before: its attempts are counted apart, so that
/// strangers behind the same proxy cannot lock it out.
///
/// # Errors
/// Returns an error if address and password do not match, after too many attempts, or if storage
/// fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn log_in(
    service: &Service,
    peer: IpAddr,
    device: Option<&str>,
    email: &str,
    password: &str,
) -> Result<LoggedIn, LoginError> {
    let unknown = LoginSource::Peer(subscriber_address(peer));
    let source = device.map_or(unknown, |device| LoginSource::Device(device.to_owned()));
    service
        .limits
        .logins
        .count_attempt(&source, email, service.now())
        .map_err(|wait| LoginError::Wait(wait.num_seconds().max(1)))?;
    let account = service.stores.state.read_account(email).await.map_err(ServiceError::from)?;
    let hash = account.as_ref().map_or(NOBODY, |account| &account.password_hash).to_owned();
    // NFKC may shorten a password several times (wide letters, combining marks): allow more here.
    if password.len() > 8 * MAX_PASSWORD_BYTES
        || !run_password_check(service, password.to_owned(), hash).await?
    {
        return Err(LoginError::Wrong);
    }
    let account = account.ok_or(LoginError::Wrong)?;
    service.limits.logins.reset_attempts(&source, email);
    Ok(LoggedIn { account: account.account, epoch: account.session_epoch })
}

/// Verifies a password. It takes 19 MiB and a core for a while, so only a few run at once.
async fn run_password_check(
    service: &Service,
    password: String,
    hash: String,
) -> Result<bool, ServiceError> {
    let closed = |_| ServiceError::Inconsistent("password checks have been stopped");
    // The wait is bounded: strangers who try many passwords must not make users wait forever.
    let turn = tokio::time::timeout(CHECK_TIMEOUT, service.limits.password_checks.acquire());
    let _permit = turn.await.map_err(|_| ServiceError::Busy)?.map_err(closed)?;
    tokio::task::spawn_blocking(move || matches_hash(&password, &hash))
        .await
        .map_err(|_| ServiceError::Inconsistent("checking the password was interrupted"))
}

/// Returns whether a password matches a hash.
///
/// # Errors
/// Returns an error if the check waits too long or is interrupted.
pub(crate) async fn is_password(
    service: &Service,
    password: &str,
    hash: &str,
) -> Result<bool, ServiceError> {
    run_password_check(service, password.to_owned(), hash.to_owned()).await
}

/// Finds an account by its e-mail address.
///
/// # Errors
/// Returns [`ServiceError::NotFound`] if there is none, or an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn account_by_email(service: &Service, email: &str) -> Result<Account, ServiceError> {
    let found = service.stores.state.read_account(email).await?;
    found
        .map(|account| account.account)
        .ok_or_else(|| ServiceError::not_found(ObjectKind::Account, email.to_owned()))
}

/// Reads an account by id, with its current role.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_account(
    service: &Service,
    id: AccountId,
) -> Result<Option<Account>, ServiceError> {
    Ok(service.stores.state.find_account(id).await?)
}
