//! The stories: tests that every storage backend must pass.
//!
//! A backend's own test creates a new, empty store for each story and runs it. A story panics if
//! the store breaks a promise of its trait.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this crate is a test suite, and a panic is how a story fails"
)]

mod edits;
mod labels;
mod state;
mod telemetry;

use chrono::DateTime;
pub use edits::*;
pub use labels::*;
use phasegate_domain::Timestamp;
pub use state::*;
pub use telemetry::*;

/// Returns the instant `second` seconds after a fixed one.
fn at_second(second: i64) -> Timestamp {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}
