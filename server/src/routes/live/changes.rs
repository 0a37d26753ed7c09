//! Notices of changes, which tell an open page to read again.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse, Response, sse::Event},
};
use futures::{Stream, stream};
use phasegate_domain::{
    ids::{EnvironmentId, EnvironmentKey},
    reports::ChangeNotice,
};
use phasegate_service::{environments::find_environment_id, rollout::read_rollout_version};
use serde::Deserialize;
use tokio::{sync::watch, time::Instant};
use tower_sessions::Session;

use super::event_stream::{Kept, find_actor, json_event, keep_stream, stream_events};
use crate::http::{AppState, Connection, Problem};

/// The delay after a change, which merges changes in quick succession.
const PAUSE: Duration = Duration::from_millis(100);

/// The least time between two notices of new telemetry.
const TELEMETRY_PAUSE: Duration = Duration::from_secs(5);

/// The interval of notices without changes, because measured time ranges move on.
const TICK: Duration = Duration::from_secs(60);

/// The query of the stream.
#[derive(Debug, Deserialize)]
pub(super) struct ChangesQuery {
    environment: EnvironmentKey,
}

/// Opens a stream of notices about an environment.
pub(super) async fn open_change_stream(
    State(state): State<AppState>,
    session: Session,
    Extension(connection): Extension<Arc<Connection>>,
    Query(query): Query<ChangesQuery>,
) -> Response {
    let opened = keep_stream(&state, &connection)
        .and_then(|kept| Ok((kept, find_environment_id(&state.service, &query.environment)?)));
    let (kept, environment) = match opened {
        Ok(opened) => opened,
        Err(problem) => return Problem::into_response(problem),
    };
    let (stopping, changes) = (state.stopping.clone(), state.service.changes());
    let watcher = Watcher { state, session, environment, changes, sent: None, _kept: kept };
    stream_events(notices(watcher), stopping)
}

/// The version of the rollout, and the revision of the state.
type Versions = (Option<i64>, i64);

struct Watcher {
    state: AppState,
    session: Session,
    environment: EnvironmentId,
    changes: watch::Receiver<u64>,
    /// The versions in the last notice, and the time of the last one about telemetry; `None` before
    /// the first notice.
    sent: Option<(Versions, Instant)>,
    _kept: Kept,
}

fn notices(watcher: Watcher) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(watcher, |mut watcher| async move {
        let notice = next_notice(&mut watcher).await?;
        Some((Ok(json_event(notice)?), watcher))
    })
}

fn build_notice(
    (rollout_version, state_revision): Versions,
    has_new_telemetry: bool,
) -> ChangeNotice {
    ChangeNotice { rollout_version, state_revision, has_new_telemetry }
}

/// Waits for the next notice: at once about a change of the state, and rarely about telemetry,
/// which arrives all the time. `None` when the session has ended or the server stops.
async fn next_notice(watcher: &mut Watcher) -> Option<ChangeNotice> {
    let Some((version, at)) = watcher.sent else {
        let version = read_versions(watcher).await?;
        watcher.sent = Some((version, Instant::now()));
        return Some(build_notice(version, false));
    };
    let mut due = at + TICK;
    loop {
        if let Ok(changed) = tokio::time::timeout_at(due, watcher.changes.changed()).await {
            changed.ok()?;
            due = due.min(at + TELEMETRY_PAUSE);
            tokio::time::sleep(PAUSE).await;
            watcher.changes.mark_unchanged();
        }
        let found = read_versions(watcher).await?;
        let has_new_telemetry = Instant::now() >= due;
        if found != version || has_new_telemetry {
            let at = if has_new_telemetry { Instant::now() } else { at };
            watcher.sent = Some((found, at));
            return Some(build_notice(found, has_new_telemetry));
        }
    }
}

async fn read_versions(watcher: &Watcher) -> Option<Versions> {
    let actor = find_actor(&watcher.state, &watcher.session).await?;
    let service = &watcher.state.service;
    let rollout = read_rollout_version(service, &actor, watcher.environment).ok()?;
    Some((rollout, service.state_revision()))
}
