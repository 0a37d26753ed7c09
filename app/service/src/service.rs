//! What all use cases share: the stores, the clock, and the snapshots in memory.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicI64},
};

use arc_swap::ArcSwap;
use phasegate_domain::{
    Timestamp,
    ids::{EnvironmentId, ProjectId},
    targeting::Segment,
};
use phasegate_store::{
    StateStore, StoreError, TelemetryStore,
    models::{ClientKey, Digest, Edit, Environment, EnvironmentAuditEntry, ServerToken, Versioned},
};
use tokio::sync::{Mutex, MutexGuard, Semaphore, watch};

use crate::{
    ServiceError,
    accounts::LoginLimiter,
    cached_environment::CachedEnvironment,
    evaluation_counts::EvaluationCounters,
    secrets::Seed,
    telemetry::{
        IngestQueue, Quotas, RejectionCounts, ScreenshotLimiter, Simulations, is_full_since,
    },
    tokens::TokenUses,
    variables::Variables,
};

/// Password checks that run at once.
const PASSWORD_CHECKS: usize = 2;

/// Where the time comes from.
pub type Clock = fn() -> Timestamp;

/// Everything that is answered from memory; immutable, swapped in whole.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(crate) environments: HashMap<EnvironmentId, Arc<CachedEnvironment>>,
    pub(crate) client_keys: HashMap<String, Arc<ClientKey>>,
    pub(crate) tokens: HashMap<Digest, Arc<ServerToken>>,
    /// All environments, oldest first.
    pub(crate) order: Vec<EnvironmentId>,
    /// The newest line of history that is part of it.
    revision: i64,
}

/// The use cases' common ground. Cheap to share behind an `Arc`.
pub struct Service {
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) telemetry: Arc<dyn TelemetryStore>,
    pub(crate) clock: Clock,
    pub(crate) directory: ArcSwap<Directory>,
    /// Held while reading anew: otherwise a slow reader could put an older state over a newer.
    reloading: Mutex<()>,
    /// Held while a change is checked and written: two that are sound by themselves may not be
    /// together, such as two flags that are made to need each other.
    editing: Mutex<()>,
    pub(crate) ingest: IngestQueue,
    pub(crate) quotas: Quotas,
    pub(crate) refusals: RejectionCounts,
    pub(crate) simulations: Simulations,
    pub(crate) screenshots: ScreenshotLimiter,
    pub(crate) login_limiter: LoginLimiter,
    /// One permit for each password check that may run.
    pub(crate) password_checks: Semaphore,
    pub(crate) usage: EvaluationCounters,
    pub(crate) token_uses: TokenUses,
    pub(crate) variables: Variables,
    /// What makes the digests of people and sessions.
    pub(crate) digest_key: Seed,
    /// When schedules were looked at last, in milliseconds since 1970.
    pub(crate) schedules_kept: AtomicI64,
    changes: watch::Sender<u64>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

