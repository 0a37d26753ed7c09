//! The open connections, and the choice of the one to close for a new one.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use phasegate_domain::ids::EnvironmentId;
use phasegate_service::subscriber::subscriber_address;

use super::{
    super::TrustedProxies,
    connection::{Admission, Connection, KeyAdmission},
};

/// Connections admitted beyond the limit, for health checks.
const RESERVE: usize = 8;

/// File handles reserved for databases, in addition to those open at the start.
const SPARE_HANDLES: u64 = 16;

/// The minimum connection limit, however few file handles there are.
const MIN_CONNECTIONS: usize = 8;

/// The maximum connection limit, however many file handles there are.
const MAX_CONNECTIONS: usize = 100_000;

/// The limits of open connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) all: usize,
    /// The limit per address. Trusted proxies are exempt.
    pub(crate) per_address: usize,
    /// The limit per environment, because its client keys are public. Trusted proxies are exempt.
    pub(crate) per_environment: usize,
}

impl Limits {
    /// Derives the limits from the file handles that this process may still open.
    pub(crate) fn of_process() -> Self {
        let (soft, _) = rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap_or((1_024, 1_024));
        let open = std::fs::read_dir("/proc/self/fd").map_or(64, |found| found.count() as u64);
        Self::from_handles(soft.saturating_sub(open + SPARE_HANDLES + RESERVE as u64))
    }

    fn from_handles(handles: u64) -> Self {
        let all = usize::try_from(handles).unwrap_or(MAX_CONNECTIONS);
        let all = all.clamp(MIN_CONNECTIONS, MAX_CONNECTIONS);
        // A company may share one address, but no address or environment may take all.
        let most = all.div_ceil(4) * 3;
        Self { all, per_address: most, per_environment: most }
    }
}

/// The open connections, oldest first.
#[derive(Debug)]
pub(super) struct Registry {
    limits: Limits,
    begun: Instant,
    /// Trusted proxies serve many clients and are exempt from the limits per address.
    proxies: TrustedProxies,
    open: Mutex<Open>,
    /// The number of connections without a request yet.
    unasked: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Open {
    next_id: u64,
    connections: BTreeMap<u64, Arc<Connection>>,
    reserve: usize,
}

impl Registry {
    pub(super) fn new(limits: Limits, proxies: TrustedProxies) -> Self {
        Self {
            limits,
            begun: Instant::now(),
            proxies,
            open: Mutex::default(),
            unasked: Arc::default(),
        }
    }

    fn lock_open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of connections without a request yet.
    pub(super) fn unasked(&self) -> usize {
        self.unasked.load(Ordering::Relaxed)
    }

    /// Admits a connection, if necessary by closing an idle one. Returns `None` if even the reserve
    /// is full.
    pub(super) fn admit_connection(
        self: &Arc<Self>,
        peer: SocketAddr,
    ) -> Option<(Arc<Connection>, Admission)> {
        let mut open = self.lock_open();
        let from = subscriber_address(peer.ip());
        let is_here = |other: &&Arc<Connection>| other.from == from;
        let is_full = open.connections.len() >= self.limits.all + open.reserve;
        let is_crowded = !self.proxies.trusts(peer.ip())
            && open.connections.len() >= self.limits.per_address
            && open.connections.values().filter(is_here).count() >= self.limits.per_address;
        let longest_idle = |only_here: bool| {
            let idle = open.connections.values().filter(|other| other.is_idle());
            let idle = idle.filter(|other| other.admission == Admission::Full);
            let idle = idle.filter(|other| !only_here || is_here(other));
            idle.min_by_key(|other| other.idle_since.load(Ordering::Relaxed)).cloned()
        };
        let admission = match is_full || is_crowded {
            false => Admission::Full,
            true => match longest_idle(is_crowded) {
                Some(idle) => {
                    open.connections.remove(&idle.id);
                    idle.request_close();
                    Admission::Full
                }
                None if open.reserve < RESERVE => {
                    open.reserve += 1;
                    Admission::Reserve
                }
                None => return None,
            },
        };
        let keys: Weak<dyn KeyAdmission> = Arc::<Self>::downgrade(self);
        let connection = Arc::new(Connection::new(
            open.next_id,
            peer,
            from,
            admission,
            self.begun,
            Arc::clone(&self.unasked),
            keys,
        ));
        open.next_id += 1;
        open.connections.insert(connection.id, Arc::clone(&connection));
        Some((connection, admission))
    }

