//! The telemetry store: rollups, sessions, activities, reports and screenshots, one capability per
//! file.

mod activities;
mod errors;
mod events;
mod feedback;
mod ingest;
mod metrics;
mod privacy;
mod simulations;

pub use activities::ActivityStore;
pub use errors::ErrorStore;
pub use events::EventLog;
pub use feedback::FeedbackStore;
pub use ingest::IngestTransaction;
pub use metrics::MetricStore;
pub use privacy::PrivacyStore;
pub use simulations::SimulationStore;

use crate::Database;

/// Stores telemetry: rollups, sessions, user sets and reports.
pub trait TelemetryStore:
    EventLog
    + MetricStore
    + ActivityStore
    + ErrorStore
    + FeedbackStore
    + PrivacyStore
    + SimulationStore
    + Database
{
}

impl<S> TelemetryStore for S where
    S: EventLog
        + MetricStore
        + ActivityStore
        + ErrorStore
        + FeedbackStore
        + PrivacyStore
        + SimulationStore
        + Database
{
}
