//! The state of one connection, shared by its requests and the registry.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use phasegate_domain::ids::EnvironmentId;
use tokio::sync::Notify;

/// How a connection was admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Full,
    /// Only for health checks, beyond the limit.
    Reserve,
}

/// Bounds the connections that use the keys of one environment.
pub(super) trait KeyAdmission: std::fmt::Debug + Send + Sync {
    /// Whether the environment may have another connection. At the limit, an idle one of the same
    /// environment is closed.
    fn admits_connection(&self, connection: &Connection, environment: EnvironmentId) -> bool;
}

/// An open connection with its activity.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) id: u64,
    begun: Instant,
    /// The other end of the socket.
    pub(crate) peer: SocketAddr,
    /// The subscriber address for which it is counted.
    pub(super) from: IpAddr,
    pub(super) admission: Admission,
    /// Whether it has received a request.
    was_asked: AtomicBool,
    /// The number of connections without a request yet, shared by all.
    unasked: Arc<AtomicUsize>,
    /// Whether a request is being handled.
    pub(super) is_busy: AtomicBool,
    /// Whether it carries an event stream, which is never closed to make room.
    is_stream: AtomicBool,
    /// The last activity or successful write, in milliseconds since the registry was created.
    pub(super) idle_since: AtomicU64,
    /// The number of consecutive refusals.
    refusals: AtomicU32,
    close: Notify,
    /// The environment of the first key sent on it.
    environment: OnceLock<EnvironmentId>,
    keys: Weak<dyn KeyAdmission>,
}

impl Connection {
    /// Creates the state of a new connection. `begun` is when the registry was created.
    pub(super) fn new(
        id: u64,
        peer: SocketAddr,
        from: IpAddr,
        admission: Admission,
        begun: Instant,
        unasked: Arc<AtomicUsize>,
        keys: Weak<dyn KeyAdmission>,
    ) -> Self {
        let connection = Self {
            id,
            peer,
            admission,
            was_asked: AtomicBool::new(false),
            unasked,
            is_busy: AtomicBool::new(false),
            is_stream: AtomicBool::new(false),
            idle_since: AtomicU64::new(0),
            refusals: AtomicU32::new(0),
            close: Notify::new(),
            begun,
            from,
            environment: OnceLock::new(),
            keys,
        };
        connection.unasked.fetch_add(1, Ordering::Relaxed);
        connection.note_progress();
        connection
    }

    /// Counts the connection for the environment of a key; returns false if that has too many. Only
    /// the first environment of a connection counts, because a second one is rare.
    pub(crate) fn admits_key(&self, environment: EnvironmentId) -> bool {
        if self.environment().is_some() {
            return true;
        }
        let admits =
            self.keys.upgrade().is_none_or(|keys| keys.admits_connection(self, environment));
        if admits {
            self.environment.get_or_init(|| environment);
        }
        admits
    }

    pub(super) fn environment(&self) -> Option<EnvironmentId> {
        self.environment.get().copied()
    }

    /// Marks the connection as an event stream until the guard is dropped, so that it is not closed
    /// as idle.
    pub(crate) fn keep_open(self: &Arc<Self>) -> KeptOpen {
        self.is_stream.store(true, Ordering::Relaxed);
        KeptOpen(Arc::clone(self))
    }

    /// Records whether a request is being handled.
    pub(super) fn set_busy(&self, is_busy: bool) {
        self.note_progress();
        if !self.was_asked.swap(true, Ordering::Relaxed) {
            self.unasked.fetch_sub(1, Ordering::Relaxed);
        }
        self.is_busy.store(is_busy, Ordering::Relaxed);
    }

    /// Treats the connection as idle until the guard is dropped, because its client has not sent
    /// the whole body.
    pub(crate) fn wait_for_body(&self) -> WaitsForBody<'_> {
        self.set_busy(false);
        WaitsForBody(self)
    }

    /// Whether it has received a request.
    pub(super) fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed)
    }

    /// Records activity at the current time.
    pub(super) fn note_progress(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.idle_since.store(now, Ordering::Relaxed);
    }

    /// Returns the delay of the next refusal and counts it: doubled each time, from `first` to
    /// `longest`.
    pub(crate) fn next_back_off(&self, first: Duration, longest: Duration) -> Duration {
        let before = self.refusals.fetch_add(1, Ordering::Relaxed).min(16);
        first.saturating_mul(1 << before).min(longest)
    }

    /// Returns a value in `0.0..1.0` that spreads connections evenly: the golden-ratio sequence of
    /// ids, in which neighbours lie far apart.
    pub(crate) fn spread_factor(&self) -> f64 {
        const GOLDEN: f64 = 0.618_033_988_749_895;
        (f64::from(self.id as u32) * GOLDEN).fract()
    }

    /// Resets the count of refusals.
    pub(crate) fn end_back_off(&self) {
        self.refusals.store(0, Ordering::Relaxed);
    }

    /// Signals the connection to close.
    pub(super) fn request_close(&self) {
        self.close.notify_one();
    }

    /// Waits until [`Connection::request_close`] is called.
    pub(super) async fn wait_for_close(&self) {
        self.close.notified().await;
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy.load(Ordering::Relaxed) && !self.is_stream.load(Ordering::Relaxed)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if !self.was_asked() {
            self.unasked.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A connection whose request body is being awaited.
#[derive(Debug)]
pub(crate) struct WaitsForBody<'a>(&'a Connection);

impl Drop for WaitsForBody<'_> {
    fn drop(&mut self) {
        self.0.set_busy(true);
    }
}

/// Keeps the connection of an event stream open.
#[derive(Debug)]
pub(crate) struct KeptOpen(Arc<Connection>);

impl Drop for KeptOpen {
    fn drop(&mut self) {
        self.0.is_stream.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::registry::tests::test_connections, *};

    #[test]
    fn the_delay_doubles_with_each_refusal() {
        let connection = &test_connections(1)[0];
        let (first, longest) = (Duration::from_millis(250), Duration::from_secs(4));
        let waits: Vec<u128> =
            (0..7).map(|_| connection.next_back_off(first, longest).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
        connection.end_back_off();
        assert_eq!(connection.next_back_off(first, longest), first);
    }
}
