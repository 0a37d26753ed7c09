//! `GET /ofrep/v1/stream`: notifies clients of changes. Events contain no answers; clients fetch
//! those by a new evaluation.

use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use futures::{Stream, stream};
use phasegate_domain::{Timestamp, ids::EnvironmentId};
use phasegate_service::{
    Configuration,
    keys::{self, Purpose},
};
use serde::Deserialize;
use tokio::{
    sync::watch,
    time::{Instant, Sleep},
};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::error::{ErrorCode, OfrepError};
use crate::http::{
    AppState, ClientAddress, Connection, KeptOpen, StreamPlace, header_text, key_status,
    no_room_problem, sent_key, sent_origin,
};

/// The ping interval: proxies close streams that are silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// The keep-alive event. Not a comment, which `EventSource` hides from pages; clients ignore
/// unknown event types.
const PING: &[u8] = b"event: ping\ndata:\n\n";

/// The maximum time between a client's evaluation and its opening of the stream.
const RECENT: TimeDelta = TimeDelta::seconds(30);

#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    ticket: Option<String>,
}

/// Opens a stream for a client with a ticket from a bulk evaluation, or with its key.
pub(super) async fn open_stream(
    State(state): State<AppState>,
    query: Result<Query<Ticket>, QueryRejection>,
    Extension(connection): Extension<Arc<Connection>>,
    from: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, OfrepError> {
    let service = &state.service;
    let ticket = query.ok().and_then(|Query(query)| query.ticket);
    let environment = match ticket {
        Some(ticket) => {
            let found = state.tickets.check_ticket(&ticket, service.now());
            let found = found.filter(|(_, key)| keys::is_known(service, key));
            let (environment, _) = found.ok_or_else(|| {
                let details = "this ticket is not good any more; evaluate in bulk for a new one";
                OfrepError::new(StatusCode::UNAUTHORIZED, ErrorCode::General, details)
            })?;
            environment
        }
        None => {
            keys::authorise_app(
                service,
                sent_key(&headers),
                sent_origin(&headers),
                Purpose::Evaluate,
            )
            .map_err(|error| {
                OfrepError::new(key_status(&error), ErrorCode::General, error.to_string())
            })?
            .environment
        }
    };
    if !connection.admits_key(environment) {
        return Err(no_room_problem().into());
    }
    let Some(place) = state.flag_streams.take_place(from.0) else {
        let details = "too many clients are listening; ask again later, or poll";
        return Err(OfrepError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::General, details));
    };
    let live = service.environment(environment).map_err(|error| {
        OfrepError::new(StatusCode::NOT_FOUND, ErrorCode::General, error.to_string())
    })?;
    let last_id = header_text(&headers, HeaderName::from_static("last-event-id"));
    let mut changes = live.configuration();
    if has_missed(environment, *changes.borrow_and_update(), last_id, service.now()) {
        changes.mark_changed();
    }
    let listener = Listener {
        environment,
        changes,
        keep_alive: Box::pin(tokio::time::sleep(KEEP_ALIVE)),
        stopped: Box::pin(state.stopping.clone().cancelled_owned()),
        _place: place,
        _open: connection.keep_open(),
    };
    let head = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        // nginx would otherwise hold events back until its buffer is full.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((head, Body::from_stream(listener.into_events())).into_response())
}

/// Whether a client may have missed the newest change: its last event id differs, or, without one,
/// the change is so recent that it may have followed the client's evaluation.
fn has_missed(
    environment: EnvironmentId,
    newest: Configuration,
    last_id: Option<&str>,
    now: Timestamp,
) -> bool {
    match last_id {
        Some(last) => last != event_id(environment, newest),
        None => newest.changed_at.is_some_and(|at| now - at < RECENT),
    }
}

fn event_id(environment: EnvironmentId, configuration: Configuration) -> String {
    format!("{}-{}", environment.0, configuration.version)
}

/// A listening client. A change wakes thousands at once, so the other futures stay registered
/// between events, and events are written without a builder.
struct Listener {
    environment: EnvironmentId,
    changes: watch::Receiver<Configuration>,
    keep_alive: Pin<Box<Sleep>>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Released when the client disconnects.
    _place: StreamPlace,
    _open: KeptOpen,
}

impl Listener {
    /// Returns an event per change until the server stops; changes in quick succession are merged.
    fn into_events(self) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
        stream::unfold(self, async |mut listener| {
            let bytes = listener.next_event().await?;
            Some((Ok(bytes), listener))
        })
    }

    async fn next_event(&mut self) -> Option<Bytes> {
        tokio::select! {
            biased;
            () = &mut self.stopped => None,
            changed = self.changes.changed() => {
                // An error means that the server is stopping; the stream ends.
                changed.ok()?;
                let newest = *self.changes.borrow_and_update();
                Some(format_change(self.environment, newest))
            }
            () = &mut self.keep_alive => {
                self.keep_alive.as_mut().reset(Instant::now() + KEEP_ALIVE);
                Some(Bytes::from_static(PING))
            }
        }
    }
}

/// Formats a change as `text/event-stream`.
fn format_change(environment: EnvironmentId, configuration: Configuration) -> Bytes {
    let id = event_id(environment, configuration);
    format!("id: {id}\ndata: {{\"type\":\"refetchEvaluation\"}}\n\n").into()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_change_between_evaluation_and_listening_is_not_missed() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let newest = |changed_at| Configuration { version: 7, changed_at };
        let missed =
            |changed, last_id| has_missed(EnvironmentId(1), newest(changed), last_id, at(100));
        assert!(!missed(None, None), "nothing has changed since the start");
        assert!(missed(Some(at(95)), None), "perhaps after the client had asked");
        assert!(!missed(Some(at(10)), None), "long before it");
        assert!(!missed(Some(at(95)), Some("1-7")), "it has heard of it");
        assert!(missed(Some(at(10)), Some("1-6")), "it was away");
        assert!(missed(None, Some("1-9")), "the server began anew");
    }
}
