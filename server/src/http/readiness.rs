//! Caches the result of the readiness check.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;

/// How long a result is reused: the route is public, and each check queries the stores.
const FRESH: Duration = Duration::from_secs(1);

/// The result of the readiness check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Readiness {
    /// `ready`, `degraded` (flags are evaluated, but something cannot be stored) or `not ready`.
    pub(crate) status: &'static str,
    /// The problems found, for the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<String>,
}

/// The last result with its time.
#[derive(Debug, Default)]
pub(crate) struct LastReadiness(Mutex<Option<(Instant, Readiness)>>);

impl LastReadiness {
    pub(crate) fn fresh_result(&self) -> Option<Readiness> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, found)| found.clone())
    }

    pub(crate) fn store_result(&self, found: &Readiness) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), found.clone()));
    }
}
