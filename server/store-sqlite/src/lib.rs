//! The embedded store: state and telemetry in two SQLite files.
//!
//! Both are in WAL mode with `synchronous=FULL`: what is acknowledged survives a crash of the
//! machine. Each has one connection that writes, so writers queue in our process instead of
//! meeting SQLite's busy errors, and a few that read.

mod database;
mod error;
mod files;
mod migrations;
mod state;
mod telemetry;
mod transaction;

pub use state::SqliteState;
pub use telemetry::SqliteTelemetry;
