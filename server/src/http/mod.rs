//! The routes, and what all of them share.

mod body;
mod problem;
mod router;
mod security;

use std::sync::Arc;

pub(crate) use body::read_body;
use phasegate_service::Service;
pub(crate) use problem::Problem;
pub use router::router;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{config::Config, live::MAX_STREAMS};

/// What handlers are given.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The use cases.
    pub(crate) service: Arc<Service>,
    /// Cancelled when the server stops.
    pub(crate) stopping: CancellationToken,
    pub(crate) settings: Arc<Settings>,
    /// One permit for each event stream that may be open.
    pub(crate) streams: Arc<Semaphore>,
}

/// The part of the configuration that handlers need.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) has_demo: bool,
    pub(crate) has_secure_cookies: bool,
    pub(crate) public_url: Option<String>,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(service: Arc<Service>, config: &Config, stopping: CancellationToken) -> Self {
        let settings = Settings {
            has_demo: config.demo,
            has_secure_cookies: config.has_secure_cookies(),
            public_url: config.public_url.clone(),
        };
        Self {
            service,
            stopping,
            settings: Arc::new(settings),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
        }
    }
}
