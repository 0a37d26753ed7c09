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
mod segments;
mod telemetry;
mod tokens;

use axum::{Router, middleware, response::IntoResponse, routing::get};
use utoipa_axum::router::OpenApiRouter;

pub use document::openapi;

use crate::http::AppState;

fn api_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(environments::routes())
        .merge(flags::routes())
        .merge(segments::routes())
        .merge(overrides::routes())
        .merge(tokens::routes())
        .merge(client_keys::routes())
        .merge(collection_settings::routes())
        .merge(telemetry::routes())
        .merge(audit::routes())
        .merge(rollout::routes())
        .merge(events::routes())
}

pub(crate) fn routes() -> Router<AppState> {
    let (router, _) = api_router().split_for_parts();
    let router = router.route_layer(middleware::from_fn(query::refuse_unknown_parameters));
    router.route("/api/v1/openapi.json", get(|| async { axum::Json(openapi()).into_response() }))
}
