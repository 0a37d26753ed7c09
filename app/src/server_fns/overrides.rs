//! Server functions of individual overrides.

use leptos::prelude::*;
use phasegate_domain::ids::{EnvironmentKey, FlagKey, VariantName};
#[cfg(feature = "ssr")]
use phasegate_domain::{
    field_error::{FieldCode, FieldError},
    flags::IndividualOverride,
};
#[cfg(feature = "ssr")]
use phasegate_service::{
    ServiceError,
    flags::{self as service, Found},
};

#[cfg(feature = "ssr")]
use super::caller::{Caller, read_caller};
use super::{ApiError, JsonResult};
use crate::models::Done;

/// The longest time for which an override can be set, in hours: ten years.
#[cfg(feature = "ssr")]
const MAX_HOURS: u32 = 87_600;

/// Pins the answer of a flag for one user, for a number of hours or until it is removed.
#[server(prefix = "/admin/fn", endpoint = "overrides/save", output = JsonResult)]
pub async fn save_override(
    environment: EnvironmentKey,
    flag: FlagKey,
    user: String,
    variant: VariantName,
    #[server(default)] hours: String,
    #[server(default)] note: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let expires_at = parse_hours(&hours)?
        .map(|hours| service.now() + chrono::TimeDelta::hours(i64::from(hours)));
    let text = format!("{user} now gets the variant {variant}.");
    let personal = IndividualOverride { flag, targeting_key: user, variant, expires_at, note };
    service::save_override(&service, &actor, environment, personal, Found::Anything).await?;
    Ok(Done::new(text))
}

/// Removes the override of a user, at the version that the caller saw.
#[server(prefix = "/admin/fn", endpoint = "overrides/delete", output = JsonResult)]
pub async fn delete_override(
    environment: EnvironmentKey,
    flag: FlagKey,
    user: String,
    version: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    service::delete_override(&service, &actor, environment, &flag, &user, Some(version)).await?;
    Ok(Done::new(format!("{user} gets the answer of the flag again.")))
}

/// Parses the number of hours; `None` if the override does not expire.
#[cfg(feature = "ssr")]
fn parse_hours(text: &str) -> Result<Option<u32>, ServiceError> {
    let wrong = || {
        let text = format!("must be a whole number from 1 to {MAX_HOURS}, or empty");
        FieldError::new("hours", FieldCode::Invalid, text).into()
    };
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .ok()
            .filter(|hours| (1..=MAX_HOURS).contains(hours))
            .map(Some)
            .ok_or_else(wrong),
    }
}
