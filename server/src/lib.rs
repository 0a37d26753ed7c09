//! The server of Phasegate: HTTP, jobs and the command line around the use cases.
//!
//! `http` is independent of routes; `routes` builds on it; `jobs` run beside the routes. `router`
//! and `bootstrap` assemble them, and `cli` dispatches the commands.

mod bootstrap;
pub mod cli;
mod clock;
mod config;
mod first_start;
mod http;
mod jobs;
mod listen;
mod lock;
mod router;
mod routes;
mod simulate;

pub use bootstrap::{open_service, serve_listener};
pub use config::Config;
pub use http::{AppState, Settings};
pub use jobs::run_jobs;
pub use router::router;
pub use routes::api::openapi;
pub use simulate::prepare_tls;
