//! Delays before refusals when the server is full. They grow with each refusal of a connection, and
//! with the number of waiting connections, so that the rate of refusals stays bounded.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::http::Connection;

/// The delay before a refusal: `FIRST` at first, doubled with each refusal of the same connection,
/// up to `LONGEST`. [`Connection::spread_factor`] then stretches it by up to a factor of two.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(4);

/// The minimum delay per waiting connection, up to `LONGEST`: 2,000 refusals a second, a tenth of a
/// CPU.
const FOR_EACH: Duration = Duration::from_micros(500);

/// Delays refusals and counts the waiting connections.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    waiting: AtomicU32,
}

/// Counts one waiting connection until it is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl BackOff {
    /// Waits before a refusal; the caller then checks again whether there is room. Returns early
    /// when the server stops.
    pub(crate) async fn wait_before_refusal(
        &self,
        connection: &Connection,
        stopping: &CancellationToken,
    ) {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        let pause = connection.next_back_off(FIRST, LONGEST).max(FOR_EACH * waiting).min(LONGEST);
        // Connections that arrived together must not retry together.
        let pause = pause.mul_f64(1.0 + connection.spread_factor());
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
    async fn the_rate_of_refusals_is_bounded() {
        for clients in [10, 2_000, 10_000] {
            let (back_off, begun) = (Arc::new(BackOff::default()), Instant::now());
            let waits = connections_for_tests(clients).into_iter().map(|connection| {
                let back_off = Arc::clone(&back_off);
                async move {
                    back_off.wait_before_refusal(&connection, &CancellationToken::new()).await;
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
