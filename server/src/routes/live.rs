//! Server-sent events for live pages of the admin.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures::{Stream, StreamExt, stream};
use phasegate_domain::ids::EnvironmentId;
use phasegate_service::{access::Actor, dashboard::compute_dashboard, ingest::read_arrivals};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tower_sessions::Session;

use crate::{
    http::{AppState, Connection, KeptOpen, Problem},
    routes::login,
};

/// The delay after a change, which merges changes in quick succession.
const PAUSE: Duration = Duration::from_millis(250);

/// The update interval without changes, because the time range moves on.
const TICK: Duration = Duration::from_secs(30);

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/admin/live/dashboard",
            get(|state, session, connection, headers| {
                open_live_stream(Panel::Dashboard, state, session, connection, headers)
            }),
        )
        .route(
            "/admin/live/arrivals",
            get(|state, session, connection, headers| {
                open_live_stream(Panel::Arrivals, state, session, connection, headers)
            }),
        )
}

/// A panel that is shown live.
#[derive(Debug, Clone, Copy)]
enum Panel {
    Dashboard,
    Arrivals,
}

async fn open_live_stream(
    panel: Panel,
    State(state): State<AppState>,
    session: Session,
    Extension(connection): Extension<Arc<Connection>>,
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
    let changes = state.service.changes();
    let kept = (permit, connection.keep_open());
    let start =
        Position { panel, state, session, environment, changes, is_first: true, _kept: kept };
    let events = panel_events(start).take_until(stopping.cancelled_owned());
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(events).keep_alive(keep_alive)).into_response()
}

struct Position {
    panel: Panel,
    state: AppState,
    session: Session,
    environment: EnvironmentId,
    changes: watch::Receiver<u64>,
    is_first: bool,
    /// Released when the page closes the stream.
    _kept: (OwnedSemaphorePermit, KeptOpen),
}

/// Returns the panel at once, and again after every change or [`TICK`].
fn panel_events(start: Position) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(start, |mut position| async move {
        if !position.is_first {
            // An error means that the sender is dropped: the server is stopping.
            if let Ok(changed) = tokio::time::timeout(TICK, position.changes.changed()).await {
                changed.ok()?;
                tokio::time::sleep(PAUSE).await;
            }
        }
        position.is_first = false;
        position.changes.mark_unchanged();
        // `None` when the session has ended; the page then finds that it must log in.
        let event = compute_panel(&position).await?;
        Some((Ok(event), position))
    })
}

async fn compute_panel(position: &Position) -> Option<Event> {
    let service = &position.state.service;
    let session = login::reread_session(&position.session, &position.state);
    let account = login::session_account(&position.state, &session).await.ok()??;
    let (actor, environment) = (Actor::from(&account), position.environment);
    let made = match position.panel {
        Panel::Dashboard => compute_dashboard(service, &actor, environment).await.map(json_event),
        Panel::Arrivals => read_arrivals(service, &actor, environment).await.map(json_event),
    };
    made.unwrap_or_else(|error| {
        tracing::error!(%error, panel = ?position.panel, "a live panel could not be computed");
        None
    })
}

fn json_event(panel: impl serde::Serialize) -> Option<Event> {
    Event::default().json_data(panel).ok()
}
