//! Limits how often a login may be tried.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use phasegate_domain::Timestamp;

/// The maximum number of attempts from one peer or device with one account, per [`WINDOW`].
const MAX_ATTEMPTS: u32 = 8;

/// The maximum number of attempts with one account from all unknown browsers together, which bounds
/// guessing from many addresses. A browser that has logged in before is counted apart, so its user
/// still gets in.
const MAX_UNKNOWN_ATTEMPTS: u32 = 200;

/// The time after which a run of attempts no longer counts.
const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// The maximum number of runs in memory; the oldest is dropped first.
const MAX_WATCHED: usize = 10_000;

/// The source of a login attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An IP address that several users may share, as behind a proxy.
    Peer(IpAddr),
    /// A browser that has logged in to the account before.
    Device(String),
    /// All browsers that have not logged in to it.
    Unknown,
}

impl Source {
    fn max_attempts(&self) -> u32 {
        match self {
            Self::Unknown => MAX_UNKNOWN_ATTEMPTS,
            Self::Peer(_) | Self::Device(_) => MAX_ATTEMPTS,
        }
    }
}

/// The source and the account. The source is part of it because strangers could lock users out
/// otherwise.
type Key = (Source, String);

/// Counts login attempts in memory until one succeeds.
#[derive(Debug, Default)]
pub(crate) struct LoginLimiter {
    attempts: Mutex<HashMap<Key, (u32, Timestamp)>>,
}

impl LoginLimiter {
    fn lock_attempts(&self) -> MutexGuard<'_, HashMap<Key, (u32, Timestamp)>> {
        // The map is consistent at every moment, even if a holder of the lock panicked.
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt before it is made, so that concurrent ones are counted too. If there were
    /// too many, the error is the time to wait.
    pub(crate) fn count_attempt(
        &self,
        source: &Source,
        email: &str,
        now: Timestamp,
    ) -> Result<(), TimeDelta> {
        let mut map = self.lock_attempts();
        let account = email.to_lowercase();
        // An attempt that is refused here does not count for all unknown browsers.
        increment_attempts(&mut map, (source.clone(), account.clone()), now)?;
        match source {
            Source::Peer(_) => increment_attempts(&mut map, (Source::Unknown, account), now),
            Source::Device(_) | Source::Unknown => Ok(()),
        }
    }

    /// Deletes the run of a source after a successful login.
    pub(crate) fn reset_attempts(&self, source: &Source, email: &str) {
        self.lock_attempts().remove(&(source.clone(), email.to_lowercase()));
    }
}

fn increment_attempts(
    map: &mut HashMap<Key, (u32, Timestamp)>,
    key: Key,
    now: Timestamp,
) -> Result<(), TimeDelta> {
    if map.len() >= MAX_WATCHED && !map.contains_key(&key) {
        let oldest = map.iter().min_by_key(|(_, (_, since))| *since).map(|(k, _)| k.clone());
        oldest.map(|oldest| map.remove(&oldest));
    }
    let limit = key.0.max_attempts();
    let entry = map.entry(key).or_insert((0, now));
    let left = entry.1 + WINDOW - now;
    if left <= TimeDelta::zero() {
        *entry = (0, now);
    } else if entry.0 >= limit {
        return Err(left);
    }
    entry.0 += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const HERE: &Source = &Source::Peer(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));
    const THERE: &Source = &Source::Peer(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)));

    fn at_second(second: i64) -> Timestamp {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn too_many_attempts_have_to_wait_for_the_window_to_end() {
        let limiter = LoginLimiter::default();
        for _ in 0..MAX_ATTEMPTS {
            assert_eq!(limiter.count_attempt(HERE, "Ada@x", at_second(0)), Ok(()));
        }
        assert_eq!(limiter.count_attempt(HERE, "ada@X", at_second(60)), Err(TimeDelta::minutes(4)));
        assert_eq!(limiter.count_attempt(HERE, "bob@x", at_second(60)), Ok(()));
        assert_eq!(
            limiter.count_attempt(THERE, "ada@x", at_second(60)),
            Ok(()),
            "no address locks out another"
        );
        let device = Source::Device("d1".into());
        assert_eq!(
            limiter.count_attempt(&device, "ada@x", at_second(60)),
            Ok(()),
            "a known device has its own"
        );
        assert_eq!(limiter.count_attempt(HERE, "ada@x", at_second(300)), Ok(()));
    }

    #[test]
    fn guessing_from_many_addresses_is_limited_and_does_not_lock_out_known_browsers() {
        let limiter = LoginLimiter::default();
        let from = |n: u32| Source::Peer(IpAddr::from(std::net::Ipv4Addr::from(n)));
        let tried = (0..1_000)
            .filter(|n| limiter.count_attempt(&from(*n), "ada@x", at_second(0)).is_ok())
            .count();
        assert_eq!(tried, MAX_UNKNOWN_ATTEMPTS as usize);
        assert_eq!(
            limiter.count_attempt(&from(9_999), "bob@x", at_second(0)),
            Ok(()),
            "only that account"
        );
        let device = Source::Device("d1".into());
        assert_eq!(limiter.count_attempt(&device, "ada@x", at_second(0)), Ok(()));
    }

    #[test]
    fn a_successful_login_resets_the_count() {
        let limiter = LoginLimiter::default();
        for _ in 0..MAX_ATTEMPTS {
            assert_eq!(limiter.count_attempt(HERE, "ada@x", at_second(0)), Ok(()));
        }
        limiter.reset_attempts(HERE, "ADA@x");
        assert_eq!(limiter.count_attempt(HERE, "ada@x", at_second(1)), Ok(()));
    }

    #[test]
    fn the_number_of_runs_in_memory_is_bounded() {
        let limiter = LoginLimiter::default();
        for n in 0..MAX_WATCHED + 10 {
            assert_eq!(limiter.count_attempt(HERE, &n.to_string(), at_second(0)), Ok(()));
        }
        assert_eq!(limiter.lock_attempts().len(), MAX_WATCHED);
    }
}
