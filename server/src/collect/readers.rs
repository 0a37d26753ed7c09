//! Threads that read batches. They are one fewer than there are processors, and the system runs them after
//! everything else that this process does: whoever asks for flags does not stand in line behind telemetry.

use std::{
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use rustix::process::setpriority_process;
use tokio::{runtime::Handle, sync::oneshot};

/// How far behind, from 0 to 19.
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end with this value.
#[derive(Debug)]
pub(crate) struct Readers {
    /// Bounded by whoever may have a turn at storing; see `telemetry::take_turn`.
    jobs: mpsc::Sender<Job>,
}

impl Readers {
    /// Starts the threads.
    pub(crate) fn new() -> Self {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for _ in 0..processors.saturating_sub(1).max(1) {
            let waiting = Arc::clone(&waiting);
            std::thread::spawn(move || work(&waiting));
        }
        Self { jobs }
    }

    /// Waits for what a job comes to; nothing if it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let here = Handle::current();
        let job = move || drop(answer.send(here.block_on(job)));
        self.jobs.send(Box::new(job)).ok()?;
        answered.await.ok()
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    // Only Linux knows the priority of single threads. Where it may not be lowered, batches are read all the same.
    if cfg!(target_os = "linux") {
        let _ = setpriority_process(None, NICENESS);
    }
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
    while let Ok(job) = next() {
        // The panic is in the log, and whoever waits for the answer hears of it.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(found.unwrap().unwrap(), (own + NICENESS).min(19).max(NICENESS));
    }
}
