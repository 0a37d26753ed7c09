//! The state that all handlers share.

use std::{
    net::SocketAddr,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use phasegate_service::{Service, secrets::Seed};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{
    BackOff, LastReadiness, Limits, Readers, SlowBodies, StreamPlaces, Tickets, TrustedProxies,
};

/// The maximum number of open flag streams; fewer if the connection limit is low.
const MAX_FLAG_STREAMS: usize = 20_000;

/// The maximum number of open live pages of the admin.
const MAX_LIVE_PAGES: usize = 512;

/// The maximum number of screenshots stored at once.
const MAX_UPLOADS: usize = 16;

/// The maximum number of simulation requests at once: the key is public, and they cost more than a
/// batch.
const MAX_SIMULATIONS: usize = 1;

/// The state of handlers. A single `Arc`, because each request clones it several times, and
/// contended reference counts dominate the cost of a small response.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Parts>);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of [`AppState`].
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug)]
pub struct Parts {
    pub(crate) service: Arc<Service>,
    /// Cancelled when the server stops.
    pub(crate) stopping: CancellationToken,
    pub(crate) settings: Settings,
    /// One permit per live page.
    pub(crate) streams: Arc<Semaphore>,
    /// The slots of open flag streams.
    pub(crate) flag_streams: StreamPlaces,
    /// The bodies that are being awaited.
    pub(crate) bodies: SlowBodies,
    /// The limits of open connections.
    pub(crate) limits: Limits,
    /// Delays refusals of batches while the queue is full.
    pub(crate) back_off: BackOff,
    /// The threads that decode batches.
    pub(crate) readers: Readers,
    /// One permit per screenshot being stored.
    pub(crate) uploads: Semaphore,
    /// One permit per simulation request.
    pub(crate) simulations: Semaphore,
    /// The cached result of the readiness check.
    pub(crate) readiness: LastReadiness,
    /// Issues and checks tickets for flag streams.
    pub(crate) tickets: Tickets,
    /// The address under which this process reaches itself; set once it listens.
    pub(crate) address: OnceLock<SocketAddr>,
}

/// The settings that handlers need.
#[derive(Debug)]
pub struct Settings {
    pub(crate) has_demo: bool,
    pub(crate) has_secure_cookies: bool,
    pub(crate) public_url: Option<String>,
    pub(crate) trusted_proxies: TrustedProxies,
}

impl AppState {
    /// Creates the state. The seed signs tickets, which are not valid after a restart.
    #[must_use]
    pub fn new(
        service: Arc<Service>,
        settings: Settings,
        stopping: CancellationToken,
        seed: Seed,
    ) -> Self {
        let limits = Limits::of_process();
        // Event streams stay open, so a quarter of the connections is left for requests.
        let streams = MAX_FLAG_STREAMS.min(limits.all / 4 * 3);
        Self(Arc::new(Parts {
            service,
            stopping,
            settings,
            streams: Arc::new(Semaphore::new(MAX_LIVE_PAGES)),
            flag_streams: StreamPlaces::new(streams),
            bodies: SlowBodies::default(),
            limits,
            back_off: BackOff::default(),
            readers: Readers::new(),
            uploads: Semaphore::new(MAX_UPLOADS),
            simulations: Semaphore::new(MAX_SIMULATIONS),
            readiness: LastReadiness::default(),
            tickets: Tickets::new(seed),
            address: OnceLock::new(),
        }))
    }
}
