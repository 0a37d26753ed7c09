//! How often a login may be tried.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use phasegate_domain::Timestamp;

/// Attempts after which a peer has to wait with an address.
const MAX_ATTEMPTS: u32 = 8;

/// Attempts with one account from all unknown browsers together: guessing from many addresses is bounded
/// too. Who has logged in before is counted apart, and still gets in.
const MAX_UNKNOWN_ATTEMPTS: u32 = 200;

/// How long a run of attempts counts.
const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// Runs that are watched at once; when full, the oldest goes.
const MAX_WATCHED: usize = 10_000;

/// Where an attempt comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An address that others may use too, as behind a proxy.
    Peer(IpAddr),
    /// A browser that has logged in to the account before.
    Device(String),
    /// All browsers that have not.
    Unknown,
}

impl Source {
    fn limit(&self) -> u32 {
        match self {
            Self::Unknown => MAX_UNKNOWN_ATTEMPTS,
            Self::Peer(_) | Self::Device(_) => MAX_ATTEMPTS,
        }
    }
}

/// Where the attempt comes from, and the account. By source too, or strangers could lock users out.
type Key = (Source, String);

/// Counts logins that did not succeed, in memory.
#[derive(Debug, Default)]
pub(crate) struct LoginLimiter {
    attempts: Mutex<HashMap<Key, (u32, Timestamp)>>,
}

impl LoginLimiter {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (u32, Timestamp)>> {
        // The map is whole at every moment, also if a holder panicked.
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an attempt before it is made, so that many at once are counted too. The time to
    /// wait when there were too many.
    pub(crate) fn attempt(
        &self,
        source: &Source,
        email: &str,
        now: Timestamp,
    ) -> Result<(), TimeDelta> {
        let mut map = self.lock();
        let account = email.to_lowercase();
        // What is refused here does not count for all.
        count(&mut map, (source.clone(), account.clone()), now)?;
        match source {
            Source::Peer(_) => count(&mut map, (Source::Unknown, account), now),
            Source::Device(_) | Source::Unknown => Ok(()),
        }
    }

    /// Forgets a run that ended well.
    pub(crate) fn succeeded(&self, source: &Source, email: &str) {
        self.lock().remove(&(source.clone(), email.to_lowercase()));
    }
}

fn count(
    map: &mut HashMap<Key, (u32, Timestamp)>,
    key: Key,
    now: Timestamp,
) -> Result<(), TimeDelta> {
    if map.len() >= MAX_WATCHED && !map.contains_key(&key) {
        let oldest = map.iter().min_by_key(|(_, (_, since))| *since).map(|(k, _)| k.clone());
        oldest.map(|oldest| map.remove(&oldest));
    }
    let limit = key.0.limit();
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

    fn at(second: i64) -> Timestamp {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_run_of_attempts_has_to_wait_for_a_while() {
        let limiter = LoginLimiter::default();
        for _ in 0..MAX_ATTEMPTS {
            assert_eq!(limiter.attempt(HERE, "Ada@x", at(0)), Ok(()));
        }
        assert_eq!(limiter.attempt(HERE, "ada@X", at(60)), Err(TimeDelta::minutes(4)));
        assert_eq!(limiter.attempt(HERE, "bob@x", at(60)), Ok(()));
        assert_eq!(limiter.attempt(THERE, "ada@x", at(60)), Ok(()), "no address locks out another");
        let device = Source::Device("d1".into());
        assert_eq!(limiter.attempt(&device, "ada@x", at(60)), Ok(()), "a known device has its own");
        assert_eq!(limiter.attempt(HERE, "ada@x", at(300)), Ok(()));
    }

    #[test]
    fn guessing_from_many_addresses_is_bounded_and_a_known_browser_still_gets_in() {
        let limiter = LoginLimiter::default();
        let from = |n: u32| Source::Peer(IpAddr::from(std::net::Ipv4Addr::from(n)));
        let tried =
            (0..1_000).filter(|n| limiter.attempt(&from(*n), "ada@x", at(0)).is_ok()).count();
        assert_eq!(tried, MAX_UNKNOWN_ATTEMPTS as usize);
        assert_eq!(limiter.attempt(&from(9_999), "bob@x", at(0)), Ok(()), "only that account");
        let device = Source::Device("d1".into());
        assert_eq!(limiter.attempt(&device, "ada@x", at(0)), Ok(()));
    }

    #[test]
    fn success_begins_anew() {
        let limiter = LoginLimiter::default();
        for _ in 0..MAX_ATTEMPTS {
            assert_eq!(limiter.attempt(HERE, "ada@x", at(0)), Ok(()));
        }
        limiter.succeeded(HERE, "ADA@x");
        assert_eq!(limiter.attempt(HERE, "ada@x", at(1)), Ok(()));
    }

    #[test]
    fn what_is_watched_is_bounded() {
        let limiter = LoginLimiter::default();
        for n in 0..MAX_WATCHED + 10 {
            assert_eq!(limiter.attempt(HERE, &n.to_string(), at(0)), Ok(()));
        }
        assert_eq!(limiter.lock().len(), MAX_WATCHED);
    }
}
