//! Typed server functions: the one door of the admin UI. Pages call them on the server, islands call
//! them from the browser, and forms send them without a script. Each is a thin door to one use case.

mod api_error;
#[cfg(feature = "ssr")]
mod caller;
#[cfg(feature = "ssr")]
mod done;
pub(crate) mod incidents;
mod json_text;
pub(crate) mod rollout;

pub use api_error::{ApiError, ApiErrorCode};
#[cfg(feature = "ssr")]
pub(crate) use done::describe_entry;
pub(crate) use json_text::JsonResult;

/// Returns the path and method of every server function.
#[cfg(feature = "ssr")]
#[must_use]
pub fn list_server_fns() -> Vec<(&'static str, axum::http::Method)> {
    let mut all: Vec<_> = leptos::server_fn::axum::server_fn_paths().collect();
    all.sort_by_key(|(path, _)| *path);
    all
}
