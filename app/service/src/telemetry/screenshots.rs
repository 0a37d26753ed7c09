//! Screenshots that come with feedback.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use phasegate_domain::{
    accounts::Role,
    feedback::{ImageKind, MAX_SCREENSHOTS_BYTES, MAX_SCREENSHOTS_PER_MINUTE, Screenshot},
    ids::EnvironmentId,
    time::minute_of,
};

use crate::{Service, ServiceError, access::Actor, secrets};

/// Limits the screenshots per environment and minute. Client keys are public, so without a limit one page could
/// displace all screenshots of an environment.
#[derive(Debug, Default)]
pub(crate) struct ScreenshotLimiter(Mutex<HashMap<EnvironmentId, (i64, u32)>>);

impl ScreenshotLimiter {
    fn admit(&self, environment: EnvironmentId, minute: i64) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, taken) = all.entry(environment).or_insert((minute, 0));
        if *of != minute {
            (*of, *taken) = (minute, 0);
        }
        *taken += 1;
        *taken <= MAX_SCREENSHOTS_PER_MINUTE
    }
}

/// Stores a screenshot and returns the id that feedback refers to.
///
/// # Errors
/// [`ServiceError::Invalid`] if it is no known image format, [`ServiceError::Busy`] above the limit, or
/// the error of the store.
pub async fn save_screenshot(
    service: &Service,
    environment: EnvironmentId,
    bytes: Vec<u8>,
) -> Result<String, ServiceError> {
    let kind = ImageKind::detect(&bytes).ok_or_else(|| {
        ServiceError::Invalid("the body must be a PNG, JPEG or WebP picture".to_owned())
    })?;
    let at = service.now();
    if !service.screenshots.admit(environment, minute_of(at)) {
        return Err(ServiceError::Busy);
    }
    let digest = secrets::digest(&bytes).0;
    let id: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let picture = Screenshot { id: id.clone(), environment, at, kind, bytes };
    service.telemetry.save_screenshot(&picture, MAX_SCREENSHOTS_BYTES).await?;
    Ok(id)
}

/// Reads a screenshot for the feedback pages.
///
/// # Errors
/// When the actor may not look, or the screenshot does not exist.
pub async fn screenshot(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    id: &str,
) -> Result<Screenshot, ServiceError> {
    actor.require(Role::Viewer)?;
    let found = service.telemetry.screenshot(environment, id).await?;
    found.ok_or_else(|| ServiceError::not_found("picture", id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_admits_so_many_and_the_next_one_again() {
        let limiter = ScreenshotLimiter::default();
        let (here, there) = (EnvironmentId(1), EnvironmentId(2));
        for _ in 0..MAX_SCREENSHOTS_PER_MINUTE {
            assert!(limiter.admit(here, 7));
        }
        assert!(!limiter.admit(here, 7));
        assert!(limiter.admit(there, 7), "environments do not stand in each other's way");
        assert!(limiter.admit(here, 8));
    }
}
