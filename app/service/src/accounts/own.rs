//! What accounts do with themselves: their password and their sessions.

use phasegate_domain::{
    Timestamp,
    accounts::{Account, describe_browser},
    field_error::{FieldCode, FieldError},
};
use phasegate_store::models::{Digest, Edit, Session};

use super::{
    edit::{AccountChange, apply_account_edits},
    is_password,
    password::{check_password, run_hashing},
    sessions::SessionData,
};
use crate::{
    ObjectKind, Service, ServiceError,
    access::Actor,
    secrets::{Seed, hex_prefix},
};

/// The session of the request, by the digest of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSession(pub Digest);

/// The number of bytes of a session's digest that name it in the list.
const NAME_BYTES: usize = 8;

/// A browser that is logged in.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSession {
    /// Its name in forms: the beginning of the digest of its id.
    pub name: String,
    /// Such as `Firefox on Linux`.
    pub browser: String,
    pub logged_in_at: Option<Timestamp>,
    /// Accurate to about an hour.
    pub used_at: Option<Timestamp>,
    /// Whether it is the one that asks.
    pub is_own: bool,
}

async fn own_sessions(service: &Service, account: &Account) -> Result<Vec<Session>, ServiceError> {
    Ok(service.stores.state.read_sessions(Some(account.id), service.now()).await?)
}

/// Reads the sessions of an account, the one used last first.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list_sessions(
    service: &Service,
    account: &Account,
    own: OwnSession,
) -> Result<Vec<ListedSession>, ServiceError> {
    let list = |session: Session| {
        let data = SessionData::parse(&session.data);
        ListedSession {
            name: hex_prefix(&session.id.0, NAME_BYTES),
            browser: describe_browser(&data.user_agent),
            logged_in_at: data.logged_in_at(),
            used_at: data.used_at(),
            is_own: session.id == own.0,
        }
    };
    Ok(own_sessions(service, account).await?.into_iter().map(list).collect())
}

/// Ends one session of an account.
///
/// # Errors
/// Returns [`ServiceError::NotFound`] if it has ended already, or an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn end_session(
    service: &Service,
    account: &Account,
    name: &str,
) -> Result<(), ServiceError> {
    let sessions = own_sessions(service, account).await?;
    let mut named = sessions.iter().filter(|session| hex_prefix(&session.id.0, NAME_BYTES) == name);
    let found = named.next().ok_or_else(|| ServiceError::not_found(ObjectKind::Session, name))?;
    Ok(service.stores.state.delete_session(found.id).await?)
}

/// Ends all sessions of an account but the one that asks. Returns how many ended.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn end_other_sessions(
    service: &Service,
    account: &Account,
    own: OwnSession,
) -> Result<usize, ServiceError> {
    let mut others = own_sessions(service, account).await?;
    others.retain(|session| session.id != own.0);
    for session in &others {
        service.stores.state.delete_session(session.id).await?;
    }
    Ok(others.len())
}

/// Replaces the password of an account whose present one is given, and ends its other sessions.
///
/// # Errors
/// Returns an error if the present password is wrong, the new one is too short or too long or not
/// repeated, after too many attempts, or if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn change_own_password(
    service: &Service,
    account: &Account,
    own: OwnSession,
    present: &str,
    [new, repeated]: [&str; 2],
    salt: Seed,
) -> Result<(), ServiceError> {
    let invalid = |field: &str, text: String| FieldError::new(field, FieldCode::Invalid, text);
    check_password(new).map_err(|error| invalid("new_password", error.to_string()))?;
    if new != repeated {
        return Err(invalid("repeated", "is not the same as the new password".to_owned()).into());
    }
    let source = crate::runtime::LoginSource::Device(format!("account {}", account.id.0));
    let email = account.email.as_str();
    let counted = service.limits.logins.count_attempt(&source, email, service.now());
    counted.map_err(|wait| {
        let text =
            format!("was wrong too often; try again in {} seconds", wait.num_seconds().max(1));
        invalid("present_password", text)
    })?;
    let missing = || ServiceError::not_found(ObjectKind::Account, email);
    let stored = service.stores.state.read_account(email).await?.ok_or_else(missing)?;
    if !is_password(service, present, &stored.password_hash).await? {
        return Err(invalid("present_password", "is not your password".to_owned()).into());
    }
    service.limits.logins.reset_attempts(&source, email);
    let hash = run_hashing(service, new, salt).await?;
    let _turn = service.begin_edit().await?;
    let edits = [Edit::SavePassword(account.id, hash, Some(own.0))];
    let role = Some(account.role);
    let note = Some(("password", "changed"));
    let change = AccountChange { email, before: role, after: role, note };
    apply_account_edits(service, Actor::from(account).name(), &edits, change).await
}
