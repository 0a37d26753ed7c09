//! Tickets for the event stream: browsers' `EventSource` sends no headers, so what lets it in
//! stands in the address. A ticket opens one environment's stream and nothing else, for an hour.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use hmac::{Hmac, Mac};
use phasegate_domain::{Timestamp, ids::EnvironmentId};
use phasegate_service::{keys, secrets::Seed};
use sha2::Sha256;

/// How long the tickets of one period are given out, in seconds. They are good for the next
/// period too, so each lasts for half an hour at least and an hour at most.
const PERIOD_SECONDS: i64 = 1_800;

/// Makes and checks tickets, with a secret that lives as long as the process.
#[derive(Clone)]
pub(crate) struct Tickets {
    secret: Seed,
    /// The current ticket of each key, with its period: signing takes longer than answering. Only
    /// keys that are known get this far, so there are as many as there are keys.
    issued: Arc<Mutex<HashMap<String, (i64, String)>>>,
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

/// The period in which an instant lies.
fn period(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(PERIOD_SECONDS)
}

impl Tickets {
    pub(crate) fn new(secret: Seed) -> Self {
        Self { secret, issued: Arc::default() }
    }

    fn sign(&self, body: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(body.as_bytes());
        Some(mac)
    }

    /// A ticket: environment, period, the name of the key that it was given to, signature.
    pub(super) fn issue(
        &self,
        environment: EnvironmentId,
        key: &str,
        now: Timestamp,
    ) -> Option<String> {
        let period = period(now);
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, ticket)) = issued.get(key).filter(|(of, _)| *of == period) {
            return Some(ticket.clone());
        }
        let body = format!("{}.{period}.{}", environment.0, keys::name_of(key));
        let signature = self.sign(&body)?.finalize().into_bytes();
        let signature: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        let ticket = format!("{body}.{signature}");
        issued.insert(key.to_owned(), (period, ticket.clone()));
        Some(ticket)
    }

    /// The environment whose stream a ticket opens, if it is ours and still good, and the key
    /// that it was given to.
    pub(super) fn check<'t>(
        &self,
        ticket: &'t str,
        now: Timestamp,
    ) -> Option<(EnvironmentId, &'t str)> {
        let (body, signature) = ticket.rsplit_once('.')?;
        let (environment, rest) = body.split_once('.')?;
        let (issued, key) = rest.split_once('.')?;
        let signature: Vec<u8> = signature
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect::<Option<_>>()?;
        self.sign(body)?.verify_slice(&signature).ok()?;
        let age = period(now) - issued.parse::<i64>().ok()?;
        let environment = environment.parse().map(EnvironmentId).ok()?;
        (0..=1).contains(&age).then_some((environment, key))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_ticket_opens_its_environment_for_a_while() {
        let at = |second: i64| DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap();
        let tickets = Tickets::new([7; 32]);
        let ticket = tickets.issue(EnvironmentId(3), "k1", at(0)).unwrap();
        let name = keys::name_of("k1");
        assert_eq!(tickets.check(&ticket, at(0)), Some((EnvironmentId(3), name.as_str())));
        assert_eq!(tickets.check(&ticket, at(1_800)), Some((EnvironmentId(3), name.as_str())));
        assert_eq!(tickets.issue(EnvironmentId(3), "k1", at(60)), Some(ticket.clone()), "kept");
        assert_ne!(tickets.issue(EnvironmentId(3), "k1", at(1_800)), Some(ticket.clone()));
        assert_eq!(tickets.check(&ticket, at(3_600)), None, "too old");
        assert_eq!(tickets.check(&ticket, at(-1)), None, "from the future");
        assert_eq!(Tickets::new([8; 32]).check(&ticket, at(0)), None, "somebody else's");
        assert_eq!(tickets.check(&ticket.replacen('3', "4", 1), at(0)), None, "altered");
        for nonsense in ["", ".", "..", "1.2.zz", "3.1.é", "a.b.c.d"] {
            assert_eq!(tickets.check(nonsense, at(0)), None, "{nonsense}");
        }
    }
}
