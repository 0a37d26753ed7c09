//! The configuration of all environments in memory, for evaluations and the lookup of keys.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};
use phasegate_domain::{
    Timestamp,
    ids::{EnvironmentId, ProjectId},
    targeting::Segment,
};
use phasegate_store::models::{ClientKey, Digest, Edit, Environment, ServerToken, Versioned};
use tokio::sync::{Mutex, MutexGuard};

use super::{
    CachedEnvironment, Stores, cached_environment::Carried, evaluation_counters::EvaluationCounters,
};
use crate::{ServiceError, variables::Variables};

/// An immutable copy of the whole configuration, which is replaced as a whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    environments: HashMap<EnvironmentId, Arc<CachedEnvironment>>,
    pub(crate) client_keys: HashMap<String, Arc<ClientKey>>,
    pub(crate) tokens: HashMap<Digest, Arc<ServerToken>>,
    /// All environments, oldest first.
    order: Vec<EnvironmentId>,
    /// The number of the newest audit entry that is part of it.
    revision: i64,
}

/// The environments that a change affects.
#[derive(Debug, Clone, Copy)]
enum ChangedEnvironments {
    All,
    Project(ProjectId),
    One(EnvironmentId),
}

/// The parts of the configuration that a change affects.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangedParts {
    environments: ChangedEnvironments,
    /// Whether client keys or server tokens change.
    keys: bool,
}

impl ChangedParts {
    const ALL: Self = Self { environments: ChangedEnvironments::All, keys: true };

    /// Returns the parts that edits of an environment change.
    pub(super) fn of_edits(environment: &Environment, edits: &[Edit]) -> Self {
        let environments = match edits.iter().any(Edit::is_shared) {
            true => ChangedEnvironments::Project(environment.project_id),
            false => ChangedEnvironments::One(environment.id),
        };
        Self { environments, keys: edits.iter().any(Edit::changes_keys) }
    }

    fn includes(self, environment: EnvironmentId, project: ProjectId) -> bool {
        match self.environments {
            ChangedEnvironments::All => true,
            ChangedEnvironments::Project(changed) => changed == project,
            ChangedEnvironments::One(changed) => changed == environment,
        }
    }
}

/// The configuration in memory, and the state that is carried over from one reload to the next.
pub(crate) struct ConfigCache {
    directory: ArcSwap<Directory>,
    /// Held during a reload: otherwise a slow one could replace a newer state with an older one.
    reloading: Mutex<()>,
    /// Held while a change is validated and written: two changes may be valid alone but not
    /// together, such as two flags that become prerequisites of each other.
    editing: Mutex<()>,
    variables: Variables,
    pub(crate) counters: EvaluationCounters,
    /// When schedules were last checked, in milliseconds since 1970.
    schedules_kept: AtomicI64,
}

impl ConfigCache {
    pub(super) fn new(variables: Variables) -> Self {
        Self {
            directory: ArcSwap::default(),
            reloading: Mutex::new(()),
            editing: Mutex::new(()),
            variables,
            counters: EvaluationCounters::default(),
            schedules_kept: AtomicI64::new(0),
        }
    }

    /// Reads everything again and replaces the configuration. Notifies the clients of environments
    /// whose evaluations or collection settings have changed.
    ///
    /// # Errors
    /// Returns an error if storage fails; the previous configuration stays.
    pub(super) async fn reload_all(
        &self,
        stores: &Stores,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let _turn = self.reloading.lock().await;
        let revision = stores.state.read_revision().await?;
        self.read_directory(stores, revision, ChangedParts::ALL, now).await
    }

    /// Reloads the changed parts after a change that wrote `entries` audit entries, and everything if
    /// another process has written meanwhile.
    ///
    /// # Errors
    /// Returns the errors of [`ConfigCache::reload_all`].
    pub(super) async fn reload_changed(
        &self,
        stores: &Stores,
        changed: ChangedParts,
        entries: usize,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let _turn = self.reloading.lock().await;
        let revision = stores.state.read_revision().await?;
        let is_alone = i64::try_from(entries).is_ok_and(|own| revision == self.revision() + own);
        let changed = if is_alone { changed } else { ChangedParts::ALL };
        self.read_directory(stores, revision, changed, now).await
    }

