//! The rules of Phasegate.
//!
//! Pure: nothing here reads a clock, draws a random number or does IO. Callers pass the inputs of
//! a rule, so that the server, the browser and a test get the same answer.
//!
//! Modules are layered: each imports only from lower layers. `cargo xtask tidy` checks the layers.

pub mod accounts;
pub mod alerts;
pub mod analytics;
pub mod audit;
pub mod config;
pub mod diff;
pub mod errors;
pub mod evaluation;
pub mod events;
pub mod feedback;
pub mod field_error;
pub mod flags;
pub mod gates;
pub mod ids;
pub mod incidents;
pub mod json;
pub mod measurement;
pub mod metrics;
pub mod plan;
pub mod privacy;
pub mod reports;
pub mod rollout;
pub mod simulation;
pub mod stats;
pub mod targeting;
pub mod time;
pub mod vitals;
pub mod words;

pub use time::Timestamp;
