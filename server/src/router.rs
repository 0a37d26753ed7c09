//! The router with all routes and layers.

use axum::{
    Router,
    http::{Method, StatusCode, header},
    middleware,
    response::{IntoResponse, Redirect},
    routing::get,
};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowHeaders, Any, CorsLayer},
};

use crate::{
    http::{AppState, Problem, security},
    routes::{admin, api, assets, collect, demo, health, live, login, ofrep},
};

/// Builds the router with all routes of the server.
pub fn router(state: AppState) -> Router {
    // Rendering spawns tasks on tokio. Fails on a second call, which is harmless.
    let _ = any_spawner::Executor::init_tokio();
    let sessions = login::session_layer(&state);
    let pages = Router::new()
        .merge(live::routes())
        .merge(admin::admin_routes())
        .layer(middleware::from_fn_with_state(state.clone(), login::require_login));
    let users = pages
        .merge(login::routes())
        .merge(admin::public_routes())
        .layer(sessions)
        .layer(middleware::from_fn(security::forbid_caching))
        .layer(middleware::from_fn_with_state(state.clone(), security::require_same_origin))
        // Pages are repetitive; event streams are left alone. A higher level costs more than it saves.
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)));
    let apps = Router::new()
        .merge(collect::routes())
        .merge(ofrep::routes())
        .merge(assets::collector_routes())
        // Inside the CORS layer, which answers preflight OPTIONS before this refuses them.
        .method_not_allowed_fallback(refuse_method)
        .layer(cors_layer());
    Router::new()
        .route("/", get(|| async { Redirect::to("/admin/rollout") }))
        .merge(users)
        .merge(apps)
        .merge(api::routes())
        .merge(assets::admin_routes())
        .merge(health::routes())
        .merge(demo::routes(&state))
        .fallback(admin::not_found)
        .method_not_allowed_fallback(refuse_method)
        // Combined into one layer: each `Router::layer` costs every request two allocations.
        .layer(ServiceBuilder::new().map_response(security::add_security_headers).layer(
            CatchPanicLayer::custom(|_| {
                let detail = "the server failed at this request; its log says why";
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
            }),
        ))
        .with_state(state)
}

async fn refuse_method(request: axum::extract::Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{path} does not take {method}"))
}

/// Allows pages of any origin, which authenticate by client key and send no cookies.
fn cors_layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        // Tracing libraries add headers (`baggage`, `traceparent`, `request-id`). Unread headers
        // are harmless; refusing them would cost the page all of its telemetry.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::ETAG, header::RETRY_AFTER])
        // The answer is the same for all origins, and only browsers cache preflight responses.
        .vary([])
        .max_age(std::time::Duration::from_secs(3_600))
}
