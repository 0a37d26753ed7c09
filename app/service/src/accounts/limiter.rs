//! How often a login may fail.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use phasegate_domain::Timestamp;

/// Failures after which an address has to wait.
const MAX_FAILURES: u32 = 8;

/// How long a run of failures counts.
const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// Addresses that are watched at once; when full, the oldest window goes.
const MAX_WATCHED: usize = 10_000;

/// Counts failed logins by address, in memory.
#[derive(Debug, Default)]
pub struct LoginLimiter {
    failures: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl LoginLimiter {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u32, Timestamp)>> {
        // The map is whole at every moment, also if a holder panicked.
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long an address must wait; `None` if it may try.
    pub(super) fn wait(&self, email: &str, now: Timestamp) -> Option<TimeDelta> {
        let (failures, since) = *self.lock().get(&email.to_lowercase())?;
        let left = since + WINDOW - now;
        (failures >= MAX_FAILURES && left > TimeDelta::zero()).then_some(left)
    }

    /// Notes a failure.
    pub(super) fn failed(&self, email: &str, now: Timestamp) {
        let mut map = self.lock();
        if map.len() >= MAX_WATCHED {
            let oldest = map.iter().min_by_key(|(_, (_, since))| *since).map(|(k, _)| k.clone());
            oldest.map(|oldest| map.remove(&oldest));
        }
        let entry = map.entry(email.to_lowercase()).or_insert((0, now));
        if now - entry.1 >= WINDOW {
            *entry = (0, now);
        }
        entry.0 += 1;
    }

    /// Forgets an address that has logged in.
    pub(super) fn succeeded(&self, email: &str) {
        self.lock().remove(&email.to_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_run_of_failures_makes_an_address_wait_for_a_while() {
        let at = |s| DateTime::from_timestamp(s, 0).unwrap();
        let limiter = LoginLimiter::default();
        for _ in 0..MAX_FAILURES {
            assert_eq!(limiter.wait("Ada@x", at(0)), None);
            limiter.failed("ada@X", at(0));
        }
        assert_eq!(limiter.wait("ada@x", at(60)), Some(TimeDelta::minutes(4)));
        assert_eq!(limiter.wait("bob@x", at(60)), None);
        assert_eq!(limiter.wait("ada@x", at(300)), None);
        limiter.failed("ada@x", at(300));
        assert_eq!(limiter.wait("ada@x", at(301)), None);
        limiter.succeeded("ada@x");
    }
}
