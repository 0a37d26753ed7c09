//! The server of Phasegate: HTTP, jobs and the command line around the use cases.
//!
//! `http` is the ground and knows no route; `routes` stand on it; `jobs` run beside them; `router` and
//! `bootstrap` put them together, and `cli` starts what is asked for.

mod bootstrap;
pub mod cli;
mod clock;
mod config;
mod first_start;
mod http;
mod jobs;
mod listen;
mod lock;
mod plans;
mod router;
mod routes;
mod simulate;

pub use bootstrap::{open, serve};
pub use config::Config;
pub use http::{AppState, Settings};
pub use jobs::run_jobs;
pub use router::router;
pub use routes::api::openapi;
pub use simulate::prepare_tls;
