//! More users.

use phasegate_domain::{accounts::Role, field_error::FieldCode};
use phasegate_store::StoreError;

use super::hash_password;
use crate::{Service, ServiceError, secrets::Seed};

/// Makes an account.
///
/// # Errors
/// When the address is none, or has an account already, or storage fails.
pub async fn create(
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
            Err(ServiceError::Exists { what: "account", key: email.to_owned() })
        }
        made => Ok(made.map(drop)?),
    }
}
