//! Server functions of environments.

use leptos::prelude::*;
use phasegate_domain::ids::EnvironmentKey;
#[cfg(feature = "ssr")]
use phasegate_service::{environments as service, models::Environment};

#[cfg(feature = "ssr")]
use super::caller::{Caller, choose_environment, read_caller};
use super::{ApiError, JsonResult};
use crate::models::Done;

/// Goes on to the settings of an environment.
#[cfg(feature = "ssr")]
fn show_settings(done: Done, key: &EnvironmentKey) -> Done {
    Done { next: Some(format!("/admin/settings?environment={key}")), ..done }
}

/// Creates an environment beside another one of the same project, and selects it.
#[server(prefix = "/admin/fn", endpoint = "environments/create", output = JsonResult)]
pub async fn create_environment(
    environment: EnvironmentKey,
    key: EnvironmentKey,
    #[server(default)] name: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    service::create_environment(&service, &actor, environment, key.clone(), name.trim()).await?;
    choose_environment(&key);
    let text = format!("Created {key}, which is shown now. Every flag is off in it.");
    Ok(show_settings(Done::new(text), &key))
}

/// Renames an environment that still has the key and name that the caller saw.
#[server(prefix = "/admin/fn", endpoint = "environments/rename", output = JsonResult)]
pub async fn rename_environment(
    environment: EnvironmentKey,
    key: EnvironmentKey,
    #[server(default)] name: String,
    seen_name: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment: here } = read_caller(&environment)?;
    let stored = service.environment(here)?.environment().clone();
    let seen = Environment { key: environment, name: seen_name, ..stored };
    let (key_now, name) = (key.clone(), name.trim());
    service::rename_environment(&service, &actor, here, Some(&seen), key_now, name).await?;
    choose_environment(&key);
    Ok(show_settings(Done::new(format!("Renamed to {key}.")), &key))
}

/// Deletes an environment whose key was typed to confirm it, and selects another one.
#[server(prefix = "/admin/fn", endpoint = "environments/delete", output = JsonResult)]
pub async fn delete_environment(
    environment: EnvironmentKey,
    confirm: String,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment: here } = read_caller(&environment)?;
    let project = service.environment(here)?.environment().project_id;
    service::delete_environment(&service, &actor, here, confirm.trim()).await?;
    let done = Done::new(format!("Deleted {environment} with its telemetry."));
    let left = service.project_environments(project);
    let Some(other) = left.first() else { return Ok(done) };
    let key = &other.environment().key;
    choose_environment(key);
    Ok(show_settings(done, key))
}
