//! For whoever watches the server itself.

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::http::{AppState, Problem};

/// `/healthz`: the process answers. `/readyz`: it also has an environment to answer for.
pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

async fn ready(State(state): State<AppState>) -> Result<&'static str, Problem> {
    match state.service.first_environment() {
        Ok(_) if !state.stopping.is_cancelled() => Ok("ready\n"),
        _ => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not ready to serve")),
    }
}