    pub(super) fn release_connection(&self, connection: &Connection, admission: Admission) {
        let mut open = self.lock_open();
        open.connections.remove(&connection.id);
        if admission == Admission::Reserve {
            open.reserve = open.reserve.saturating_sub(1);
        }
    }

    /// Closes the connection that has been idle for longest, if any.
    pub(super) fn make_room(&self) {
        let open = self.lock_open();
        let idle = open.connections.values().filter(|other| other.is_idle());
        if let Some(idle) = idle.min_by_key(|other| other.idle_since.load(Ordering::Relaxed)) {
            idle.request_close();
        }
    }
}

impl KeyAdmission for Registry {
    fn admits_connection(&self, connection: &Connection, environment: EnvironmentId) -> bool {
        let mut open = self.lock_open();
        // Counting visits all connections, so it is skipped while the limit cannot be reached.
        if open.connections.len() < self.limits.per_environment
            || self.proxies.trusts(connection.peer.ip())
        {
            return true;
        }
        let of_it =
            open.connections.values().filter(|other| other.environment() == Some(environment));
        if of_it.clone().count() < self.limits.per_environment {
            return true;
        }
        let idle = of_it.filter(|other| other.is_idle() && other.id != connection.id);
        let idle = idle.min_by_key(|other| other.idle_since.load(Ordering::Relaxed)).cloned();
        idle.is_some_and(|idle| {
            open.connections.remove(&idle.id);
            idle.request_close();
            true
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{net::IpAddr, time::Duration};

    use super::*;

    /// Returns `count` open connections, for other tests.
    pub(crate) fn test_connections(count: usize) -> Vec<Arc<Connection>> {
        let registry = test_registry(count, count);
        (0..count).map(|_| registry.admit_connection(test_peer(1)).unwrap().0).collect()
    }

    fn test_registry(all: usize, per_address: usize) -> Arc<Registry> {
        let limits = Limits { all, per_address, per_environment: all };
        Arc::new(Registry::new(limits, TrustedProxies::parse("10.0.0.9").unwrap()))
    }

    fn test_peer(last: u8) -> SocketAddr {
        SocketAddr::new(IpAddr::from([10, 0, 0, last]), 1_000)
    }

    #[test]
    fn the_connection_that_was_idle_for_longest_makes_room() {
        let registry = test_registry(2, 2);
        let (first, _) = registry.admit_connection(test_peer(1)).unwrap();
        let (second, _) = registry.admit_connection(test_peer(2)).unwrap();
        first.idle_since.store(5, Ordering::Relaxed);
        second.idle_since.store(3, Ordering::Relaxed);
        let (_, admission) = registry.admit_connection(test_peer(3)).unwrap();
        assert_eq!(admission, Admission::Full);
        let open: Vec<u8> = registry.lock_open().connections.keys().map(|id| *id as u8).collect();
        assert_eq!(open, [0, 2], "the second one went");
    }

    #[test]
    fn health_checks_are_admitted_when_all_connections_are_busy() {
        let registry = test_registry(1, 1);
        let (busy, _) = registry.admit_connection(test_peer(1)).unwrap();
        busy.is_busy.store(true, Ordering::Relaxed);
        for n in 0..RESERVE {
            assert_eq!(
                registry.admit_connection(test_peer(2)).unwrap().1,
                Admission::Reserve,
                "{n}"
            );
            for other in registry.lock_open().connections.values() {
                other.is_busy.store(true, Ordering::Relaxed);
            }
        }
        assert!(registry.admit_connection(test_peer(3)).is_none());
    }

    #[test]
    fn one_address_cannot_take_all_of_the_room() {
        let registry = test_registry(10, 2);
        for n in 0..2 {
            let (connection, _) = registry.admit_connection(test_peer(1)).unwrap();
            connection.is_busy.store(n == 0, Ordering::Relaxed);
        }
        assert_eq!(
            registry.admit_connection(test_peer(1)).unwrap().1,
            Admission::Full,
            "in the place of its own"
        );
        assert_eq!(registry.lock_open().connections.len(), 2);
        assert_eq!(registry.admit_connection(test_peer(2)).unwrap().1, Admission::Full);
        for _ in 0..5 {
            let (connection, admission) = registry.admit_connection(test_peer(9)).unwrap();
            connection.is_busy.store(true, Ordering::Relaxed);
            assert_eq!(admission, Admission::Full, "a trusted proxy speaks for many");
        }
    }

    #[test]
    fn event_streams_are_not_closed_to_make_room() {
        let registry = test_registry(1, 1);
        let (stream, _) = registry.admit_connection(test_peer(1)).unwrap();
        let open = stream.keep_open();
        let (other, admission) = registry.admit_connection(test_peer(2)).unwrap();
        assert_eq!(admission, Admission::Reserve);
        registry.release_connection(&other, admission);
        drop(open);
        assert_eq!(
            registry.admit_connection(test_peer(2)).unwrap().1,
            Admission::Full,
            "it is one no more"
        );
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let registry = test_registry(10, 2);
        let peer =
            |last| SocketAddr::new(IpAddr::from([0x2001, 0xdb8, 0, 7, 0, 0, 0, last]), 1_000);
        for last in 0..2 {
            registry.admit_connection(peer(last)).unwrap().0.set_busy(true);
        }
        assert_eq!(registry.admit_connection(peer(2)).unwrap().1, Admission::Reserve);
    }

    #[test]
    fn a_slow_reader_does_not_count_as_idle() {
        let registry = test_registry(2, 2);
        let (reader, _) = registry.admit_connection(test_peer(1)).unwrap();
        let (idle, _) = registry.admit_connection(test_peer(2)).unwrap();
        let wait = || std::thread::sleep(Duration::from_millis(2));
        wait();
        idle.set_busy(false);
        wait();
        reader.note_progress();
        registry.admit_connection(test_peer(3)).unwrap();
        let open: Vec<u64> = registry.lock_open().connections.keys().copied().collect();
        assert_eq!(open, [reader.id, 2]);
    }

    #[test]
    fn connections_with_one_key_leave_room_for_other_keys() {
        let limits = Limits { all: 10, per_address: 10, per_environment: 2 };
        let proxies = TrustedProxies::parse("10.0.0.9").unwrap();
        let registry = Arc::new(Registry::new(limits, proxies));
        let with_key = |last, environment| {
            let (connection, _) = registry.admit_connection(test_peer(last)).unwrap();
            connection.set_busy(true);
            (connection.admits_key(EnvironmentId(environment)), connection)
        };
        let (_, first) = with_key(1, 1);
        let (_, _second) = with_key(2, 1);
        assert!(first.admits_key(EnvironmentId(1)), "it is counted once");
        let (is_admitted, refused) = with_key(3, 1);
        assert!(!is_admitted, "all of them are busy");
        assert!(with_key(4, 2).0, "another key");
        assert!(with_key(9, 1).0, "a trusted proxy speaks for many");
        first.set_busy(false);
        assert!(refused.admits_key(EnvironmentId(1)), "in the place of an idle one");
        assert!(!with_key(5, 1).0);
    }

    #[test]
    fn limits_follow_the_file_handles() {
        assert_eq!(Limits::from_handles(0).all, MIN_CONNECTIONS);
        assert_eq!(
            Limits::from_handles(1_000),
            Limits { all: 1_000, per_address: 750, per_environment: 750 }
        );
        assert_eq!(Limits::from_handles(u64::MAX).all, MAX_CONNECTIONS);
    }
}
