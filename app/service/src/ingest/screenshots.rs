//! Screenshots that come with feedback.

use phasegate_domain::{
    accounts::Role,
    feedback::{ImageKind, MAX_SCREENSHOTS_BYTES, Screenshot},
    ids::EnvironmentId,
    time::minute_of,
};

use crate::{ObjectKind, Service, ServiceError, access::Actor, secrets};

/// Stores a screenshot and returns the id that feedback refers to.
///
/// # Errors
/// Returns [`ServiceError::UnsupportedFormat`] for unknown image formats, [`ServiceError::Busy`]
/// above the limit, or the error of the store.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn save_screenshot(
    service: &Service,
    environment: EnvironmentId,
    bytes: Vec<u8>,
) -> Result<String, ServiceError> {
    let kind = ImageKind::detect_kind(&bytes)
        .ok_or(ServiceError::UnsupportedFormat("the body must be a PNG, JPEG or WebP image"))?;
    let at = service.now();
    if !service.limits.screenshots.admit_screenshot(environment, minute_of(at)) {
        return Err(ServiceError::Busy);
    }
    let digest = secrets::hash_secret(&bytes).0;
    let id = secrets::hex_prefix(&digest, 16);
    let screenshot = Screenshot { id: id.clone(), environment, at, kind, bytes };
    service.stores.telemetry.save_screenshot(&screenshot, MAX_SCREENSHOTS_BYTES).await?;
    Ok(id)
}

/// Reads a screenshot for the feedback pages.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, the screenshot does not exist, or storage
/// fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_screenshot(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: &str,
) -> Result<Screenshot, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let found = service.stores.telemetry.read_screenshot(environment, id).await?;
    found.ok_or_else(|| ServiceError::not_found(ObjectKind::Screenshot, id))
}
