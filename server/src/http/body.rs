//! Reads request bodies within bounds of size and time.
//!
//! Most bodies arrive together with their head and are read at once. Slow ones are awaited for at
//! most [`DEADLINE`], and at most [`MAX_SLOW`] at a time: beyond that, a new one displaces the
//! oldest, so that stalled clients never block others.

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
use phasegate_domain::ids::EnvironmentId;
use phasegate_service::subscriber::subscriber_address;
use tokio_util::sync::CancellationToken;

use super::{ClientAddress, Connection, Problem, coding::decode_body, no_room_problem};

/// The maximum time that a client may take to send a body.
pub(crate) const DEADLINE: Duration = Duration::from_secs(5);

/// The maximum number of bodies awaited at once.
const MAX_SLOW: usize = 2_048;

/// The maximum per environment, because its client key is public in every page.
const MAX_SLOW_PER_ENVIRONMENT: usize = 1_024;

/// The maximum per client address.
const MAX_SLOW_PER_ADDRESS: usize = 512;

/// The sender for which a body is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    address: IpAddr,
    /// The environment of the key, if one was sent in the head.
    environment: Option<EnvironmentId>,
}

/// A client with its connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    source: Source,
    /// Set if a key was sent in the head: the connection may be closed to make room while its body
    /// is awaited.
    connection: Option<&'a Connection>,
}

impl<'a> Sender<'a> {
    /// Creates a sender with an environment's key, and counts its connection for that environment.
    ///
    /// # Errors
    /// Returns 503 if the environment has too many connections.
    pub(crate) fn with_key(
        from: ClientAddress,
        connection: &'a Connection,
        environment: EnvironmentId,
    ) -> Result<Self, Problem> {
        let Self { source, .. } = from.into();
        let source = Source { environment: Some(environment), ..source };
        match connection.admits_key(environment) {
            true => Ok(Self { source, connection: Some(connection) }),
            false => Err(no_room_problem()),
        }
    }
}

impl From<ClientAddress> for Sender<'_> {
    fn from(ClientAddress(address): ClientAddress) -> Self {
        let source = Source { address: subscriber_address(address), environment: None };
        Self { source, connection: None }
    }
}

/// The bodies that are being awaited, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlowBodies(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    next_id: u64,
    bodies: BTreeMap<u64, (Source, CancellationToken)>,
}

impl Waiting {
    /// Returns the oldest body of the matching sources if their number has reached the limit.
    fn find_oldest_at_limit(&self, limit: usize, is_one: impl Fn(&Source) -> bool) -> Option<u64> {
        if self.bodies.len() < limit {
            return None;
        }
        let mut ids =
            self.bodies.iter().filter(|(_, (source, _))| is_one(source)).map(|(id, _)| *id);
        let oldest = ids.next()?;
        (ids.count() + 1 >= limit).then_some(oldest)
    }
}

/// A body that is being awaited; unregistered on drop.
struct Place<'a> {
    bodies: &'a SlowBodies,
    id: u64,
    /// Cancelled when a newer body displaces this one.
    displaced: CancellationToken,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.bodies.lock_waiting().bodies.remove(&self.id);
    }
}

