//! The use case that creates accounts.

use phasegate_domain::{accounts::Role, field_error::FieldCode};
use phasegate_store::StoreError;

use super::hash_password;
use crate::{ObjectKind, Service, ServiceError, secrets::Seed};

/// Creates an account with a password.
///
/// # Errors
/// Returns an error if the e-mail address is invalid or already has an account, or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_account(
    service: &Service,
    email: &str,
    password: &str,
    role: Role,
    salt: Seed,
) -> Result<(), ServiceError> {
    if !email.contains('@') || email.contains(char::is_whitespace) {
        return Err(ServiceError::invalid(
            "email",
            FieldCode::Invalid,
            format!("{email:?} is not an e-mail address"),
        ));
    }
    let hash = hash_password(password, salt)?;
    match service.stores.state.create_account(email, &hash, role).await {
        Err(StoreError::Conflict) => {
            Err(ServiceError::Exists { what: ObjectKind::Account, key: email.to_owned() })
        }
        made => Ok(made.map(drop)?),
    }
}
