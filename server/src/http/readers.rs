//! Threads that read batches. They are one fewer than there are processors, and the system schedules them
//! behind the other threads of this process, so that an evaluation does not wait for telemetry.

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::process::{getpriority_process, setpriority_process};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

/// How far behind the rest of the process. The system knows priorities up to [`LAST`].
const BEHIND: i32 = 10;
const LAST: i32 = 19;

/// Jobs in the queue. Where it is full, [`Readers::run`] waits; a request that is given up while it waits
/// leaves nothing behind.
const MAX_WAITING: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end with this value.
#[derive(Debug)]
pub(crate) struct Readers {
    jobs: mpsc::Sender<Job>,
}

impl Readers {
    pub(crate) fn new() -> Self {
        let (jobs, waiting) = mpsc::channel::<Job>(MAX_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads() {
            let waiting = Arc::clone(&waiting);
            std::thread::spawn(move || work(&waiting));
        }
        Self { jobs }
    }

    /// Waits for what a job comes to; nothing if it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let here = Handle::current();
        let job = move || {
            if !answer.is_closed() {
                let _ = answer.send(here.block_on(job));
            }
        };
        self.jobs.send(Box::new(job)).await.ok()?;
        answered.await.ok()
    }
}

fn threads() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    processors.saturating_sub(1).max(1)
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    // Only Linux knows the priority of single threads. Where it may not be lowered, batches are read all the same.
    if cfg!(target_os = "linux") {
        let own = getpriority_process(None).unwrap_or_default();
        let _ = setpriority_process(None, (own + BEHIND).min(LAST));
    }
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
    while let Some(job) = next() {
        // The panic is in the log, and the request that waits for the answer hears of it.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_costs_only_its_own_answer() {
        let readers = Readers::new();
        for _ in 0..20 {
            assert_eq!(readers.run(async { panic!("on purpose") }).await, None::<()>);
        }
        assert_eq!(readers.run(async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn batches_are_read_after_everything_else() {
        let own = rustix::process::getpriority_process(None).unwrap();
        let readers = Readers::new();
        let found = readers.run(async { rustix::process::getpriority_process(None) }).await;
        assert_eq!(found.unwrap().unwrap(), (own + BEHIND).min(LAST));
    }

    #[tokio::test]
    async fn a_job_without_a_waiting_request_is_not_done() {
        let (readers, gate) = (Arc::new(Readers::new()), Arc::new(Semaphore::new(0)));
        let (begin, mut begun) = mpsc::unbounded_channel();
        // All threads are busy, so that the next job waits in line.
        for _ in 0..threads() {
            let (readers, gate, begin) = (Arc::clone(&readers), Arc::clone(&gate), begin.clone());
            tokio::spawn(async move {
                let busy = async move {
                    begin.send("busy").unwrap();
                    drop(gate.acquire().await);
                };
                readers.run(busy).await
            });
            assert_eq!(begun.recv().await, Some("busy"));
        }
        let mut given_up = Box::pin(readers.run(async move { begin.send("in vain") }));
        assert!(futures::poll!(given_up.as_mut()).is_pending());
        drop(given_up);
        gate.add_permits(threads());
        assert_eq!(readers.run(async { 7 }).await, Some(7));
        assert!(begun.try_recv().is_err());
    }
}
