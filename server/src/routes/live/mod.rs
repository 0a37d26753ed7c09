//! Server-sent events for live pages of the admin.

mod changes;
mod event_stream;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response, sse::Event},
    routing::get,
};
use futures::{Stream, stream};
use phasegate_domain::ids::EnvironmentId;
use phasegate_service::{dashboard::compute_dashboard, ingest::read_arrivals};
use tokio::sync::watch;
use tower_sessions::Session;

use self::event_stream::{Kept, find_actor, json_event, keep_stream, stream_events};
use crate::http::{AppState, Connection, Problem};

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
        .route("/admin/live/changes", get(changes::open_change_stream))
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
    let kept = match keep_stream(&state, &connection) {
        Ok(kept) => kept,
        Err(problem) => return problem.into_response(),
    };
    let stopping = state.stopping.clone();
    let changes = state.service.changes();
    let start =
        Position { panel, state, session, environment, changes, is_first: true, _kept: kept };
    stream_events(panel_events(start), stopping)
}

struct Position {
    panel: Panel,
    state: AppState,
    session: Session,
    environment: EnvironmentId,
    changes: watch::Receiver<u64>,
    is_first: bool,
    _kept: Kept,
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
    let actor = find_actor(&position.state, &position.session).await?;
    let environment = position.environment;
    let made = match position.panel {
        Panel::Dashboard => compute_dashboard(service, &actor, environment).await.map(json_event),
        Panel::Arrivals => read_arrivals(service, &actor, environment).await.map(json_event),
    };
    made.unwrap_or_else(|error| {
        tracing::error!(%error, panel = ?position.panel, "a live panel could not be computed");
        None
    })
}
