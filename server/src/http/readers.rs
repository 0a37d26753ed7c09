//! A pool of low-priority threads that decode batches, so that evaluations do not wait for
//! telemetry. It has one thread fewer than there are processors, but at least one.

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

/// Added to the nice value of the process. The system's maximum is [`LAST`].
const BEHIND: i32 = 10;
const LAST: i32 = 19;

/// The capacity of the queue. [`Readers::run_job`] waits while it is full; dropping that future leaves
/// no job behind.
const MAX_WAITING: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The thread pool; its threads end when it is dropped.
#[derive(Debug)]
pub(crate) struct Readers {
    jobs: mpsc::Sender<Job>,
}

impl Readers {
    pub(crate) fn new() -> Self {
        let (jobs, waiting) = mpsc::channel::<Job>(MAX_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..thread_count() {
            let waiting = Arc::clone(&waiting);
            std::thread::spawn(move || process_jobs(&waiting));
        }
        Self { jobs }
    }

    /// Runs a job on the pool and returns its result, or `None` if it panicked.
    pub(crate) async fn run_job<T: Send + 'static>(
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

fn thread_count() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    processors.saturating_sub(1).max(1)
}

fn process_jobs(waiting: &Mutex<mpsc::Receiver<Job>>) {
    // Only Linux has priorities per thread. An error is ignored: batches are decoded at any
    // priority.
    if cfg!(target_os = "linux") {
        let own = getpriority_process(None).unwrap_or_default();
        let _ = setpriority_process(None, (own + BEHIND).min(LAST));
    }
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
    while let Some(job) = next() {
        // The panic hook logs it, and the waiting request gets `None`.
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
            assert_eq!(readers.run_job(async { panic!("on purpose") }).await, None::<()>);
        }
        assert_eq!(readers.run_job(async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn jobs_run_with_lower_priority() {
        let own = rustix::process::getpriority_process(None).unwrap();
        let readers = Readers::new();
        let found = readers.run_job(async { rustix::process::getpriority_process(None) }).await;
        assert_eq!(found.unwrap().unwrap(), (own + BEHIND).min(LAST));
    }

    #[tokio::test]
    async fn a_job_whose_request_was_dropped_is_skipped() {
        let (readers, gate) = (Arc::new(Readers::new()), Arc::new(Semaphore::new(0)));
        let (begin, mut begun) = mpsc::unbounded_channel();
        // All threads are busy, so that the next job stays in the queue.
        for _ in 0..thread_count() {
            let (readers, gate, begin) = (Arc::clone(&readers), Arc::clone(&gate), begin.clone());
            tokio::spawn(async move {
                let busy = async move {
                    begin.send("busy").unwrap();
                    drop(gate.acquire().await);
                };
                readers.run_job(busy).await
            });
            assert_eq!(begun.recv().await, Some("busy"));
        }
        let mut given_up = Box::pin(readers.run_job(async move { begin.send("in vain") }));
        assert!(futures::poll!(given_up.as_mut()).is_pending());
        drop(given_up);
        gate.add_permits(thread_count());
        assert_eq!(readers.run_job(async { 7 }).await, Some(7));
        assert!(begun.try_recv().is_err());
    }
}
