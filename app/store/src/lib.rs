//! Storage traits and the models that they move. Drivers live in the `store-*` crates.
//!
//! State (who may do what, flags, rollouts, history) and telemetry (what pages report) are two
//! traits, because several nodes keep them in two different systems.

mod error;
pub mod models;
mod state;
mod telemetry;
mod unavailable;

pub use error::StoreError;
pub use state::StateStore;
pub use telemetry::{Appended, TelemetryStore};
pub use unavailable::UnavailableTelemetry;
