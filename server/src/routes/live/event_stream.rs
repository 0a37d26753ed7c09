//! Streams of server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    http::{HeaderName, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt};
use phasegate_service::access::Actor;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;

use crate::{
    http::{AppState, Connection, KeptOpen, Problem},
    routes::login,
};

/// What an open stream occupies; released when the page closes it.
pub(super) type Kept = (OwnedSemaphorePermit, KeptOpen);

/// Takes a place for a stream.
pub(super) fn keep_stream(state: &AppState, connection: &Arc<Connection>) -> Result<Kept, Problem> {
    let Ok(permit) = Arc::clone(&state.streams).try_acquire_owned() else {
        let detail = "too many live pages are open; close some, or reload this one later";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    };
    Ok((permit, connection.keep_open()))
}

/// Sends events until the server stops or the page closes the stream.
pub(super) fn stream_events(
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
    stopping: CancellationToken,
) -> Response {
    let events = events.take_until(stopping.cancelled_owned());
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(events).keep_alive(keep_alive)).into_response()
}

/// Returns the account of the session as it is now; `None` when the session has ended.
pub(super) async fn find_actor(state: &AppState, session: &Session) -> Option<Actor> {
    let session = login::reread_session(session, state);
    let account = login::session_account(state, &session).await.ok()??;
    Some(Actor::from(&account))
}

/// Encodes a value as an event.
pub(super) fn json_event(panel: impl serde::Serialize) -> Option<Event> {
    Event::default().json_data(panel).ok()
}
