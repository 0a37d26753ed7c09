//! Limits on what strangers may send: telemetry, screenshots, logins and password checks.

use tokio::sync::Semaphore;

use super::{login_limiter::LoginLimiter, quotas::Quotas, screenshot_limiter::ScreenshotLimiter};

/// The maximum number of password checks that run at once.
const PASSWORD_CHECKS: usize = 2;

/// The limits, which are kept in memory of bounded size.
pub(crate) struct Limits {
    pub(crate) quotas: Quotas,
    pub(crate) screenshots: ScreenshotLimiter,
    pub(crate) logins: LoginLimiter,
    /// One permit for each password check that may run.
    pub(crate) password_checks: Semaphore,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            quotas: Quotas::default(),
            screenshots: ScreenshotLimiter::default(),
            logins: LoginLimiter::default(),
            password_checks: Semaphore::new(PASSWORD_CHECKS),
        }
    }
}
