//! Connections: accepting them, and seeing that none of them keeps the others out.
//!
//! A head must arrive within [`HEAD_TIMEOUT`]. When file handles get scarce, the connection that has
//! been idle for longest is closed to make room; where none is idle, a few more connections are taken
//! that may only ask for the server's health.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::{Problem, TrustedProxies};

/// How long a client may take to send a request's head, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The same for connections that were taken although there is no room.
const RESERVE_HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections that are taken beyond the limit, for questions about the server's health.
const RESERVE: usize = 8;

/// File handles that are left for databases, on top of those that are open at the start.
const SPARE_HANDLES: u64 = 16;

/// Fewest connections that are taken, however few file handles there are.
const MIN_CONNECTIONS: usize = 8;

/// Most connections, however many file handles there are.
const MAX_CONNECTIONS: usize = 100_000;

/// How long a connection that is closed to make room may take to end well.
const CLOSE_GRACE: Duration = Duration::from_millis(50);

/// How long to wait when no connection can be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// One connection, as requests on it see it.
#[derive(Debug)]
pub(crate) struct Connection {
    id: u64,
    /// The other end of the socket.
    pub(crate) peer: SocketAddr,
    admission: Admission,
    /// A request is being handled.
    is_busy: AtomicBool,
    /// An event stream is open on it, which is never closed to make room.
    is_stream: AtomicBool,
    /// When it was last busy, in milliseconds since the listener began.
    idle_since: AtomicU64,
    /// Told to close.
    close: Notify,
}

impl Connection {
    /// Marks the connection as an event stream: it stays open although nothing is asked on it.
    pub(crate) fn keep_open(&self) {
        self.is_stream.store(true, Ordering::Relaxed);
    }

    fn is_idle(&self) -> bool {
        !self.is_busy.load(Ordering::Relaxed) && !self.is_stream.load(Ordering::Relaxed)
    }
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) all: usize,
    /// From one address. Proxies that are trusted are exempt.
    pub(crate) per_address: usize,
}

impl Limits {
    /// By the file handles that this process may open, less those that it has open.
    pub(crate) fn of_process() -> Self {
        let (soft, _) = rlimit::getrlimit(rlimit::Resource::NOFILE).unwrap_or((1_024, 1_024));
        let open = std::fs::read_dir("/proc/self/fd").map_or(64, |found| found.count() as u64);
        Self::of(soft.saturating_sub(open + SPARE_HANDLES + RESERVE as u64))
    }

    fn of(handles: u64) -> Self {
        let all = usize::try_from(handles).unwrap_or(MAX_CONNECTIONS);
        let all = all.clamp(MIN_CONNECTIONS, MAX_CONNECTIONS);
        // One address may use most of the room, as a company behind one address does, but not all.
        Self { all, per_address: all.div_ceil(4) * 3 }
    }
}

/// The connections that are open, the oldest first.
#[derive(Debug)]
struct Registry {
    limits: Limits,
    begun: Instant,
    /// Speak for many clients, and so may take all of the room.
    proxies: TrustedProxies,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next_id: u64,
    connections: BTreeMap<u64, Arc<Connection>>,
    reserve: usize,
}

/// How a connection was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    Full,
    /// Only for the server's health.
    Reserve,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes a connection, if need be in the place of an idle one; `None` if there is no room at all.
    fn admit(&self, peer: SocketAddr) -> Option<(Arc<Connection>, Admission)> {
        let mut open = self.lock();
        let is_here = |other: &&Arc<Connection>| other.peer.ip() == peer.ip();
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
                    idle.close.notify_one();
                    Admission::Full
                }
                None if open.reserve < RESERVE => {
                    open.reserve += 1;
                    Admission::Reserve
                }
                None => return None,
            },
        };
        let connection = Arc::new(Connection {
            id: open.next_id,
            peer,
            admission,
            is_busy: AtomicBool::new(false),
            is_stream: AtomicBool::new(false),
            idle_since: AtomicU64::new(self.now()),
            close: Notify::new(),
        });
        open.next_id += 1;
        open.connections.insert(connection.id, Arc::clone(&connection));
        Some((connection, admission))
    }

    fn release(&self, connection: &Connection, admission: Admission) {
        let mut open = self.lock();
        open.connections.remove(&connection.id);
        if admission == Admission::Reserve {
            open.reserve = open.reserve.saturating_sub(1);
        }
    }

    /// Closes the connection that has been idle for longest.
    fn make_room(&self) {
        let open = self.lock();
        let idle = open.connections.values().filter(|other| other.is_idle());
        if let Some(idle) = idle.min_by_key(|other| other.idle_since.load(Ordering::Relaxed)) {
            idle.close.notify_one();
        }
    }
}

/// Accepts connections until `stopping`, then lets those that are open end.
pub(crate) async fn serve_connections(
    listeners: Vec<TcpListener>,
    router: Router,
    limits: Limits,
    proxies: TrustedProxies,
    stopping: CancellationToken,
) {
    let registry =
        Arc::new(Registry { limits, begun: Instant::now(), proxies, open: Mutex::default() });
    let tasks = TaskTracker::new();
    let accepting = listeners.into_iter().map(|listener| {
        accept(listener, router.clone(), Arc::clone(&registry), tasks.clone(), stopping.clone())
    });
    futures::future::join_all(accepting).await;
    tasks.close();
    tasks.wait().await;
}

