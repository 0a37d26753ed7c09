//! For whoever watches the server itself.

use std::{
    sync::Mutex,
    sync::PoisonError,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::http::AppState;

/// How long what was found out about the stores is said again: anybody may ask.
const FRESH: Duration = Duration::from_secs(1);

/// `/healthz`: the process answers. `/readyz`: it can do its work.
pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// What the server can do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Readiness {
    /// `ready`; `degraded` while flags are answered but something cannot be stored; `not ready`.
    status: &'static str,
    /// What is wrong, for whoever is to mend it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// What was found out last, and when.
#[derive(Debug, Default)]
pub(crate) struct LastReadiness(Mutex<Option<(Instant, Readiness)>>);

impl LastReadiness {
    fn fresh(&self) -> Option<Readiness> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, found)| found.clone())
    }

    fn keep(&self, found: &Readiness) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), found.clone()));
    }
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
