//! Reading a body: no more of it than it may hold, and no longer than a client may take.
//!
//! Most bodies arrive together with their head and are read at once. Those that do not are waited for
//! within bounds: at most [`DEADLINE`], and at most [`MAX_SLOW`] of them; a newer one takes the place
//! of the one that has been waited for longest, so that clients that stall never keep others out.

use std::{
    collections::BTreeMap,
    error::Error,
    net::IpAddr,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, StatusCode},
};
use http_body_util::LengthLimitError;
use phasegate_service::subscriber::subscriber;
use tokio_util::sync::CancellationToken;

use super::{Problem, coding::decoded};

/// How long a client may take to send a body.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// Bodies that are waited for at once.
const MAX_SLOW: usize = 2_048;

/// The same for clients of one address.
const MAX_SLOW_PER_ADDRESS: usize = 512;

/// The bodies that are waited for, the oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlowBodies(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    next_id: u64,
    bodies: BTreeMap<u64, (IpAddr, CancellationToken)>,
}

/// A body that is waited for; no longer when it is dropped.
struct Place<'a> {
    bodies: &'a SlowBodies,
    id: u64,
    /// Cancelled when a newer one takes its place.
    displaced: CancellationToken,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.bodies.lock().bodies.remove(&self.id);
    }
}

impl SlowBodies {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, address: IpAddr) -> Place<'_> {
        let address = subscriber(address);
        let mut waiting = self.lock();
        let is_here = |(of, _): &&(IpAddr, CancellationToken)| *of == address;
        let crowded = waiting.bodies.len() >= MAX_SLOW_PER_ADDRESS
            && waiting.bodies.values().filter(is_here).count() >= MAX_SLOW_PER_ADDRESS;
        let oldest = match crowded {
            true => waiting.bodies.iter().find(|(_, body)| body.0 == address).map(|(id, _)| *id),
            false if waiting.bodies.len() >= MAX_SLOW => waiting.bodies.keys().next().copied(),
            false => None,
        };
        if let Some((_, displaced)) = oldest.and_then(|oldest| waiting.bodies.remove(&oldest)) {
            displaced.cancel();
        }
        let id = waiting.next_id;
        waiting.next_id += 1;
        let displaced = CancellationToken::new();
        waiting.bodies.insert(id, (address, displaced.clone()));
        Place { bodies: self, id, displaced }
    }

    /// Reads a body of at most `limit` bytes, sent from an address, and undoes its coding.
    pub(crate) async fn read(
        &self,
        address: IpAddr,
        headers: &HeaderMap,
        body: Body,
        limit: usize,
    ) -> Result<Bytes, Problem> {
        decoded(headers, self.read_coded(address, body, limit).await?, limit)
    }

    async fn read_coded(
        &self,
        address: IpAddr,
        body: Body,
        limit: usize,
    ) -> Result<Bytes, Problem> {
        let mut reading = pin!(to_bytes(body, limit));
        let done = match futures::poll!(reading.as_mut()) {
            std::task::Poll::Ready(done) => done,
            std::task::Poll::Pending => {
                let place = self.place(address);
                tokio::select! {
                    biased;
                    done = reading => done,
                    () = tokio::time::sleep(DEADLINE) => return Err(late()),
                    () = place.displaced.cancelled() => return Err(late()),
                }
            }
        };
        done.map_err(|error| refused(&error, limit))
    }
}

fn late() -> Problem {
    let seconds = DEADLINE.as_secs();
    let detail = format!("the body did not arrive within {seconds} seconds; send it again");
    Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
}

fn refused(error: &axum::Error, limit: usize) -> Problem {
    let too_large = error.source().is_some_and(|source| source.is::<LengthLimitError>());
    if too_large {
        let detail = format!("the body is larger than {limit} bytes; send less at once");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail);
    }
    Problem::new(StatusCode::BAD_REQUEST, "the body ended before it was complete")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn stalled() -> Body {
        Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_given_up() {
        let bodies = SlowBodies::default();
        let refused = bodies.read_coded(HERE, stalled(), 10).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
        assert!(bodies.lock().bodies.is_empty());
        assert_eq!(bodies.read_coded(HERE, Body::from("0123456789"), 10).await.unwrap().len(), 10);
        let refused = bodies.read_coded(HERE, Body::from("0123456789"), 9).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn a_newer_body_takes_the_place_of_the_oldest() {
        let bodies = SlowBodies::default();
        let from_there = bodies.place(THERE);
        let places: Vec<_> = (0..MAX_SLOW_PER_ADDRESS).map(|_| bodies.place(HERE)).collect();
        assert!(!places[0].displaced.is_cancelled());
        let _newer = bodies.place(HERE);
        assert!(places[0].displaced.is_cancelled() && !places[1].displaced.is_cancelled());
        assert!(!from_there.displaced.is_cancelled(), "of its own address");
        let addresses = (0..MAX_SLOW).map(|n| IpAddr::from([10, 1, (n >> 8) as u8, n as u8]));
        let _others: Vec<_> = addresses.map(|address| bodies.place(address)).collect();
        assert!(from_there.displaced.is_cancelled(), "of all");
        assert!(bodies.lock().bodies.len() <= MAX_SLOW);
    }
}
