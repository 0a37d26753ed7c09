//! The rules of Phasegate.
//!
//! Pure: nothing here reads a clock, draws a random number or does IO. What a rule needs is
//! passed in, so that the server, the browser and a test get the same answer.

pub mod alerts;
pub mod analytics;
pub mod bucket;
pub mod collection_settings;
pub mod context;
pub mod dashboard;
pub mod diff;
pub mod files;
pub mod flags;
pub mod gates;
pub mod history;
pub mod ids;
pub mod json;
pub mod people;
pub mod rollout;
pub mod segments;
pub mod simulation;
pub mod snapshot;
pub mod stats;
pub mod telemetry;
pub mod vitals;
pub mod words;

/// The instant that rules compute with; always UTC.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
