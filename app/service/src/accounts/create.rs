//! The use case that creates accounts.

use phasegate_domain::{
    accounts::Role,
    field_error::{FieldCode, FieldError},
};
use phasegate_store::models::Edit;

use super::{
    edit::{AccountChange, apply_account_edits},
    hash_password,
};
use crate::{ObjectKind, Service, ServiceError, access::Actor, secrets::Seed};

/// The longest e-mail address, in bytes (RFC 5321).
const MAX_EMAIL_BYTES: usize = 254;

/// Checks an e-mail address and returns it without spaces around it.
pub(super) fn check_email(email: &str) -> Result<String, FieldError> {
    let email = email.trim();
    let is_address = email.contains('@') && !email.contains(char::is_whitespace);
    match (email.len() > MAX_EMAIL_BYTES, is_address) {
        (true, _) => {
            let text = format!("has more than {MAX_EMAIL_BYTES} bytes");
            Err(FieldError::new("email", FieldCode::TooLong, text))
        }
        (false, false) => {
            let text = format!("{email:?} is not an e-mail address");
            Err(FieldError::new("email", FieldCode::Invalid, text))
        }
        (false, true) => Ok(email.to_owned()),
    }
}

/// Refuses an address that has an account, ignoring case.
pub(super) async fn require_free_address(
    service: &Service,
    email: &str,
) -> Result<(), ServiceError> {
    match service.stores.state.read_account(email).await? {
        Some(_) => Err(ServiceError::Exists { what: ObjectKind::Account, key: email.to_owned() }),
        None => Ok(()),
    }
}

/// Creates an account with a password. Checks no role, because only the server's command line
/// calls it.
///
/// # Errors
/// Returns an error if the e-mail address is invalid or already has an account, or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_account(
    service: &Service,
    actor: &Actor,
    email: &str,
    password: &str,
    role: Role,
    salt: Seed,
) -> Result<(), ServiceError> {
    let email = check_email(email)?;
    let hash = hash_password(password, salt)?;
    let _turn = service.begin_edit().await?;
    require_free_address(service, &email).await?;
    let edits = [Edit::CreateAccount(email.clone(), hash, role)];
    let change = AccountChange { email: &email, before: None, after: Some(role), note: None };
    apply_account_edits(service, actor.name(), &edits, change).await
}
