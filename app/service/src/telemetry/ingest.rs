//! A bounded queue in front of one writer that commits in groups.

use std::sync::Arc;

use phasegate_domain::telemetry::Batch;
use phasegate_store::{Appended, StoreError};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::{Service, ServiceError};

/// Batches that wait at once; more are turned away.
pub const MAX_QUEUED_BATCHES: usize = 1_024;

/// Batches in one transaction.
const MAX_GROUP: usize = 256;

type Reply = oneshot::Sender<Result<Appended, Arc<StoreError>>>;

/// Batches on their way to the writer.
#[derive(Debug)]
pub struct IngestQueue {
    sender: mpsc::Sender<(Batch, Reply)>,
    receiver: Mutex<mpsc::Receiver<(Batch, Reply)>>,
}

impl Default for IngestQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(MAX_QUEUED_BATCHES);
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

/// Stores a batch; when this returns, it survives a crash.
///
/// # Errors
/// [`ServiceError::Busy`] when the queue is full, or what storage says.
pub async fn ingest(service: &Service, batch: Batch) -> Result<Appended, ServiceError> {
    let (reply, answer) = oneshot::channel();
    service.ingest.sender.try_send((batch, reply)).map_err(|_| ServiceError::Busy)?;
    match answer.await {
        Ok(Ok(appended)) => Ok(appended),
        Ok(Err(error)) => {
            tracing::error!(%error, "telemetry could not be stored");
            Err(ServiceError::Inconsistent("telemetry could not be stored; the log says why"))
        }
        // The writer has stopped: the server is shutting down.
        Err(_) => Err(ServiceError::Busy),
    }
}

/// Writes what is queued, in groups, for as long as it is polled. A job; only one may run.
pub async fn write_queued(service: &Service) {
    let mut receiver = service.ingest.receiver.lock().await;
    let mut group = Vec::with_capacity(MAX_GROUP);
    while receiver.recv_many(&mut group, MAX_GROUP).await > 0 {
        let (batches, replies): (Vec<Batch>, Vec<Reply>) = group.drain(..).unzip();
        match service.telemetry.append(&batches).await {
            Ok(outcomes) => {
                service.announce();
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    // Nobody waits any more where the page has gone; the batch is stored.
                    let _ = reply.send(Ok(outcome));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for reply in replies {
                    let _ = reply.send(Err(Arc::clone(&error)));
                }
            }
        }
    }
}
