//! Server functions of data retention and erasure.

use leptos::prelude::*;
use phasegate_domain::{ids::EnvironmentKey, privacy::RetentionPolicy};
#[cfg(feature = "ssr")]
use phasegate_service::{maintenance, models::Versioned, privacy};

#[cfg(feature = "ssr")]
use super::caller::{Caller, read_caller};
use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use crate::format::format_count;
use crate::models::Done;

/// Saves for how many days telemetry is kept.
#[server(prefix = "/admin/fn", endpoint = "privacy/save_retention", output = JsonResult)]
pub async fn save_retention(
    environment: EnvironmentKey,
    policy: RetentionPolicy,
    version: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let after = Versioned { value: policy, version };
    maintenance::save_retention_policy(&service, &actor, environment, after).await?;
    Ok(Done::new("Retention policy saved. Older data is deleted within an hour."))
}

/// Erases the stored data of a user, by the id that the app sends.
#[server(prefix = "/admin/fn", endpoint = "privacy/erase_user", output = JsonResult)]
pub async fn erase_user(environment: EnvironmentKey, id: String) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let gone = privacy::erase_user(&service, &actor, environment, id.trim()).await?;
    let text = format!(
        "Erased from {} user sets, {} error events and feedback items, and {} batches of raw events. Aggregate counts are kept and cannot be traced back to the user.",
        format_count(gone.activities),
        format_count(gone.reports),
        format_count(gone.batches)
    );
    Ok(Done { next: Some("/admin/settings/user-data".to_owned()), ..Done::new(text) })
}
