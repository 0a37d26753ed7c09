//! The use cases of Phasegate.
//!
//! One function per command or panel: authorise, load, apply a rule of `domain`, save, announce.
//! Server functions, HTTP handlers, the command line and jobs are thin doors to them.

pub mod access;
pub mod accounts;
pub mod dashboard;
mod error;
pub mod flags;
pub mod keys;
pub mod rollout;
pub mod secrets;
mod service;
pub mod setup;
pub mod telemetry;

pub use error::ServiceError;
pub use service::{Clock, LiveEnvironment, Service};
