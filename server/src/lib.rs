//! The server of Phasegate: HTTP, jobs and the command line around the use cases.

mod api;
mod assets;
pub mod cli;
mod clock;
mod collect;
mod config;
mod demo;
mod first_start;
mod health;
mod http;
mod listen;
mod live;
mod lock;
mod login;
mod ofrep;
mod pages;
mod plans;
mod serve;
mod simulate;

pub use api::openapi;
pub use config::Config;
pub use http::{AppState, router};
pub use serve::{open, run_jobs, serve};
pub use simulate::prepare_tls;
