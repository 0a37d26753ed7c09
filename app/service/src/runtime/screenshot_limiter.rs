//! Limits the screenshots of an environment per minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use phasegate_domain::{feedback::MAX_SCREENSHOTS_PER_MINUTE, ids::EnvironmentId};

/// Limits the screenshots per environment and minute. Client keys are public, so without a limit
/// one page could displace all screenshots of an environment.
#[derive(Debug, Default)]
pub(crate) struct ScreenshotLimiter(Mutex<HashMap<EnvironmentId, (i64, u32)>>);

impl ScreenshotLimiter {
    pub(crate) fn admit_screenshot(&self, environment: EnvironmentId, minute: i64) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, taken) = all.entry(environment).or_insert((minute, 0));
        if *of != minute {
            (*of, *taken) = (minute, 0);
        }
        *taken += 1;
        *taken <= MAX_SCREENSHOTS_PER_MINUTE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screenshots_are_limited_per_environment_and_minute() {
        let limiter = ScreenshotLimiter::default();
        let (here, there) = (EnvironmentId(1), EnvironmentId(2));
        for _ in 0..MAX_SCREENSHOTS_PER_MINUTE {
            assert!(limiter.admit_screenshot(here, 7));
        }
        assert!(!limiter.admit_screenshot(here, 7));
        assert!(
            limiter.admit_screenshot(there, 7),
            "environments do not stand in each other's way"
        );
        assert!(limiter.admit_screenshot(here, 8));
    }
}
