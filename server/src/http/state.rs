//! What all handlers share.

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

/// Clients that may listen for changes of flags at once, where there are connections for so many.
const MAX_FLAG_STREAMS: usize = 20_000;

/// Live pages of the admin that may be open at once.
const MAX_LIVE_PAGES: usize = 128;

/// Screenshots that are stored at once.
const MAX_UPLOADS: usize = 16;

/// Simulations that are begun or read at once. The key is public, and this is more work than taking in a
/// batch.
const MAX_SIMULATIONS: usize = 1;

/// What handlers are given. One pointer, because each request clones it several times, and counters that
/// all threads change are the dearest part of a small answer.
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
    /// One permit for each live page that may be open.
    pub(crate) streams: Arc<Semaphore>,
    /// Places of clients that listen for changes of flags.
    pub(crate) flag_streams: StreamPlaces,
    /// The bodies that are waited for.
    pub(crate) bodies: SlowBodies,
    /// How many connections there may be.
    pub(crate) limits: Limits,
    /// Those that wait to hear that there is no room for their batch.
    pub(crate) back_off: BackOff,
    /// The threads that read batches.
    pub(crate) readers: Readers,
    /// One permit for each screenshot that may be stored at once.
    pub(crate) uploads: Semaphore,
    /// One permit for each simulation that may be begun or read.
    pub(crate) simulations: Semaphore,
    /// What was found out last about what the server can do.
    pub(crate) readiness: LastReadiness,
    /// What lets those clients in.
    pub(crate) tickets: Tickets,
    /// Under which address this process reaches itself, once it listens.
    pub(crate) address: OnceLock<SocketAddr>,
}

/// The part of the configuration that handlers need.
#[derive(Debug)]
pub struct Settings {
    pub(crate) has_demo: bool,
    pub(crate) has_secure_cookies: bool,
    pub(crate) public_url: Option<String>,
    pub(crate) trusted_proxies: TrustedProxies,
}

impl AppState {
    /// Puts the parts together. The seed is for tickets, which do not outlive the process.
    #[must_use]
    pub fn new(
        service: Arc<Service>,
        settings: Settings,
        stopping: CancellationToken,
        seed: Seed,
    ) -> Self {
        let limits = Limits::of_process();
        // Event streams stay open: some room is always left for questions and answers.
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
