//! What all use cases share: the stores, the clock, and the snapshots in memory.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use phasegate_domain::{Timestamp, ids::EnvironmentId, snapshot::Snapshot};
use phasegate_store::{
    StateStore, TelemetryStore,
    models::{Digest, Environment, ServerToken},
};
use tokio::sync::{Mutex, Semaphore, watch};

use crate::{ServiceError, accounts::LoginLimiter, telemetry::IngestQueue};

/// Password checks that run at once.
const PASSWORD_CHECKS: usize = 2;

/// Where the time comes from.
pub type Clock = fn() -> Timestamp;

/// An environment as it is answered for: its keys and its snapshot.
#[derive(Debug)]
pub struct LiveEnvironment {
    /// Its row.
    pub environment: Environment,
    /// Flags, segments and rollout.
    pub snapshot: Snapshot,
}

/// Everything that is answered from memory; immutable, swapped in whole.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) environments: HashMap<EnvironmentId, Arc<LiveEnvironment>>,
    pub(crate) client_keys: HashMap<String, EnvironmentId>,
    pub(crate) tokens: HashMap<Digest, ServerToken>,
    /// The environment that the admin shows.
    pub(crate) first: Option<EnvironmentId>,
}

/// The use cases' common ground. Cheap to share behind an `Arc`.
pub struct Service {
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) telemetry: Arc<dyn TelemetryStore>,
    pub(crate) clock: Clock,
    pub(crate) directory: ArcSwap<Directory>,
    /// Held while reading anew: otherwise a slow reader could put an older state over a newer.
    reloading: Mutex<()>,
    pub(crate) ingest: IngestQueue,
    pub(crate) login_limiter: LoginLimiter,
    /// One permit for each password check that may run.
    pub(crate) password_checks: Semaphore,
    changes: watch::Sender<u64>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

impl Service {
    /// Reads what is answered from memory.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn open(
        state: Arc<dyn StateStore>,
        telemetry: Arc<dyn TelemetryStore>,
        clock: Clock,
    ) -> Result<Self, ServiceError> {
        let service = Self {
            state,
            telemetry,
            clock,
            directory: ArcSwap::default(),
            reloading: Mutex::new(()),
            ingest: IngestQueue::default(),
            login_limiter: LoginLimiter::default(),
            password_checks: Semaphore::new(PASSWORD_CHECKS),
            changes: watch::Sender::new(0),
        };
        service.reload().await?;
        Ok(service)
    }

    /// Reads everything anew and swaps it in. Every use case that changes state ends with it.
    pub(crate) async fn reload(&self) -> Result<(), ServiceError> {
        let _turn = self.reloading.lock().await;
        let mut directory = Directory::default();
        for environment in self.state.environments().await? {
            let id = environment.id;
            let snapshot = Snapshot::new(
                self.state.flags(id).await?,
                self.state.segments(id).await?,
                self.state.rollout(id).await?,
            );
            directory.client_keys.insert(environment.client_key.clone(), id);
            directory.first.get_or_insert(id);
            let live = LiveEnvironment { environment, snapshot };
            directory.environments.insert(id, Arc::new(live));
        }
        directory.tokens = self.state.server_tokens().await?.into_iter().collect();
        self.directory.store(Arc::new(directory));
        self.announce();
        Ok(())
    }

    /// Wakes everybody who shows something that may have changed.
    pub(crate) fn announce(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Changes whenever state or telemetry did.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The time, from the clock that the service was given.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// An environment as it is answered for now.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is none of that id.
    pub fn environment(&self, id: EnvironmentId) -> Result<Arc<LiveEnvironment>, ServiceError> {
        let directory = self.directory.load();
        directory
            .environments
            .get(&id)
            .cloned()
            .ok_or_else(|| ServiceError::NotFound { what: "environment", key: id.0.to_string() })
    }

    /// The environment that the admin shows: the oldest one.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] before the first start.
    pub fn first_environment(&self) -> Result<EnvironmentId, ServiceError> {
        let missing = || ServiceError::NotFound { what: "environment", key: "production".into() };
        self.directory.load().first.ok_or_else(missing)
    }
}
