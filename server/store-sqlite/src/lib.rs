//! The embedded store: state and telemetry in two SQLite files.
//!
//! Both are in WAL mode with `synchronous=FULL`: acknowledged writes survive a crash of the
//! machine. Each has one connection that writes, so that writers queue in this process instead of
//! getting SQLite's busy errors, and a few that read.

mod database;
mod error;
mod files;
mod migrations;
mod state;
mod telemetry;
mod transaction;

pub use state::SqliteState;
pub use telemetry::SqliteTelemetry;
