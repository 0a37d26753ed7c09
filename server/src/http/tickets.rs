//! Tickets for event streams. `EventSource` of browsers sends no headers, so the URL authenticates
//! it by a ticket, which opens only the stream of one environment, for at most an hour.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Bytes;
use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac};
use phasegate_domain::{Timestamp, ids::EnvironmentId};
use phasegate_service::{keys, secrets::Seed};
use serde::Serialize;
use sha2::Sha256;

/// The length of a ticket period, in seconds. A ticket is valid in its period and the next, that is
/// for half an hour to an hour.
const PERIOD_SECONDS: i64 = 1_800;

/// Seconds after which a hidden page may close its stream.
const INACTIVITY_SECONDS: u32 = 120;

/// A stream on which a client may listen for changes (OFREP `eventStreams`).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EventStream {
    r#type: &'static str,
    endpoint: Endpoint,
    inactivity_delay_sec: u32,
}

/// An address on this server, without an origin, because only the client knows it behind a proxy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    request_uri: String,
}

/// Issues and checks tickets, with a secret of this process.
#[derive(Clone)]
pub(crate) struct Tickets {
    secret: Seed,
    /// The current `eventStreams` of each key with their period, because signing is slow. Only
    /// known keys get here, which bounds the size.
    told: Arc<Mutex<HashMap<String, (i64, Bytes)>>>,
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

/// The number of the period that contains an instant.
fn ticket_period(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(PERIOD_SECONDS)
}

impl Tickets {
    pub(crate) fn new(secret: Seed) -> Self {
        Self { secret, told: Arc::default() }
    }

    fn sign_body(&self, body: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(body.as_bytes());
        Some(mac)
    }

    /// Returns `eventStreams` of a bulk evaluation as JSON, with a ticket.
    pub(crate) fn event_streams(
        &self,
        environment: EnvironmentId,
        key: &str,
        now: Timestamp,
    ) -> Option<Bytes> {
        let period = ticket_period(now);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, streams)) = told.get(key).filter(|(of, _)| *of == period) {
            return Some(streams.clone());
        }
        let ticket = self.issue_ticket(environment, key, period)?;
        let stream = EventStream {
            r#type: "sse",
            endpoint: Endpoint { request_uri: format!("/ofrep/v1/stream?ticket={ticket}") },
            inactivity_delay_sec: INACTIVITY_SECONDS,
        };
        let streams: Bytes = serde_json::to_vec(&[stream]).ok()?.into();
        told.insert(key.to_owned(), (period, streams.clone()));
        Some(streams)
    }

    /// Issues a ticket: environment, period, name of the key, and signature, joined by dots.
    fn issue_ticket(&self, environment: EnvironmentId, key: &str, period: i64) -> Option<String> {
        let body = format!("{}.{period}.{}", environment.0, keys::short_key_name(key));
        let signature = self.sign_body(&body)?.finalize().into_bytes();
        Some(format!("{body}.{}", HEXLOWER.encode(&signature)))
    }

    /// Returns the environment and the key name of a ticket if its signature and period are valid.
    pub(crate) fn check_ticket<'t>(
        &self,
        ticket: &'t str,
        now: Timestamp,
    ) -> Option<(EnvironmentId, &'t str)> {
        let (body, signature) = ticket.rsplit_once('.')?;
        let (environment, rest) = body.split_once('.')?;
        let (issued, key) = rest.split_once('.')?;
        let signature = HEXLOWER.decode(signature.as_bytes()).ok()?;
        self.sign_body(body)?.verify_slice(&signature).ok()?;
        let age = ticket_period(now) - issued.parse::<i64>().ok()?;
        let environment = environment.parse().map(EnvironmentId).ok()?;
        (0..=1).contains(&age).then_some((environment, key))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_ticket_opens_only_its_environment_until_it_expires() {
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let tickets = Tickets::new([7; 32]);
        let ticket = tickets.issue_ticket(EnvironmentId(3), "k1", ticket_period(at(0))).unwrap();
        let name = keys::short_key_name("k1");
        assert_eq!(tickets.check_ticket(&ticket, at(0)), Some((EnvironmentId(3), name.as_str())));
        assert_eq!(
            tickets.check_ticket(&ticket, at(1_800)),
            Some((EnvironmentId(3), name.as_str()))
        );
        let streams = |second| tickets.event_streams(EnvironmentId(3), "k1", at(second)).unwrap();
        assert!(String::from_utf8_lossy(&streams(0)).contains(&ticket));
        assert_eq!(streams(60), streams(0), "kept");
        assert_ne!(streams(1_800), streams(60), "and renewed");
        assert_eq!(tickets.check_ticket(&ticket, at(3_600)), None, "too old");
        assert_eq!(tickets.check_ticket(&ticket, at(-1)), None, "from the future");
        assert_eq!(Tickets::new([8; 32]).check_ticket(&ticket, at(0)), None, "somebody else's");
        assert_eq!(tickets.check_ticket(&ticket.replacen('3', "4", 1), at(0)), None, "altered");
        for nonsense in ["", ".", "..", "1.2.zz", "3.1.é", "a.b.c.d"] {
            assert_eq!(tickets.check_ticket(nonsense, at(0)), None, "{nonsense}");
        }
    }
}
