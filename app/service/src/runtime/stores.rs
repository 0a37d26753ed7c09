//! The two stores.

use std::sync::Arc;

use phasegate_store::{StateStore, TelemetryStore};

/// Where state and telemetry are kept.
pub(crate) struct Stores {
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) telemetry: Arc<dyn TelemetryStore>,
}
