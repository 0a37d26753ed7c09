//! Health and readiness, for monitoring of the server itself.

use crate::http::{AppState, Readiness};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};

/// `/healthz`: the process answers. `/readyz`: it can do its work.
pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(state): State<AppState>) -> Response {
    let found = match state.readiness.fresh() {
        Some(found) => found,
        None => {
            let found = look(&state).await;
            state.readiness.keep(&found);
            found
        }
    };
    let status = match found.status {
        // Flags are answered from memory: taking the server out of use would take them away, too.
        "ready" | "degraded" => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(found)).into_response()
}

async fn look(state: &AppState) -> Readiness {
    if state.stopping.is_cancelled() || state.service.first_environment().is_err() {
        let problem = "the server is starting or stopping".to_owned();
        return Readiness { status: "not ready", problems: vec![problem] };
    }
    let problems = state.service.problems().await;
    Readiness { status: if problems.is_empty() { "ready" } else { "degraded" }, problems }
}
