//! A bounded queue in front of one writer that commits in groups.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use phasegate_domain::{
    Timestamp,
    ids::EnvironmentId,
    telemetry::{Batch, Dimension},
};
use phasegate_store::{Appended, StoreError};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

use crate::{Service, ServiceError};

/// Batches that wait at once; more are turned away.
pub const MAX_QUEUED_BATCHES: usize = 1_024;

/// Batches in one transaction.
const MAX_GROUP: usize = 256;

/// Acknowledgements that are sent before others have their turn: each wakes a connection, and whoever asks
/// for flags meanwhile would stand in line behind all of them.
const REPLIES_AT_ONCE: usize = 8;

/// Rows that the batches of one transaction may lead to, before they are put together: each event
/// stands in several slices. A single batch may go beyond it.
const MAX_GROUP_ROWS: usize = 100_000;

type Reply = oneshot::Sender<Result<Appended, Arc<StoreError>>>;

/// Batches on their way to the writer, and what became of the last ones.
#[derive(Debug)]
pub struct IngestQueue {
    sender: mpsc::Sender<(Batch, Reply)>,
    receiver: Mutex<mpsc::Receiver<(Batch, Reply)>>,
    /// When something was stored last, in milliseconds since 1970.
    heard: std::sync::Mutex<HashMap<EnvironmentId, Option<i64>>>,
    /// One permit for each batch that may wait for a place.
    waiting: Semaphore,
    /// Since when the disk has been full, in milliseconds since 1970; 0 while it is not.
    full_since: AtomicI64,
}

impl Default for IngestQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED_BATCHES);
        let heard = std::sync::Mutex::default();
        let (receiver, waiting) = (Mutex::new(receiver), Semaphore::new(MAX_WAITING));
        Self { sender, receiver, heard, waiting, full_since: AtomicI64::new(0) }
    }
}

impl IngestQueue {
    fn heard(&self) -> std::sync::MutexGuard<'_, HashMap<EnvironmentId, Option<i64>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was stored, and that there is room.
    fn note_stored(&self, batches: &[Batch]) {
        let mut heard = self.heard();
        for batch in batches {
            let at = batch.received_at.timestamp_millis();
            let newest = heard.entry(batch.environment).or_default();
            *newest = (*newest).max(Some(at));
        }
        drop(heard);
        if self.full_since.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!("there is room on the disk again; telemetry is being stored");
        }
    }

    fn note_full(&self, now: Timestamp) {
        let (none, now) = (0, now.timestamp_millis());
        let noted =
            self.full_since.compare_exchange(none, now, Ordering::Relaxed, Ordering::Relaxed);
        if noted.is_ok() {
            tracing::error!(
                "the disk is full: telemetry is refused until there is room; flags are answered all the same"
            );
        }
    }
}

/// Since when the disk has been too full to store telemetry; nothing while there is room.
#[must_use]
pub fn is_full_since(service: &Service) -> Option<Timestamp> {
    let since = service.ingest.full_since.load(Ordering::Relaxed);
    (since != 0).then(|| Timestamp::from_timestamp_millis(since)).flatten()
}

/// When something of an environment was stored last; nothing if nothing ever was.
///
/// # Errors
/// When storage fails.
pub async fn heard_at(
    service: &Service,
    environment: EnvironmentId,
) -> Result<Option<Timestamp>, ServiceError> {
    let known = service.ingest.heard().get(&environment).copied();
    let at = match known {
        Some(at) => at,
        // Before this process began.
        None => {
            let minute = service.telemetry.last_minute(environment).await?;
            let at = minute.map(|minute| minute * 60_000);
            *service.ingest.heard().entry(environment).or_insert(at)
        }
    };
    Ok(at.and_then(Timestamp::from_timestamp_millis))
}

/// How long a batch waits for a place in the queue before it is turned away. In turn, so that under
/// load each connection is slowed down to what can be stored, and little is refused.
const TURN_TIMEOUT: Duration = Duration::from_secs(2);

/// Batches that wait for a place in the queue at once; more are turned away at once.
const MAX_WAITING: usize = 2_048;

/// Whether so many batches wait for a place that the next one would be turned away.
#[must_use]
pub fn is_overrun(service: &Service) -> bool {
    service.ingest.waiting.available_permits() == 0
}

/// A place in the queue, taken before the batch is decoded.
#[derive(Debug)]
pub struct Turn<'a>(mpsc::Permit<'a, (Batch, Reply)>);

/// Waits for a place in the queue.
///
/// # Errors
/// [`ServiceError::Busy`] when too many wait, or for too long.
pub async fn take_turn(service: &Service) -> Result<Turn<'_>, ServiceError> {
    let queue = &service.ingest;
    if let Ok(permit) = queue.sender.try_reserve() {
        return Ok(Turn(permit));
    }
    let _waiting = queue.waiting.try_acquire().map_err(|_| ServiceError::Busy)?;
    match tokio::time::timeout(TURN_TIMEOUT, queue.sender.reserve()).await {
        Ok(Ok(permit)) => Ok(Turn(permit)),
        Ok(Err(_)) | Err(_) => Err(ServiceError::Busy),
    }
}

/// Stores a batch; when this returns, it survives a crash.
///
/// # Errors
/// [`ServiceError::Full`] when the disk is full, [`ServiceError::Locked`] while another program holds a lock on
/// the database, [`ServiceError::Busy`] during shutdown, and [`ServiceError::Inconsistent`] for other storage errors.
pub async fn ingest(turn: Turn<'_>, batch: Batch) -> Result<Appended, ServiceError> {
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

/// Writes what is queued, in groups, for as long as it is polled. A job; only one may run.
pub async fn write_queued(service: &Service) {
    let mut receiver = service.ingest.receiver.lock().await;
    let mut group = Vec::with_capacity(MAX_GROUP);
    while receiver.recv_many(&mut group, MAX_GROUP).await > 0 {
        while !group.is_empty() {
            let rest = group.split_off(fitting(&group));
            let (batches, replies) = std::mem::replace(&mut group, rest).into_iter().unzip();
            write(service, batches, replies).await;
        }
    }
}

/// How many batches from the first on go into one transaction: at least one.
fn fitting(group: &[(Batch, Reply)]) -> usize {
    let mut rows = 0;
    let fits = |(batch, _): &&(Batch, Reply)| {
        rows += batch.events.len() * Dimension::of_visit(&batch.visit).len();
        rows <= MAX_GROUP_ROWS
    };
    group.iter().take_while(fits).count().max(1)
}

async fn write(service: &Service, batches: Vec<Batch>, replies: Vec<Reply>) {
    match service.telemetry.append(&batches).await {
        Ok(outcomes) => {
            service.ingest.note_stored(&batches);
            service.announce();
            for (number, (reply, outcome)) in replies.into_iter().zip(outcomes).enumerate() {
                // Nobody waits any more where the page has gone; the batch is stored.
                let _ = reply.send(Ok(outcome));
                if number % REPLIES_AT_ONCE == REPLIES_AT_ONCE - 1 {
                    tokio::task::yield_now().await;
                }
            }
        }
        Err(error) => {
            if matches!(error, StoreError::Full) {
                service.ingest.note_full(service.now());
                service.announce();
            }
            let error = Arc::new(error);
            for reply in replies {
                let _ = reply.send(Err(Arc::clone(&error)));
            }
        }
    }
}
