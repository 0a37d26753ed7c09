//! The stores of a running service.

use std::sync::Arc;

use phasegate_store::{StateStore, TelemetryStore};

/// The stores of state and telemetry.
pub(crate) struct Stores {
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) telemetry: Arc<dyn TelemetryStore>,
}
