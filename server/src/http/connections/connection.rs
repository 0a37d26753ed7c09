//! One connection: what its requests and the registry know of it.

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

/// How a connection was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Full,
    /// Only for the server's health.
    Reserve,
}

/// Bounds the connections on which the keys of one environment come.
pub(super) trait KeyAdmission: std::fmt::Debug + Send + Sync {
    /// Whether there is room for a connection on which a key of this environment has come. Where there is
    /// none, an idle one of the same environment makes room.
    fn admits(&self, connection: &Connection, environment: EnvironmentId) -> bool;
}

/// One connection, as requests on it see it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) id: u64,
    begun: Instant,
    /// The other end of the socket.
    pub(crate) peer: SocketAddr,
    /// Whom it counts for.
    pub(super) from: IpAddr,
    pub(super) admission: Admission,
    /// A request has come on it.
    was_asked: AtomicBool,
    /// How many connections have not been asked yet, this one among them.
    unasked: Arc<AtomicUsize>,
    /// A request is being handled.
    pub(super) is_busy: AtomicBool,
    /// An event stream is open on it, which is never closed to make room.
    is_stream: AtomicBool,
    /// When it was last busy or something of an answer was taken from it, in milliseconds since the
    /// listener began.
    pub(super) idle_since: AtomicU64,
    /// How often in a row it was told to come later.
    refusals: AtomicU32,
    close: Notify,
    /// Of the first key that came on it.
    environment: OnceLock<EnvironmentId>,
    keys: Weak<dyn KeyAdmission>,
}

impl Connection {
    /// One that opens now. `begun` is when the listener did.
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

    /// Counts it for the environment of a key that came on it; false if that has too many connections.
    /// Keys of a second environment are not counted: as a rule there is one.
    pub(crate) fn admits_key(&self, environment: EnvironmentId) -> bool {
        if self.environment().is_some() {
            return true;
        }
        let admits = self.keys.upgrade().is_none_or(|keys| keys.admits(self, environment));
        if admits {
            self.environment.get_or_init(|| environment);
        }
        admits
    }

    pub(super) fn environment(&self) -> Option<EnvironmentId> {
        self.environment.get().copied()
    }

    /// Marks the connection as an event stream until the guard is dropped: it stays open although
    /// nothing is asked on it.
    pub(crate) fn keep_open(self: &Arc<Self>) -> KeptOpen {
        self.is_stream.store(true, Ordering::Relaxed);
        KeptOpen(Arc::clone(self))
    }

    /// Notes whether a request is being handled.
    pub(super) fn set_busy(&self, is_busy: bool) {
        self.note_progress();
        if !self.was_asked.swap(true, Ordering::Relaxed) {
            self.unasked.fetch_sub(1, Ordering::Relaxed);
        }
        self.is_busy.store(is_busy, Ordering::Relaxed);
    }

    /// Lets the connection make room for others until the guard is dropped, because its client has not sent
    /// what it began to.
    pub(crate) fn wait_for_body(&self) -> WaitsForBody<'_> {
        self.set_busy(false);
        WaitsForBody(self)
    }

    /// Whether a request has come on it.
    pub(super) fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed)
    }

    /// Notes that something was done or written just now.
    pub(super) fn note_progress(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.idle_since.store(now, Ordering::Relaxed);
    }

    /// How long it waits for a refusal: twice as long as for the one before, from `first` to `longest`.
    pub(crate) fn back_off(&self, first: Duration, longest: Duration) -> Duration {
        let before = self.refusals.fetch_add(1, Ordering::Relaxed).min(16);
        first.saturating_mul(1 << before).min(longest)
    }

    /// Where it stands among others, from 0 to 1: neighbours lie far apart, and any number of them evenly.
    pub(crate) fn spread(&self) -> f64 {
        const GOLDEN: f64 = 0.618_033_988_749_895;
        (f64::from(self.id as u32) * GOLDEN).fract()
    }

    /// Notes that it is not refused any more.
    pub(crate) fn end_back_off(&self) {
        self.refusals.store(0, Ordering::Relaxed);
    }

    /// Asks it to make room.
    pub(super) fn close(&self) {
        self.close.notify_one();
    }

    /// Comes back when the connection is to make room.
    pub(super) async fn is_to_close(&self) {
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

/// A connection whose request's body is waited for.
#[derive(Debug)]
pub(crate) struct WaitsForBody<'a>(&'a Connection);

impl Drop for WaitsForBody<'_> {
    fn drop(&mut self) {
        self.0.set_busy(true);
    }
}

/// Keeps an event stream's connection open.
#[derive(Debug)]
pub(crate) struct KeptOpen(Arc<Connection>);

impl Drop for KeptOpen {
    fn drop(&mut self) {
        self.0.is_stream.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::registry::tests::connections, *};

    #[test]
    fn a_client_that_comes_again_at_once_waits_longer_each_time() {
        let connection = &connections(1)[0];
        let (first, longest) = (Duration::from_millis(250), Duration::from_secs(4));
        let waits: Vec<u128> =
            (0..7).map(|_| connection.back_off(first, longest).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
        connection.end_back_off();
        assert_eq!(connection.back_off(first, longest), first);
    }
}
