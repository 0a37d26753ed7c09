//! The admin UI's pages and server functions.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use leptos::{prelude::provide_context, server_fn::axum::get_server_fn_service};
use phasegate_app::{ApiError, shell};
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

/// The largest call of a server function, and the largest error that one answers, in bytes.
const MAX_BYTES: usize = 65_536;

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if get_server_fn_service(head.uri.path(), head.method.clone()).is_none() {
        return refuse(ApiError::not_found(format!("There is no function {}.", head.uri.path())));
    }
    let Ok(body) = to_bytes(body, MAX_BYTES).await else {
        return refuse(ApiError::invalid(format!("The form is larger than {MAX_BYTES} bytes.")));
    };
    let request = Request::from_parts(head, body.into());
    let response =
        leptos_axum::handle_server_fns_with_context(context(&state.service), request).await;
    with_status(response.into_response()).await
}

fn refuse(error: ApiError) -> Response {
    (error.status(), Json(error)).into_response()
}

/// Gives an error the status of its kind. Plain forms are not concerned: they are redirected.
async fn with_status(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_BYTES).await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<ApiError>(&bytes) {
        head.status = error.status();
    }
    Response::from_parts(head, bytes.into())
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