async fn accept(
    listener: TcpListener,
    router: Router,
    registry: Arc<Registry>,
    tasks: TaskTracker,
    stopping: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some((connection, admission)) = registry.admit(peer) else { continue };
                let (registry, router) = (Arc::clone(&registry), router.clone());
                let stopping = stopping.clone();
                tasks.spawn(async move {
                    serve_one(stream, &connection, admission, router, &registry, stopping).await;
                    registry.release(&connection, admission);
                });
            }
            Err(error) => refused(&registry, &error).await,
        }
    }
}

/// Nothing could be accepted: as a rule because there is no file handle left.
async fn refused(registry: &Registry, error: &io::Error) {
    let is_of_one_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !is_of_one_connection {
        tracing::warn!(%error, "a connection could not be accepted; an idle one is closed");
        registry.make_room();
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn serve_one(
    stream: TcpStream,
    connection: &Arc<Connection>,
    admission: Admission,
    router: Router,
    registry: &Registry,
    stopping: CancellationToken,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let connection = Arc::clone(connection);
        let mut router = router.clone();
        async move {
            if admission == Admission::Reserve && !is_about_health(&request) {
                return Ok(no_room());
            }
            connection.is_busy.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Arc::clone(&connection));
            let response: Result<Response<Body>, Infallible> = router.call(request).await;
            connection.idle_since.store(registry.now(), Ordering::Relaxed);
            connection.is_busy.store(false, Ordering::Relaxed);
            response
        }
    });
    let timeout = match admission {
        Admission::Full => HEAD_TIMEOUT,
        Admission::Reserve => RESERVE_HEAD_TIMEOUT,
    };
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        () = connection.close.notified() => {
            serving.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(CLOSE_GRACE, serving.as_mut()).await;
            return;
        }
        () = stopping.cancelled() => {}
    }
    serving.as_mut().graceful_shutdown();
    // Errors are those of a peer that has gone.
    let _ = serving.await;
}

fn is_about_health<B>(request: &Request<B>) -> bool {
    matches!(request.uri().path(), "/healthz" | "/readyz")
}

fn no_room() -> Response<Body> {
    let detail = "too many connections are open; come again in a moment";
    let mut response = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn registry(all: usize, per_address: usize) -> Registry {
        let limits = Limits { all, per_address };
        let proxies = TrustedProxies::parse("10.0.0.9").unwrap();
        Registry { limits, begun: Instant::now(), proxies, open: Mutex::default() }
    }

    fn peer(last: u8) -> SocketAddr {
        SocketAddr::new(IpAddr::from([10, 0, 0, last]), 1_000)
    }

    #[test]
    fn the_connection_that_was_idle_for_longest_makes_room() {
        let registry = registry(2, 2);
        let (first, _) = registry.admit(peer(1)).unwrap();
        let (second, _) = registry.admit(peer(2)).unwrap();
        first.idle_since.store(5, Ordering::Relaxed);
        second.idle_since.store(3, Ordering::Relaxed);
        let (_, admission) = registry.admit(peer(3)).unwrap();
        assert_eq!(admission, Admission::Full);
        let open: Vec<u8> = registry.lock().connections.keys().map(|id| *id as u8).collect();
        assert_eq!(open, [0, 2], "the second one went");
    }

    #[test]
    fn where_all_are_busy_a_few_more_may_ask_for_the_health() {
        let registry = registry(1, 1);
        let (busy, _) = registry.admit(peer(1)).unwrap();
        busy.is_busy.store(true, Ordering::Relaxed);
        for n in 0..RESERVE {
            assert_eq!(registry.admit(peer(2)).unwrap().1, Admission::Reserve, "{n}");
            for other in registry.lock().connections.values() {
                other.is_busy.store(true, Ordering::Relaxed);
            }
        }
        assert!(registry.admit(peer(3)).is_none());
    }

    #[test]
    fn one_address_cannot_take_all_of_the_room() {
        let registry = registry(10, 2);
        for n in 0..2 {
            let (connection, _) = registry.admit(peer(1)).unwrap();
            connection.is_busy.store(n == 0, Ordering::Relaxed);
        }
        assert_eq!(registry.admit(peer(1)).unwrap().1, Admission::Full, "in the place of its own");
        assert_eq!(registry.lock().connections.len(), 2);
        assert_eq!(registry.admit(peer(2)).unwrap().1, Admission::Full);
        for _ in 0..5 {
            let (connection, admission) = registry.admit(peer(9)).unwrap();
            connection.is_busy.store(true, Ordering::Relaxed);
            assert_eq!(admission, Admission::Full, "a trusted proxy speaks for many");
        }
    }

    #[test]
    fn event_streams_are_not_closed_to_make_room() {
        let registry = registry(1, 1);
        let (stream, _) = registry.admit(peer(1)).unwrap();
        stream.keep_open();
        assert_eq!(registry.admit(peer(2)).unwrap().1, Admission::Reserve);
    }

    #[test]
    fn limits_follow_the_file_handles() {
        assert_eq!(Limits::of(0).all, MIN_CONNECTIONS);
        assert_eq!(Limits::of(1_000), Limits { all: 1_000, per_address: 750 });
        assert_eq!(Limits::of(u64::MAX).all, MAX_CONNECTIONS);
    }
}
