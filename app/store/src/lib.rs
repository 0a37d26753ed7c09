//! Storage traits and the models that they move. Drivers live in the `store-*` crates.
//!
//! State (accounts, flags, rollouts, the audit log) and telemetry (reports of pages) are two
//! stores, because several nodes keep them in two different systems. Each is the sum of small
//! traits, so that a use case or a test requires no more than it needs.

mod database;
mod error;
pub mod models;
mod state;
mod telemetry;
mod unavailable;

pub use database::Database;
pub use error::StoreError;
pub use state::{
    AccountStore, AuditLog, EnvironmentStore, FlagStore, RolloutStore, StateStore, UnitOfWork,
};
pub use telemetry::{
    ActivityStore, ErrorStore, EventLog, FeedbackStore, IngestTransaction, MetricStore,
    PrivacyStore, SimulationStore, TelemetryStore,
};
pub use unavailable::UnavailableTelemetry;
