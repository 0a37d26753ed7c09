//! The admin UI's pages and server functions.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use leptos::prelude::provide_context;
use phasegate_app::shell;
use phasegate_service::Service;

use crate::{
    assets,
    http::{AppState, Problem},
};

/// The one context of pages and server functions: both must see the same.
fn context(service: &Arc<Service>) -> impl Fn() + Clone + Send + Sync + 'static + use<> {
    let service = Arc::clone(service);
    move || provide_context(Arc::clone(&service))
}

async fn page(State(state): State<AppState>, request: Request) -> Response {
    let urls = assets::urls();
    let render =
        leptos_axum::render_app_async_with_context(context(&state.service), move || shell(&urls));
    render(request).await.into_response()
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    leptos_axum::handle_server_fns_with_context(context(&state.service), request)
        .await
        .into_response()
}

/// What needs a login. The app itself knows its routes; what it does not know, it says so.
pub(crate) fn admin_routes() -> Router<AppState> {
    Router::new()
        .route("/admin", get(page))
        .route("/admin/fn/{*function}", post(server_function))
        .route("/admin/{*page}", get(page))
}

/// What everybody may see.
pub(crate) fn public_routes() -> Router<AppState> {
    Router::new().route("/login", get(page))
}

/// A page for people, JSON for everybody else.
pub(crate) async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let wants_page = request
        .headers()
        .get(axum::http::header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if wants_page && request.method() == axum::http::Method::GET {
        return page(State(state), request).await;
    }
    let path = request.uri().path().to_owned();
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {path}")).into_response()
}
