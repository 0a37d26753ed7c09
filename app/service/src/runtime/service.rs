//! The state that all use cases share: the stores, the clock, and the configuration in memory.

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

use super::{
    CachedEnvironment, ConfigCache, Ingest, Limits, Stores, TokenUses, config_cache::ChangedParts,
};
use crate::{ObjectKind, ServiceError, secrets::Seed, variables::Variables};

/// A source of the current time.
pub type Clock = fn() -> Timestamp;

/// The state that all use cases share; meant to be shared behind an `Arc`.
pub struct Service {
    pub(crate) stores: Stores,
    pub(crate) config: ConfigCache,
    pub(crate) ingest: Ingest,
    pub(crate) limits: Limits,
    pub(crate) token_uses: TokenUses,
    /// The key of the digests of users, sessions and networks.
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
    /// Loads the configuration into memory. The seed becomes the key of digests if the telemetry
    /// store has none yet.
    ///
    /// # Errors
    /// Returns an error if storage fails.
    pub async fn from_stores(
        state: Arc<dyn StateStore>,
        telemetry: Arc<dyn TelemetryStore>,
        clock: Clock,
        variables: Variables,
        seed: Seed,
    ) -> Result<Self, ServiceError> {
        let digest_key = telemetry.read_or_store_digest_key(seed).await?;
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
        service.reload_configuration().await?;
        Ok(service)
    }

    /// Reloads the whole configuration and wakes clients.
    pub(crate) async fn reload_configuration(&self) -> Result<(), ServiceError> {
        self.config.reload_all(&self.stores, self.now()).await?;
        self.announce_change();
        Ok(())
    }

    /// Reloads if another process has changed something.
    ///
    /// # Errors
    /// Returns an error if storage fails.
    pub async fn reload_if_changed(&self) -> Result<(), ServiceError> {
        self.read_newer_state().await?;
        Ok(self.stores.telemetry.invalidate_outdated_caches().await?)
    }

    /// Returns the revision of the state in memory: the number of its newest audit entry.
    #[must_use]
    pub fn state_revision(&self) -> i64 {
        self.config.revision()
    }

    async fn read_newer_state(&self) -> Result<(), ServiceError> {
        if self.stores.state.read_revision().await? > self.config.revision() {
            self.reload_configuration().await?;
        }
        Ok(())
    }

    /// Returns why state or telemetry cannot be stored now; empty if both can.
    pub async fn storage_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Err(error) = self.stores.state.check_writable().await {
            problems.push(format!("changes cannot be saved: {error}"));
        }
        let telemetry = match self.ingest.queue.full_since() {
            Some(_) => Err(StoreError::Full),
            None => self.stores.telemetry.check_writable().await,
        };
        if let Err(error) = telemetry {
            problems.push(format!("telemetry cannot be stored: {error}"));
        }
        problems
    }

    /// Marks the databases with a number that is unique to this start of the server.
    ///
    /// # Errors
    /// Returns an error if storage fails.
    pub async fn mark_databases(&self, mark: i32) -> Result<(), ServiceError> {
        self.stores.state.mark_database(mark).await?;
        Ok(self.stores.telemetry.mark_database(mark).await?)
    }

    /// Closes the stores. Each database is a single file afterwards, which can be copied by itself.
    ///
    /// # Errors
    /// Returns an error if storage fails; nothing is lost then, but a journal stays beside the
    /// file.
    pub async fn close_stores(&self) -> Result<(), ServiceError> {
        let state = self.stores.state.close_database().await;
        self.stores.telemetry.close_database().await?;
        Ok(state?)
    }

    /// Waits until no other change is being made; the guard is held until the change is in memory.
    /// Reloads if another process has written meanwhile, so that a change is compared with the
    /// stored state and not with an older copy.
    ///
    /// # Errors
    /// Returns an error if storage fails.
    pub(crate) async fn begin_edit(&self) -> Result<MutexGuard<'_, ()>, ServiceError> {
        let turn = self.config.begin_edit().await;
        self.read_newer_state().await?;
        Ok(turn)
    }

    /// Writes edits in one transaction and reloads the project. `what` names the subject of a
    /// conflict.
    pub(crate) async fn apply_edits(
        &self,
        environment: EnvironmentId,
        edits: &[Edit],
        entries: &[EnvironmentAuditEntry],
        what: ObjectKind,
    ) -> Result<(), ServiceError> {
        let written = self.stores.state.apply_edits(environment, edits, entries).await;
        match written {
            Ok(()) => {
                let live = self.environment(environment)?;
                let changed = ChangedParts::of_edits(&live.environment, edits);
                self.config
                    .reload_changed(&self.stores, changed, entries.len(), self.now())
                    .await?;
                self.announce_change();
                Ok(())
            }
            Err(StoreError::Conflict) => {
                // Another change came first, perhaps from another process, and must be visible from
                // now on.
                self.reload_configuration().await?;
                Err(ServiceError::Conflict(what))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Wakes the subscribers of [`Service::changes`].
    pub(crate) fn announce_change(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Returns a receiver that is notified whenever state or telemetry changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Returns the time of the service's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Returns the environment with this id, or whose simulated telemetry has this id.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] if there is none with this id.
    pub fn environment(&self, id: EnvironmentId) -> Result<Arc<CachedEnvironment>, ServiceError> {
        self.config
            .environment(id.real_id())
            .ok_or_else(|| ServiceError::not_found(ObjectKind::Environment, id.0.to_string()))
    }

    /// Returns the environment with these keys of project and environment.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] if there is none.
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
        .ok_or_else(|| ServiceError::not_found(ObjectKind::Environment, format!("{project}/{key}")))
    }

    /// Returns all environments, oldest first.
    #[must_use]
    pub fn environments(&self) -> Vec<Arc<CachedEnvironment>> {
        self.config.environments()
    }

    /// Returns the environments of a project, oldest first.
    #[must_use]
    pub fn project_environments(&self, project: ProjectId) -> Vec<Arc<CachedEnvironment>> {
        let mut all = self.environments();
        all.retain(|live| live.environment.project_id == project);
        all
    }

    /// Returns the oldest environment, which the admin shows first.
    ///
    /// # Errors
    /// Returns [`ServiceError::NotFound`] before the first start.
    pub fn first_environment(&self) -> Result<EnvironmentId, ServiceError> {
        let missing = || ServiceError::not_found(ObjectKind::Environment, "production");
        self.config.first_environment().ok_or_else(missing)
    }

    /// Returns the variables for flags that override nothing, each with the reason.
    #[must_use]
    pub fn unmatched_variables(&self) -> Vec<(String, String)> {
        let all = self.environments();
        let flags: Vec<_> =
            all.iter().flat_map(|live| live.flags.iter().map(|s| &*s.flag)).collect();
        self.config.variables().unmatched_variables(&flags)
    }

    /// Returns a client key of the oldest environment for the demo: the oldest one that any page
    /// may use.
    #[must_use]
    pub fn first_client_key(&self) -> Option<String> {
        self.unrestricted_client_key(self.config.first_environment()?)
    }

    /// Returns the oldest client key of an environment that any page may use.
    #[must_use]
    pub fn unrestricted_client_key(&self, environment: EnvironmentId) -> Option<String> {
        let keys = self.config.client_keys(environment).into_iter();
        let usable = keys.filter(|key| key.allowed_origins.is_empty());
        usable.min_by_key(|key| key.created_at).map(|key| key.key.clone())
    }
}
