//! A bounded queue in front of one writer that commits in groups.

use std::{sync::Arc, time::Duration};

use phasegate_domain::{Timestamp, events::Batch, ids::EnvironmentId, metrics::Dimension};
use phasegate_store::{ActivityStore, EventLog, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::append_batches;
use crate::{
    Service, ServiceError,
    runtime::{Appended, Reply},
};

/// The maximum number of batches in one transaction.
const MAX_GROUP: usize = 256;

/// The number of acknowledgements that are sent before the task yields. Each wakes a connection,
/// and evaluations would have to wait behind all of them.
const REPLIES_AT_ONCE: usize = 8;

/// The maximum number of rollups, before merging, that the batches of one transaction lead to: each
/// event belongs to several dimensions. A single batch may exceed it.
const MAX_GROUP_ROWS: usize = 100_000;

/// Returns since when the disk has been too full to store telemetry; `None` while there is room.
#[must_use]
pub fn is_full_since(service: &Service) -> Option<Timestamp> {
    service.ingest.queue.full_since()
}

/// Returns the time of the last stored batch of an environment; `None` if there was none.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn last_event_at(
    service: &Service,
    environment: EnvironmentId,
) -> Result<Option<Timestamp>, ServiceError> {
    let known = service.ingest.queue.last_event_at(environment);
    let at = match known {
        Some(at) => at,
        // This process has stored none yet, so the store is asked.
        None => {
            let at = read_last_event(&*service.stores.telemetry, environment).await?;
            service.ingest.queue.record_last_event(environment, at)
        }
    };
    Ok(at.and_then(Timestamp::from_timestamp_millis))
}

/// Reads the time of the last stored batch, in milliseconds since 1970.
async fn read_last_event(
    store: &(impl EventLog + ActivityStore + ?Sized),
    environment: EnvironmentId,
) -> Result<Option<i64>, StoreError> {
    if let Some(minute) = store.read_newest_batch_minute(environment).await? {
        return Ok(Some(minute * 60_000));
    }
    // The ids of batches have expired: the last day with an active user is the best estimate.
    let day = store.read_last_active_day(environment).await?;
    Ok(day.map(|day| day * 86_400_000))
}

/// The maximum time that a batch waits for a place in the queue before it is rejected. Batches wait
/// in turn, so that overload slows connections down instead of rejecting most of them.
const TURN_TIMEOUT: Duration = Duration::from_secs(2);

/// Returns whether so many batches wait that the next one would be rejected.
#[must_use]
pub fn is_overrun(service: &Service) -> bool {
    service.ingest.queue.waiting.available_permits() == 0
}

/// A place in the queue, taken before the batch is decoded.
#[derive(Debug)]
pub struct Turn<'a>(mpsc::Permit<'a, (Batch, Reply)>);

/// Waits for a place in the queue.
///
/// # Errors
/// Returns [`ServiceError::Busy`] if too many batches wait, or if the wait times out.
#[tracing::instrument(level = "debug", skip_all, err(level = "debug"))]
pub async fn reserve_queue_place(service: &Service) -> Result<Turn<'_>, ServiceError> {
    let queue = &service.ingest.queue;
    if let Ok(permit) = queue.sender.try_reserve() {
        return Ok(Turn(permit));
    }
    let _waiting = queue.waiting.try_acquire().map_err(|_| ServiceError::Busy)?;
    match tokio::time::timeout(TURN_TIMEOUT, queue.sender.reserve()).await {
        Ok(Ok(permit)) => Ok(Turn(permit)),
        Ok(Err(_)) | Err(_) => Err(ServiceError::Busy),
    }
}

/// Stores a batch, which is durable when this returns.
///
/// # Errors
/// Returns [`ServiceError::Full`] if the disk is full, [`ServiceError::Locked`] while another
/// program holds a lock on the database, [`ServiceError::Busy`] during shutdown, and
/// [`ServiceError::Inconsistent`] for other storage errors.
#[tracing::instrument(level = "debug", skip_all, fields(environment = batch.environment.0), err(level = "debug"))]
pub async fn ingest_batch(turn: Turn<'_>, batch: Batch) -> Result<Appended, ServiceError> {
    let (reply, answer) = oneshot::channel();
    turn.0.send((batch, reply));
    match answer.await {
        Ok(Ok(appended)) => Ok(appended),
        Ok(Err(error)) => Err(match *error {
            StoreError::Full => ServiceError::Full,
            StoreError::Locked => ServiceError::Locked,
            _ => {
                tracing::error!(%error, "telemetry could not be stored");
                ServiceError::Inconsistent("telemetry could not be stored; the log says why")
            }
        }),
        // The writer has stopped: the server is shutting down.
        Err(_) => Err(ServiceError::Busy),
    }
}

/// Writes queued batches in groups for as long as it is polled; run as a single job.
pub async fn write_queued(service: &Service) {
    let mut receiver = service.ingest.queue.receiver.lock().await;
    let mut group = Vec::with_capacity(MAX_GROUP);
    while receiver.recv_many(&mut group, MAX_GROUP).await > 0 {
        while !group.is_empty() {
            let rest = group.split_off(count_fitting_batches(&group));
            let (batches, replies) = std::mem::replace(&mut group, rest).into_iter().unzip();
            write_group(service, batches, replies).await;
        }
    }
}

/// Returns the number of batches, at least one, that fit into the next transaction.
fn count_fitting_batches(group: &[(Batch, Reply)]) -> usize {
    let mut rows = 0;
    let fits = |(batch, _): &&(Batch, Reply)| {
        rows += batch.events.len() * Dimension::from_visit(&batch.visit).len();
        rows <= MAX_GROUP_ROWS
    };
    group.iter().take_while(fits).count().max(1)
}

async fn write_group(service: &Service, batches: Vec<Batch>, replies: Vec<Reply>) {
    match append_batches(&*service.stores.telemetry, &batches).await {
        Ok(outcomes) => {
            service.ingest.queue.record_stored_batches(&batches);
            service.announce_change();
            for (number, (reply, outcome)) in replies.into_iter().zip(outcomes).enumerate() {
                // The receiver is gone if the page closed its connection; the batch is stored
                // anyway.
                let _ = reply.send(Ok(outcome));
                if number % REPLIES_AT_ONCE == REPLIES_AT_ONCE - 1 {
                    tokio::task::yield_now().await;
                }
            }
        }
        Err(error) => {
            if matches!(error, StoreError::Full) {
                service.ingest.queue.record_full_disk(service.now());
                service.announce_change();
            }
            let error = Arc::new(error);
            for reply in replies {
                let _ = reply.send(Err(Arc::clone(&error)));
            }
        }
    }
}
