//! What was found out last about what the server can do.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Serialize;

/// How long what was found out about the stores is said again: the route is public.
const FRESH: Duration = Duration::from_secs(1);

/// What the server can do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Readiness {
    /// `ready`; `degraded` while flags are answered but something cannot be stored; `not ready`.
    pub(crate) status: &'static str,
    /// What is wrong, for the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) problems: Vec<String>,
}

/// What was found out last, and when.
#[derive(Debug, Default)]
pub(crate) struct LastReadiness(Mutex<Option<(Instant, Readiness)>>);

impl LastReadiness {
    pub(crate) fn fresh(&self) -> Option<Readiness> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, found)| found.clone())
    }

    pub(crate) fn keep(&self, found: &Readiness) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), found.clone()));
    }
}