impl Service {
    /// Reads what is answered from memory. The seed becomes the key of digests, if the telemetry is
    /// new.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn open(
        state: Arc<dyn StateStore>,
        telemetry: Arc<dyn TelemetryStore>,
        clock: Clock,
        variables: Variables,
        seed: Seed,
    ) -> Result<Self, ServiceError> {
        let digest_key = telemetry.digest_key(seed).await?;
        let service = Self {
            state,
            telemetry,
            clock,
            directory: ArcSwap::default(),
            reloading: Mutex::new(()),
            editing: Mutex::new(()),
            ingest: IngestQueue::default(),
            quotas: Quotas::default(),
            refusals: RejectionCounts::default(),
            simulations: Simulations::default(),
            screenshots: ScreenshotLimiter::default(),
            login_limiter: LoginLimiter::default(),
            password_checks: Semaphore::new(PASSWORD_CHECKS),
            usage: EvaluationCounters::default(),
            token_uses: TokenUses::default(),
            variables,
            digest_key,
            schedules_kept: AtomicI64::new(0),
            changes: watch::Sender::new(0),
        };
        service.reload().await?;
        Ok(service)
    }

    /// Reads everything anew and swaps it in. Every use case that changes state ends with it.
    /// Environments that answer otherwise than before tell their clients.
    pub(crate) async fn reload(&self) -> Result<(), ServiceError> {
        let _turn = self.reloading.lock().await;
        let old = self.directory.load_full();
        let mut directory =
            Directory { revision: self.state.revision().await?, ..Directory::default() };
        let mut segments: HashMap<ProjectId, Arc<Vec<Versioned<Arc<Segment>>>>> = HashMap::new();
        for environment in self.state.environments().await? {
            let id = environment.id;
            let before = old.environments.get(&id);
            let of_project = match segments.get(&environment.project_id) {
                Some(read) => Arc::clone(read),
                None => {
                    let known = before.map_or(&[][..], |live| live.segments.as_slice());
                    let read = Arc::new(self.state.segments(id, known).await?);
                    segments.insert(environment.project_id, Arc::clone(&read));
                    read
                }
            };
            let live = CachedEnvironment::read(self, environment, of_project, before).await?;
            directory.order.push(id);
            directory.environments.insert(id, Arc::new(live));
        }
        for key in self.state.client_keys().await? {
            directory.client_keys.insert(key.key.clone(), Arc::new(key));
        }
        for token in self.state.server_tokens().await? {
            directory.tokens.insert(token.digest, Arc::new(token));
        }
        let directory = Arc::new(directory);
        self.directory.store(Arc::clone(&directory));
        for live in directory.environments.values() {
            live.tell_clients(old.environments.get(&live.environment.id), self.now());
        }
        self.announce();
        Ok(())
    }

    /// Reads anew if another process has changed something.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn catch_up(&self) -> Result<(), ServiceError> {
        self.read_newer_state().await?;
        Ok(self.telemetry.catch_up().await?)
    }

    async fn read_newer_state(&self) -> Result<(), ServiceError> {
        if self.state.revision().await? > self.directory.load().revision {
            self.reload().await?;
        }
        Ok(())
    }

    /// What cannot be stored now, and why; nothing while all is well.
    pub async fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(error) = self.state.check().await {
            problems.push(format!("changes cannot be saved: {error}"));
        }
        let telemetry = match is_full_since(self) {
            Some(_) => Err(StoreError::Full),
            None => self.telemetry.check().await,
        };
        if let Err(error) = telemetry {
            problems.push(format!("telemetry cannot be stored: {error}"));
        }
        problems
    }

    /// Marks the databases as those that this process serves.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn mark(&self, mark: i32) -> Result<(), ServiceError> {
        self.state.mark(mark).await?;
        Ok(self.telemetry.mark(mark).await?)
    }

    /// Ends well: each database is one whole file afterwards, which can be copied by itself.
    ///
    /// # Errors
    /// When storage fails; nothing is lost then, but a journal stays beside the file.
    pub async fn close(&self) -> Result<(), ServiceError> {
        let state = self.state.close().await;
        self.telemetry.close().await?;
        Ok(state?)
    }

    /// Takes the turn to change something; held until the change is in memory. Reads what another process has
    /// written since the last look, so that a change is compared with what is stored and not with an older copy.
    ///
    /// # Errors
    /// When storage fails.
    pub(crate) async fn begin_edit(&self) -> Result<MutexGuard<'_, ()>, ServiceError> {
        let turn = self.editing.lock().await;
        self.read_newer_state().await?;
        Ok(turn)
    }

    /// Writes changes, all or none, and swaps them in. `what` names what a conflict is about.
    pub(crate) async fn edit(
        &self,
        environment: EnvironmentId,
        edits: &[Edit],
        entries: &[EnvironmentAuditEntry],
        what: &'static str,
    ) -> Result<(), ServiceError> {
        let written = self.state.edit(environment, edits, entries).await;
        match written {
            Ok(()) => self.reload().await,
            Err(StoreError::Conflict) => {
                // Somebody was first, perhaps another process: whoever looks again must see it.
                self.reload().await?;
                Err(ServiceError::Conflict(what))
            }
            Err(error) => Err(error.into()),
        }
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

    /// The cached environment of an id, or of the id of its simulated telemetry.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is none of that id.
    pub fn environment(&self, id: EnvironmentId) -> Result<Arc<CachedEnvironment>, ServiceError> {
        let directory = self.directory.load();
        directory
            .environments
            .get(&id.real())
            .cloned()
            .ok_or_else(|| ServiceError::not_found("environment", id.0.to_string()))
    }

    /// The environment of a project by its keys.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when there is none.
    pub fn find_environment(
        &self,
        project: &str,
        key: &str,
    ) -> Result<Arc<CachedEnvironment>, ServiceError> {
        let mut all = self.environments().into_iter();
        all.find(|live| {
            let Environment { project: of, key: named, .. } = &live.environment;
            of.as_str() == project && named.as_str() == key
        })
        .ok_or_else(|| ServiceError::not_found("environment", format!("{project}/{key}")))
    }

    /// All environments, oldest first.
    #[must_use]
    pub fn environments(&self) -> Vec<Arc<CachedEnvironment>> {
        let directory = self.directory.load();
        directory.order.iter().filter_map(|id| directory.environments.get(id).cloned()).collect()
    }

    /// The environments of one project.
    pub(crate) fn siblings(&self, project: ProjectId) -> Vec<Arc<CachedEnvironment>> {
        let mut all = self.environments();
        all.retain(|live| live.environment.project_id == project);
        all
    }

    /// The environment that the admin shows first: the oldest one.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] before the first start.
    pub fn first_environment(&self) -> Result<EnvironmentId, ServiceError> {
        let missing = || ServiceError::not_found("environment", "production");
        self.directory.load().order.first().copied().ok_or_else(missing)
    }

    /// The variables for flags that hold nothing, each with the reason.
    #[must_use]
    pub fn useless_variables(&self) -> Vec<(String, String)> {
        let all = self.environments();
        let flags: Vec<_> =
            all.iter().flat_map(|live| live.flags.iter().map(|s| &*s.flag)).collect();
        self.variables.problems(&flags)
    }

    /// A client key of the oldest environment, for the demo: the oldest one that any page may use.
    #[must_use]
    pub fn first_client_key(&self) -> Option<String> {
        let first = self.directory.load().order.first().copied()?;
        self.client_key_of(first)
    }

    /// A client key of an environment: the oldest one that any page may use.
    #[must_use]
    pub fn client_key_of(&self, environment: EnvironmentId) -> Option<String> {
        let directory = self.directory.load();
        let keys = directory.client_keys.values();
        let usable =
            keys.filter(|key| key.environment == environment && key.allowed_origins.is_empty());
        usable.min_by_key(|key| key.created_at).map(|key| key.key.clone())
    }
}
