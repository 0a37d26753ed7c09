//! `GET /ofrep/v1/stream`: tells clients to ask again. Says that something has changed, never
//! what: the answers are the client's to fetch.

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
    AppState, ClientAddress, Connection, KeptOpen, StreamPlace, header_text, key_status, no_room,
    sent_key, sent_origin,
};

/// Often enough for proxies, which close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// Says that the stream is alive. An event of its own kind and no comment, because pages hear nothing of
/// comments; clients that do not know it ignore it.
const PING: &[u8] = b"event: ping\ndata:\n\n";

/// How long a client may take from evaluating to listening.
const RECENT: TimeDelta = TimeDelta::seconds(30);

#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    ticket: Option<String>,
}

/// Opens the stream for clients with a ticket from a bulk answer, or with their key.
pub(super) async fn listen(
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
            let found = state.tickets.check(&ticket, service.now());
            let found = found.filter(|(_, key)| keys::is_known(service, key));
            let (environment, _) = found.ok_or_else(|| {
                let details = "this ticket is not good any more; evaluate in bulk for a new one";
                OfrepError::new(StatusCode::UNAUTHORIZED, ErrorCode::General, details)
            })?;
            environment
        }
        None => {
            keys::authorise(service, sent_key(&headers), sent_origin(&headers), Purpose::Evaluate)
                .map_err(|error| {
                    OfrepError::new(key_status(&error), ErrorCode::General, error.to_string())
                })?
                .environment
        }
    };
    if !connection.admits_key(environment) {
        return Err(no_room().into());
    }
    let Some(place) = state.flag_streams.take(from.0) else {
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
        // A bare `proxy_pass` of nginx would keep events until its buffer is full.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((head, Body::from_stream(listener.events())).into_response())
}

/// Whether a client may not know of the newest change: the one that it heard of last is another
/// one, or the change lies so near that it may have come between the client's evaluation and now.
fn has_missed(
    environment: EnvironmentId,
    newest: Configuration,
    last_id: Option<&str>,
    now: Timestamp,
) -> bool {
    match last_id {
        Some(last) => last != id(environment, newest),
        None => newest.changed_at.is_some_and(|at| now - at < RECENT),
    }
}

fn id(environment: EnvironmentId, configuration: Configuration) -> String {
    format!("{}-{}", environment.0, configuration.version)
}

/// A client that listens. There are thousands, and a change wakes them all at once: so what they
/// wait for beside it stays registered, and an event's bytes are written without a builder.
struct Listener {
    environment: EnvironmentId,
    changes: watch::Receiver<Configuration>,
    keep_alive: Pin<Box<Sleep>>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Given back when the client goes.
    _place: StreamPlace,
    _open: KeptOpen,
}

impl Listener {
    /// One event for each change, until the server stops; changes that come together are one.
    fn events(self) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
        stream::unfold(self, async |mut listener| {
            let bytes = listener.next().await?;
            Some((Ok(bytes), listener))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            biased;
            () = &mut self.stopped => None,
            changed = self.changes.changed() => {
                // An error means that the server is going; the stream ends.
                changed.ok()?;
                let newest = *self.changes.borrow_and_update();
                Some(event(self.environment, newest))
            }
            () = &mut self.keep_alive => {
                self.keep_alive.as_mut().reset(Instant::now() + KEEP_ALIVE);
                Some(Bytes::from_static(PING))
            }
        }
    }
}

/// A change, as `text/event-stream` has it.
fn event(environment: EnvironmentId, configuration: Configuration) -> Bytes {
    let id = id(environment, configuration);
    format!("id: {id}\ndata: {{\"type\":\"refetchEvaluation\"}}\n\n").into()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_change_between_asking_and_listening_is_not_missed() {
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
