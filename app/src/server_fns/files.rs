//! Server functions of the environment as a file.

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;
#[cfg(feature = "ssr")]
use phasegate_service::environments as service;

#[cfg(feature = "ssr")]
use super::caller::{Caller, read_caller};
use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use crate::models::build_file_difference;
use crate::models::{Difference, Done};

/// Describes what importing a file would change. Nothing is changed.
#[server(prefix = "/admin/fn", endpoint = "files/preview", output = JsonResult)]
pub async fn preview_file(
    environment: EnvironmentKey,
    file: String,
) -> Result<Difference, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let parsed = service::parse_file(&file)?;
    let preview = service::preview_import(&service, &actor, environment, &parsed)?;
    Ok(build_file_difference(file, preview))
}

/// Makes an environment match a file, if it is still as its difference was shown for.
#[server(prefix = "/admin/fn", endpoint = "files/import", output = JsonResult)]
pub async fn import_file(
    environment: EnvironmentKey,
    file: String,
    seen: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let parsed = service::parse_file(&file)?;
    service::import_environment(&service, &actor, environment, &parsed, Some(&seen)).await?;
    let text = "Imported. Connected clients have been notified.";
    Ok(Done { next: Some("/admin/settings/files".to_owned()), ..Done::new(text) })
}
