//! What accounts keep for themselves: filters of the list of flags, and drafts. Others do not see it,
//! so that the audit log does not have it.

use phasegate_domain::{
    accounts::Account,
    field_error::{FieldCode, FieldError},
    ids::EnvironmentId,
};
use phasegate_store::models::{AccountValue, AccountValueKind};

use crate::{Service, ServiceError};

/// The maximum length of a name, in characters.
const MAX_NAME_CHARS: usize = 60;

/// The maximum length of a value, in bytes.
const MAX_VALUE_BYTES: usize = 65_536;

/// The maximum number of values of a kind in an environment.
const MAX_VALUES: usize = 50;

/// Reads the values of a kind that an account keeps in an environment: names and values, by name.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn list_account_values(
    service: &Service,
    account: &Account,
    environment: EnvironmentId,
    kind: AccountValueKind,
) -> Result<Vec<(String, String)>, ServiceError> {
    Ok(service.stores.state.read_account_values(account.id, environment, kind).await?)
}

/// Keeps a value, which replaces an earlier one of the same name.
///
/// # Errors
/// Returns an error if name or value are empty or too long, there are too many, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = value.environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn keep_account_value(
    service: &Service,
    value: AccountValue,
) -> Result<(), ServiceError> {
    let name = value.name.trim();
    let chars = name.chars().count();
    if name.is_empty() || chars > MAX_NAME_CHARS {
        let code = if name.is_empty() { FieldCode::Missing } else { FieldCode::TooLong };
        let text = format!("needs 1 to {MAX_NAME_CHARS} characters");
        return Err(FieldError::new("name", code, text).into());
    }
    if value.value.len() > MAX_VALUE_BYTES {
        let text = format!("must have at most {MAX_VALUE_BYTES} bytes");
        return Err(FieldError::new("value", FieldCode::TooLong, text).into());
    }
    let stores = &service.stores.state;
    let known = stores.read_account_values(value.account, value.environment, value.kind).await?;
    if known.len() >= MAX_VALUES && !known.iter().any(|(known, _)| known == name) {
        let text = format!("{MAX_VALUES} are kept already; delete one first");
        return Err(FieldError::without_field(FieldCode::TooMany, text).into());
    }
    let name = name.to_owned();
    Ok(stores.save_account_value(&AccountValue { name, ..value }).await?)
}

/// Deletes a value if it is kept.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = value.environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn drop_account_value(
    service: &Service,
    value: &AccountValue,
) -> Result<(), ServiceError> {
    let value = AccountValue { name: value.name.trim().to_owned(), ..value.clone() };
    Ok(service.stores.state.delete_account_value(&value).await?)
}
