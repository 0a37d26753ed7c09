//! Typed server functions: the one door of the admin UI. Pages call them on the server, islands call
//! them from the browser, and forms send them without a script. Each is a thin door to one use case.

pub(crate) mod accounts;
mod api_error;
#[cfg(feature = "ssr")]
mod caller;
pub(crate) mod collection_settings;
pub(crate) mod debugger;
#[cfg(feature = "ssr")]
mod done;
pub(crate) mod environments;
pub(crate) mod files;
pub(crate) mod flags;
pub(crate) mod frame;
pub(crate) mod incidents;
mod json_text;
pub(crate) mod keys;
pub(crate) mod overrides;
pub(crate) mod plan;
pub(crate) mod privacy;
pub(crate) mod rollout;
pub(crate) mod segments;
pub(crate) mod simulation;
pub(crate) mod tokens;

pub use api_error::{ApiError, ApiErrorCode};
pub(crate) use json_text::JsonResult;
#[cfg(feature = "ssr")]
pub use simulation::SimulationStarter;

/// Returns the path and method of every server function.
#[cfg(feature = "ssr")]
#[must_use]
pub fn list_server_fns() -> Vec<(&'static str, axum::http::Method)> {
    let mut all: Vec<_> = leptos::server_fn::axum::server_fn_paths().collect();
    all.sort_by_key(|(path, _)| *path);
    all
}
