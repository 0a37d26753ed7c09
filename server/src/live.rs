//! Server-sent events for the admin.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures::{Stream, StreamExt, stream};
use phasegate_domain::ids::EnvironmentId;
use phasegate_service::{access::Actor, dashboard::dashboard};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tower_sessions::Session;

use crate::{
    http::{AppState, Problem},
    login,
};

/// Streams that may be open at once.
pub(crate) const MAX_STREAMS: usize = 128;

/// Changes that come together are shown together.
const PAUSE: Duration = Duration::from_millis(250);

/// Without changes, the window still moves on.
const TICK: Duration = Duration::from_secs(30);

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/admin/live/dashboard", get(dashboard_stream))
}

async fn dashboard_stream(
    State(state): State<AppState>,
    session: Session,
    headers: HeaderMap,
) -> Response {
    let environment = match phasegate_app::selected_environment(&state.service, &headers) {
        Ok(environment) => environment,
        Err(error) => return Problem::from(error).into_response(),
    };
    let Ok(permit) = Arc::clone(&state.streams).try_acquire_owned() else {
        let detail = "too many live pages are open; close some, or reload this one later";
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).into_response();
    };
    let stopping = state.stopping.clone();
    let events = events(state, session, environment, permit);
    let events = events.take_until(stopping.cancelled_owned());
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

struct Position {
    state: AppState,
    session: Session,
    environment: EnvironmentId,
    changes: watch::Receiver<u64>,
    is_first: bool,
    _permit: OwnedSemaphorePermit,
}

/// The dashboard at once, and again after every change.
fn events(
    state: AppState,
    session: Session,
    environment: EnvironmentId,
    permit: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = state.service.changes();
    let start = Position { state, session, environment, changes, is_first: true, _permit: permit };
    stream::unfold(start, |mut position| async move {
        if !position.is_first {
            // An error means that the sender is gone, and with it the server.
            if let Ok(changed) = tokio::time::timeout(TICK, position.changes.changed()).await {
                changed.ok()?;
                tokio::time::sleep(PAUSE).await;
            }
        }
        position.is_first = false;
        position.changes.mark_unchanged();
        // Ends the stream when its session has ended; the page then finds out that it must log in.
        let event = snapshot(&position).await?;
        Some((Ok(event), position))
    })
}

async fn snapshot(position: &Position) -> Option<Event> {
    let service = &position.state.service;
    let session = login::reread(&position.session, &position.state);
    let person = login::person(&position.state, &session).await.ok()??;
    match dashboard(service, &Actor::from(&person), position.environment).await {
        Ok(dashboard) => Event::default().json_data(dashboard).ok(),
        Err(error) => {
            tracing::error!(%error, "the live dashboard could not be computed");
            None
        }
    }
}
