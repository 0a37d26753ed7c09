//! The routes, and what all of them share.

mod body;
mod coding;
mod connections;
mod peer;
mod problem;
mod router;
mod security;

use std::{
    net::SocketAddr,
    ops::Deref,
    sync::{Arc, OnceLock},
};

pub(crate) use body::{Sender, SlowBodies};
#[cfg(test)]
pub(crate) use connections::tests::connections as connections_for_tests;
pub(crate) use connections::{Connection, KeptOpen, Limits, no_room, serve_connections};
pub(crate) use peer::{ClientAddress, TrustedProxies};
use phasegate_service::{Service, secrets::Seed};
pub(crate) use problem::Problem;
pub use router::router;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    collect::{self, BackOff, Readers},
    config::Config,
    health::LastReadiness,
    live,
    ofrep::{self, StreamPlaces, Tickets},
};

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
pub(crate) struct Settings {
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
        config: &Config,
        stopping: CancellationToken,
        seed: Seed,
    ) -> Self {
        let settings = Settings {
            has_demo: config.demo,
            has_secure_cookies: config.has_secure_cookies(),
            public_url: config.public_url.clone(),
            trusted_proxies: config.trusted_proxies(),
        };
        let limits = Limits::of_process();
        // Event streams stay open: some room is always left for questions and answers.
        let streams = ofrep::MAX_STREAMS.min(limits.all / 4 * 3);
        Self(Arc::new(Parts {
            service,
            stopping,
            settings,
            streams: Arc::new(Semaphore::new(live::MAX_STREAMS)),
            flag_streams: StreamPlaces::new(streams),
            bodies: SlowBodies::default(),
            limits,
            back_off: BackOff::default(),
            readers: Readers::new(),
            uploads: Semaphore::new(collect::MAX_UPLOADS),
            simulations: Semaphore::new(collect::simulation::MAX_AT_ONCE),
            readiness: LastReadiness::default(),
            tickets: Tickets::new(seed),
            address: OnceLock::new(),
        }))
    }
}
