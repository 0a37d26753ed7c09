//! Known simulations and their progress.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use phasegate_domain::{ids::EnvironmentId, simulation::Simulation};

/// The known simulations by environment, and the progress of those that this server runs.
#[derive(Debug, Default)]
pub(crate) struct Simulations {
    known: Mutex<HashMap<EnvironmentId, Option<Simulation>>>,
    progress: Mutex<HashMap<EnvironmentId, (u64, u64)>>,
    /// Held while a simulation replaces another.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

impl Simulations {
    pub(crate) fn known_simulation(
        &self,
        environment: EnvironmentId,
    ) -> Option<Option<Simulation>> {
        let all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&environment).cloned()
    }

    /// Records what the store holds, unless a simulation was recorded in the meantime, and returns
    /// the recorded one.
    pub(crate) fn record_stored_simulation(
        &self,
        environment: EnvironmentId,
        stored: Option<Simulation>,
    ) -> Option<Simulation> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(environment).or_insert(stored).clone()
    }

    pub(crate) fn record_simulation(
        &self,
        environment: EnvironmentId,
        simulation: Option<Simulation>,
    ) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(environment, simulation);
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, HashMap<EnvironmentId, (u64, u64)>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a simulation begins. Returns `false` if one is running.
    pub(crate) fn claim_run(&self, environment: EnvironmentId) -> bool {
        let mut progress = self.progress();
        if progress.contains_key(&environment) {
            return false;
        }
        progress.insert(environment, (0, 1));
        true
    }
}
