//! The REST API, `/api/v1/…`: the functions of the admin for programs with a server token.
//!
//! One resource per file. Each handler identifies the caller and the environment, and calls a use
//! case. The OpenAPI document is generated from the handlers.

mod audit;
mod client_keys;
mod collection_settings;
mod document;
mod environments;
mod events;
mod flags;
mod list;
mod overrides;
mod query;
mod request;
mod rollout;
mod router;
mod segments;
mod telemetry;
mod tokens;

use axum::{Router, middleware, response::IntoResponse, routing::get};

pub use document::openapi;

use crate::http::AppState;

pub(crate) fn routes() -> Router<AppState> {
    let (router, _) = router::api_router().split_for_parts();
    let router = router.route_layer(middleware::from_fn(query::refuse_unknown_parameters));
    router.route("/api/v1/openapi.json", get(|| async { axum::Json(openapi()).into_response() }))
}