impl SlowBodies {
    fn lock_waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register_body(&self, from: Source) -> Place<'_> {
        let mut waiting = self.lock_waiting();
        let oldest = waiting
            .find_oldest_at_limit(MAX_SLOW_PER_ADDRESS, |source| source.address == from.address)
            .or_else(|| {
                let environment = from.environment?;
                waiting.find_oldest_at_limit(MAX_SLOW_PER_ENVIRONMENT, |source| {
                    source.environment == Some(environment)
                })
            })
            .or_else(|| waiting.find_oldest_at_limit(MAX_SLOW, |_| true));
        if let Some((_, displaced)) = oldest.and_then(|oldest| waiting.bodies.remove(&oldest)) {
            displaced.cancel();
        }
        let id = waiting.next_id;
        waiting.next_id += 1;
        let displaced = CancellationToken::new();
        waiting.bodies.insert(id, (from, displaced.clone()));
        Place { bodies: self, id, displaced }
    }

    /// Reads a body and decodes it; both forms may have at most `limit` bytes.
    pub(crate) async fn read_body(
        &self,
        from: impl Into<Sender<'_>>,
        headers: &HeaderMap,
        body: Body,
        limit: usize,
    ) -> Result<Bytes, Problem> {
        decode_body(headers, self.read_coded(from.into(), body, limit).await?, limit)
    }

    async fn read_coded(
        &self,
        from: Sender<'_>,
        body: Body,
        limit: usize,
    ) -> Result<Bytes, Problem> {
        let mut reading = pin!(to_bytes(body, limit));
        let done = match futures::poll!(reading.as_mut()) {
            std::task::Poll::Ready(done) => done,
            std::task::Poll::Pending => {
                let place = self.register_body(from.source);
                let _makes_room = from.connection.map(Connection::wait_for_body);
                tokio::select! {
                    biased;
                    done = reading => done,
                    () = tokio::time::sleep(DEADLINE) => return Err(timeout_problem()),
                    () = place.displaced.cancelled() => return Err(timeout_problem()),
                }
            }
        };
        done.map_err(|error| body_problem(&error, limit))
    }
}

fn timeout_problem() -> Problem {
    let seconds = DEADLINE.as_secs();
    let detail = format!("the body did not arrive within {seconds} seconds; send it again");
    Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
}

fn body_problem(error: &axum::Error, limit: usize) -> Problem {
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

    const HERE: Source = Source { address: test_address(1), environment: None };
    const THERE: Source = Source { address: test_address(2), environment: None };
    const FROM_HERE: Sender<'_> = Sender { source: HERE, connection: None };

    const fn test_address(number: u32) -> IpAddr {
        IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number))
    }

    fn stalled_body() -> Body {
        Body::from_stream(stream::pending::<Result<Bytes, Infallible>>())
    }

    #[tokio::test(start_paused = true)]
    async fn a_stalled_body_times_out() {
        let bodies = SlowBodies::default();
        let refused = bodies.read_coded(FROM_HERE, stalled_body(), 10).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
        assert!(bodies.lock_waiting().bodies.is_empty());
        assert_eq!(
            bodies.read_coded(FROM_HERE, Body::from("0123456789"), 10).await.unwrap().len(),
            10
        );
        let refused = bodies.read_coded(FROM_HERE, Body::from("0123456789"), 9).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn a_new_body_displaces_the_oldest() {
        let bodies = SlowBodies::default();
        let from_there = bodies.register_body(THERE);
        let places: Vec<_> =
            (0..MAX_SLOW_PER_ADDRESS).map(|_| bodies.register_body(HERE)).collect();
        assert!(!places[0].displaced.is_cancelled());
        let _newer = bodies.register_body(HERE);
        assert!(places[0].displaced.is_cancelled() && !places[1].displaced.is_cancelled());
        assert!(!from_there.displaced.is_cancelled(), "of its own address");
        let others = (0..MAX_SLOW as u32)
            .map(|number| Source { address: test_address(100 + number), ..HERE });
        let _others: Vec<_> = others.map(|source| bodies.register_body(source)).collect();
        assert!(from_there.displaced.is_cancelled(), "of all");
        assert!(bodies.lock_waiting().bodies.len() <= MAX_SLOW);
    }

    #[test]
    fn bodies_of_one_key_leave_room_for_other_keys() {
        let bodies = SlowBodies::default();
        let with_key = |number: usize, environment| Source {
            address: test_address(number as u32),
            environment: Some(EnvironmentId(environment)),
        };
        let of_another_key = bodies.register_body(with_key(0, 2));
        let places: Vec<_> =
            (0..3 * MAX_SLOW).map(|number| bodies.register_body(with_key(number, 1))).collect();
        let waiting = places.iter().filter(|place| !place.displaced.is_cancelled()).count();
        assert_eq!(waiting, MAX_SLOW_PER_ENVIRONMENT);
        assert!(!of_another_key.displaced.is_cancelled());
    }
}
