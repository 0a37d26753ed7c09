//! What all use cases share: the stores, the clock, and the snapshots in memory.

use std::sync::Arc;

use phasegate_domain::{
    Timestamp,
    ids::{EnvironmentId, ProjectId},
};
use phasegate_store::{
    StateStore, StoreError, TelemetryStore,
    models::{Edit, Environment, EnvironmentAuditEntry},
};
use tokio::sync::{MutexGuard, watch};

use super::{CachedEnvironment, ConfigCache, Ingest, Limits, Stores, TokenUses};
use crate::{ServiceError, secrets::Seed, variables::Variables};

/// Where the time comes from.
pub type Clock = fn() -> Timestamp;

/// The use cases' common ground. Cheap to share behind an `Arc`.
pub struct Service {
    pub(crate) stores: Stores,
    pub(crate) config: ConfigCache,
    pub(crate) ingest: Ingest,
    pub(crate) limits: Limits,
    pub(crate) token_uses: TokenUses,
    /// What makes the digests of users and sessions.
    pub(crate) digest_key: Seed,
    clock: Clock,
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
            stores: Stores { state, telemetry },
            config: ConfigCache::new(variables),
            ingest: Ingest::default(),
            limits: Limits::default(),
            token_uses: TokenUses::default(),
            digest_key,
            clock,
            changes: watch::Sender::new(0),
        };
        service.reload().await?;
        Ok(service)
    }

    /// Reads everything anew and swaps it in.
    pub(crate) async fn reload(&self) -> Result<(), ServiceError> {
        self.config.reload(&self.stores, self.now()).await?;
        self.announce();
        Ok(())
    }

    /// Reads anew if another process has changed something.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn catch_up(&self) -> Result<(), ServiceError> {
        self.read_newer_state().await?;
        Ok(self.stores.telemetry.catch_up().await?)
    }

    async fn read_newer_state(&self) -> Result<(), ServiceError> {
        if self.stores.state.revision().await? > self.config.revision() {
            self.reload().await?;
        }
        Ok(())
    }

    /// What cannot be stored now, and why; nothing while all is well.
    pub async fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(error) = self.stores.state.check().await {
            problems.push(format!("changes cannot be saved: {error}"));
        }
        let telemetry = match self.ingest.queue.full_since() {
            Some(_) => Err(StoreError::Full),
            None => self.stores.telemetry.check().await,
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
        self.stores.state.mark(mark).await?;
        Ok(self.stores.telemetry.mark(mark).await?)
    }

    /// Ends well: each database is one whole file afterwards, which can be copied by itself.
    ///
    /// # Errors
    /// When storage fails; nothing is lost then, but a journal stays beside the file.
    pub async fn close(&self) -> Result<(), ServiceError> {
        let state = self.stores.state.close().await;
        self.stores.telemetry.close().await?;
        Ok(state?)
    }

    /// Takes the turn to change something; held until the change is in memory. Reads what another process has
    /// written since the last look, so that a change is compared with what is stored and not with an older copy.
    ///
    /// # Errors
    /// When storage fails.
    pub(crate) async fn begin_edit(&self) -> Result<MutexGuard<'_, ()>, ServiceError> {
        let turn = self.config.begin_edit().await;
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
        let written = self.stores.state.edit(environment, edits, entries).await;
        match written {
            Ok(()) => {
                let project = self.environment(environment)?.environment.project_id;
                self.config
                    .reload_project(&self.stores, project, entries.len(), self.now())
                    .await?;
                self.announce();
                Ok(())
            }
            Err(StoreError::Conflict) => {
                // Another change was first, perhaps of another process: the next look must show it.
                self.reload().await?;
                Err(ServiceError::Conflict(what))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Wakes every client that shows something that may have changed.
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
        self.config
            .environment(id.real())
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
        self.config.environments()
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
        self.config.first_environment().ok_or_else(missing)
    }

    /// The variables for flags that hold nothing, each with the reason.
    #[must_use]
    pub fn useless_variables(&self) -> Vec<(String, String)> {
        let all = self.environments();
        let flags: Vec<_> =
            all.iter().flat_map(|live| live.flags.iter().map(|s| &*s.flag)).collect();
        self.config.variables().problems(&flags)
    }

    /// A client key of the oldest environment, for the demo: the oldest one that any page may use.
    #[must_use]
    pub fn first_client_key(&self) -> Option<String> {
        self.client_key_of(self.config.first_environment()?)
    }

    /// A client key of an environment: the oldest one that any page may use.
    #[must_use]
    pub fn client_key_of(&self, environment: EnvironmentId) -> Option<String> {
        let keys = self.config.client_keys(environment).into_iter();
        let usable = keys.filter(|key| key.allowed_origins.is_empty());
        usable.min_by_key(|key| key.created_at).map(|key| key.key.clone())
    }
}
