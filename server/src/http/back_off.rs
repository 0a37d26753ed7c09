//! How long those wait whom the server has no room for: each connection longer each time, and all of them
//! so long that refusing costs the same however many there are.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::http::Connection;

/// How long a connection waits before it is refused: `FIRST` the first time, twice as long each time that it
/// comes again, and `LONGEST` at most. By its place among the others ([`Connection::spread`]) it waits up to
/// twice as long as that.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(4);

/// At least so long for each of those that wait: 2,000 refusals a second, a tenth of a processor.
const FOR_EACH: Duration = Duration::from_micros(500);

/// Counts the connections that wait.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    waiting: AtomicU32,
}

/// Counts one connection while it lives.
struct Waiting<'a>(&'a AtomicU32);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl BackOff {
    /// Waits before a refusal. Afterwards there may be room; the caller looks again. Ends early when the
    /// server stops.
    pub(crate) async fn wait(&self, connection: &Connection, stopping: &CancellationToken) {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        let pause = connection.back_off(FIRST, LONGEST).max(FOR_EACH * waiting).min(LONGEST);
        // Those that came together do not come back together.
        let pause = pause.mul_f64(1.0 + connection.spread());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::{StreamExt, stream::FuturesUnordered};
    use tokio::time::Instant;

    use super::*;
    use crate::http::connections_for_tests;

    #[tokio::test(start_paused = true)]
    async fn refusals_are_no_more_a_second_than_a_processor_bears() {
        for clients in [10, 2_000, 10_000] {
            let (back_off, begun) = (Arc::new(BackOff::default()), Instant::now());
            let waits = connections_for_tests(clients).into_iter().map(|connection| {
                let back_off = Arc::clone(&back_off);
                async move {
                    back_off.wait(&connection, &CancellationToken::new()).await;
                    begun.elapsed().as_millis()
                }
            });
            let mut due: Vec<u128> = waits.collect::<FuturesUnordered<_>>().collect().await;
            due.sort_unstable();
            let tenths = due.chunk_by(|a, b| a / 100 == b / 100).map(<[u128]>::len);
            assert!(tenths.max().unwrap() <= 400, "{clients} clients, in a tenth of a second");
            assert!(*due.last().unwrap() <= 8_001 && due[0] >= 250);
            assert_eq!(back_off.waiting.load(Ordering::Relaxed), 0);
        }
    }
}