    async fn read_directory(
        &self,
        stores: &Stores,
        revision: i64,
        changed: ChangedParts,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let old = self.directory.load_full();
        let mut directory = Directory { revision, ..Directory::default() };
        let mut segments: HashMap<ProjectId, Arc<Vec<Versioned<Arc<Segment>>>>> = HashMap::new();
        for environment in stores.state.read_environments().await? {
            let (id, project) = (environment.id, environment.project_id);
            directory.order.push(id);
            let before = old.environments.get(&id);
            if let Some(before) = before
                .filter(|live| !changed.includes(id, project) && live.environment == environment)
            {
                directory.environments.insert(id, Arc::clone(before));
                continue;
            }
            let of_project = match segments.get(&project) {
                Some(read) => Arc::clone(read),
                None => {
                    let known = before.map_or(&[][..], |live| live.segments.as_slice());
                    let read = Arc::new(stores.state.read_segments(id, known).await?);
                    segments.insert(project, Arc::clone(&read));
                    read
                }
            };
            let parts = Carried { variables: &self.variables, counters: &self.counters, before };
            let live =
                CachedEnvironment::read_environment(stores, environment, of_project, parts, now)
                    .await?;
            directory.environments.insert(id, Arc::new(live));
        }
        if changed.keys {
            for key in stores.state.read_client_keys().await? {
                directory.client_keys.insert(key.key.clone(), Arc::new(key));
            }
            for token in stores.state.read_server_tokens().await? {
                directory.tokens.insert(token.digest, Arc::new(token));
            }
        } else {
            directory.client_keys.clone_from(&old.client_keys);
            directory.tokens.clone_from(&old.tokens);
        }
        let directory = Arc::new(directory);
        self.directory.store(Arc::clone(&directory));
        for live in directory.environments.values() {
            live.notify_if_changed(old.environments.get(&live.environment.id), now);
        }
        Ok(())
    }

    /// Waits until no other change is being made.
    pub(super) async fn begin_edit(&self) -> MutexGuard<'_, ()> {
        self.editing.lock().await
    }

    /// The number of the newest audit entry that is in memory.
    pub(super) fn revision(&self) -> i64 {
        self.directory.load().revision
    }

    pub(super) fn environment(&self, id: EnvironmentId) -> Option<Arc<CachedEnvironment>> {
        self.directory.load().environments.get(&id).cloned()
    }

    /// All environments, oldest first.
    pub(super) fn environments(&self) -> Vec<Arc<CachedEnvironment>> {
        let directory = self.directory.load();
        directory.order.iter().filter_map(|id| directory.environments.get(id).cloned()).collect()
    }

    pub(super) fn first_environment(&self) -> Option<EnvironmentId> {
        self.directory.load().order.first().copied()
    }

    /// Returns the current configuration. The guard is cheap: it changes no counter that other
    /// threads change too.
    pub(crate) fn directory(&self) -> Guard<Arc<Directory>> {
        self.directory.load()
    }

    /// Returns the client keys of an environment, in any order.
    pub(super) fn client_keys(&self, environment: EnvironmentId) -> Vec<Arc<ClientKey>> {
        let directory = self.directory.load();
        let keys = directory.client_keys.values();
        keys.filter(|key| key.environment == environment).cloned().collect()
    }

    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Records that schedules are checked now, and returns when they were checked before.
    pub(crate) fn mark_schedules_checked(&self, now: Timestamp) -> Option<Timestamp> {
        let before = self.schedules_kept.swap(now.timestamp_millis(), Ordering::Relaxed);
        Timestamp::from_timestamp_millis(before).filter(|at| *at > Timestamp::UNIX_EPOCH)
    }
}
