//! Health and readiness checks of the server.

use crate::http::{AppState, Readiness};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};

/// Returns `/healthz` (the process responds) and `/readyz` (flags can be evaluated).
pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(check_readiness))
}

async fn check_readiness(State(state): State<AppState>) -> Response {
    let found = match state.readiness.fresh_result() {
        Some(found) => found,
        None => {
            let found = compute_readiness(&state).await;
            state.readiness.store_result(&found);
            found
        }
    };
    let status = match found.status {
        // Flags are evaluated from memory; a 503 would make load balancers cut off those, too.
        "ready" | "degraded" => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(found)).into_response()
}

async fn compute_readiness(state: &AppState) -> Readiness {
    if state.stopping.is_cancelled() || state.service.first_environment().is_err() {
        let problem = "the server is starting or stopping".to_owned();
        return Readiness { status: "not ready", problems: vec![problem] };
    }
    let problems = state.service.storage_problems().await;
    Readiness { status: if problems.is_empty() { "ready" } else { "degraded" }, problems }
}
