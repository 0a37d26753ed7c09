//! What one visitor, session or address may send: a client key is public, so without bounds one page could
//! push everybody else's reports out, move every number, and fill the disk.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use phasegate_domain::{
    Timestamp,
    ids::EnvironmentId,
    telemetry::{Batch, FactKind, PersonHash, SessionHash, day_of},
    vitals::Vital,
};

use crate::{Service, subscriber::subscriber};

/// How many things a minute, and how many at once.
#[derive(Debug, Clone, Copy)]
struct Limit {
    per_minute: f64,
    at_once: f64,
    what: &'static str,
}

const SESSION_EVENTS: Limit =
    Limit { per_minute: 1_200.0, at_once: 2_000.0, what: "events of one session" };
const VISITOR_EVENTS: Limit =
    Limit { per_minute: 2_400.0, at_once: 4_000.0, what: "events of one visitor" };
const ADDRESS_EVENTS: Limit =
    Limit { per_minute: 60_000.0, at_once: 120_000.0, what: "events of one address" };
const SESSION_VITALS: Limit =
    Limit { per_minute: 120.0, at_once: 240.0, what: "vitals of one session" };
const VISITOR_REPORTS: Limit =
    Limit { per_minute: 30.0, at_once: 60.0, what: "errors and feedback of one visitor" };
const ADDRESS_REPORTS: Limit =
    Limit { per_minute: 600.0, at_once: 1_000.0, what: "errors and feedback of one address" };
const ADDRESS_BYTES: Limit = Limit {
    per_minute: 16.0 * 1024.0 * 1024.0,
    at_once: 64.0 * 1024.0 * 1024.0,
    what: "bytes of one address",
};

/// Bytes that the pages of an environment may send in a day.
pub const DAILY_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Sources that are remembered at once. When there are more, those that have not sent lately are forgotten.
const MAX_SOURCES: usize = 200_000;

/// Values of one vital that are remembered of a session.
const MAX_VALUES: usize = 16;

/// Who sends, and what is counted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    SessionEvents(EnvironmentId, SessionHash),
    SessionVitals(EnvironmentId, SessionHash),
    VisitorEvents(EnvironmentId, PersonHash),
    VisitorReports(EnvironmentId, PersonHash),
    AddressEvents(IpAddr),
    AddressReports(IpAddr),
    AddressBytes(IpAddr),
}

/// A token bucket.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    /// In milliseconds since 1970.
    at: i64,
}

/// A map that forgets what was not looked at since it was last full.
#[derive(Debug)]
struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Copy, V: Default> Recent<K, V> {
    fn get(&mut self, key: K) -> &mut V {
        if self.young.len() >= MAX_SOURCES / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        let old = &mut self.old;
        self.young.entry(key).or_insert_with(|| old.remove(&key).unwrap_or_default())
    }
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

/// A vital's value that a session has sent.
#[derive(Debug)]
struct SentValue {
    millionths: u64,
    /// The batch that brought it.
    by: String,
    /// The batch that has replaced it by another value.
    replaced_by: Option<String>,
}

/// What is remembered of those who send.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    buckets: Recent<Source, Option<Bucket>>,
    vitals: Recent<(EnvironmentId, SessionHash, Vital), Vec<SentValue>>,
    /// The day, and the bytes that came on it.
    bytes: HashMap<EnvironmentId, (i64, u64)>,
}

/// Why a batch is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many {what}: at most {per_minute} a minute are taken; send the rest later")]
pub struct QuotaExceeded {
    what: &'static str,
    per_minute: u64,
    /// After how many seconds there is room again.
    pub retry_after_seconds: u64,
}

impl Known {
    /// Whether a source may send so many more, without taking them.
    fn room(
        &mut self,
        source: Source,
        limit: Limit,
        wanted: f64,
        now: i64,
    ) -> Option<QuotaExceeded> {
        let bucket = self.buckets.get(source);
        let Bucket { tokens, at } = bucket.unwrap_or(Bucket { tokens: limit.at_once, at: now });
        let since = (now - at).max(0) as f64 / 60_000.0;
        let tokens = (tokens + since * limit.per_minute).min(limit.at_once);
        *bucket = Some(Bucket { tokens, at: now });
        // More than is ever there at once passes when all is there.
        let needed = wanted.min(limit.at_once);
        (tokens < needed).then(|| QuotaExceeded {
            what: limit.what,
            per_minute: limit.per_minute as u64,
            retry_after_seconds: ((needed - tokens) / limit.per_minute * 60.0).ceil() as u64,
        })
    }

    fn take(&mut self, source: Source, wanted: f64) {
        if let Some(bucket) = self.buckets.get(source) {
            bucket.tokens -= wanted;
        }
    }
}

impl Quotas {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(
        &self,
        batch: &Batch,
        address: Option<IpAddr>,
        bytes: usize,
    ) -> Result<(), QuotaExceeded> {
        let count = |is_one: fn(&FactKind) -> bool| {
            batch.facts.iter().filter(|fact| is_one(&fact.kind)).count() as f64
        };
        let events = count(FactKind::is_about_somebody);
        let vitals = count(|kind| matches!(kind, FactKind::Vital { .. }));
        let reports = count(|kind| matches!(kind, FactKind::Error(_) | FactKind::Feedback(_)));
        let environment = batch.environment;
        let mut asked: Vec<(Source, Limit, f64)> = Vec::with_capacity(7);
        if let Some((visitor, session)) = batch.visit.who {
            asked.push((Source::SessionEvents(environment, session), SESSION_EVENTS, events));
            asked.push((Source::SessionVitals(environment, session), SESSION_VITALS, vitals));
            asked.push((Source::VisitorEvents(environment, visitor), VISITOR_EVENTS, events));
            asked.push((Source::VisitorReports(environment, visitor), VISITOR_REPORTS, reports));
        }
        if let Some(address) = address.map(subscriber) {
            asked.push((Source::AddressEvents(address), ADDRESS_EVENTS, events));
            asked.push((Source::AddressReports(address), ADDRESS_REPORTS, reports));
            asked.push((Source::AddressBytes(address), ADDRESS_BYTES, bytes as f64));
        }
        asked.retain(|(.., wanted)| *wanted > 0.0);
        let now = batch.received_at.timestamp_millis();
        let mut known = self.lock();
        let today = day_of(batch.received_at);
        let used = known.bytes.get(&environment).filter(|(day, _)| *day == today);
        let used = used.map_or(0, |(_, used)| *used) + bytes as u64;
        if used > DAILY_BYTES {
            return Err(QuotaExceeded {
                what: "bytes of one environment today",
                per_minute: DAILY_BYTES / 1_440,
                retry_after_seconds: until_tomorrow(batch.received_at),
            });
        }
        // All or nothing: a batch that is sent again must not have been paid for.
        for (source, limit, wanted) in &asked {
            if let Some(exceeded) = known.room(*source, *limit, *wanted, now) {
                return Err(exceeded);
            }
        }
        for (source, _, wanted) in asked {
            known.take(source, wanted);
        }
        known.bytes.insert(environment, (today, used));
        Ok(())
    }

    /// Takes out corrections of values that the session did not send: they would take other people's
    /// values away. Says how many.
    fn check_corrections(&self, batch: &mut Batch) -> u64 {
        let Some((_, session)) = batch.visit.who else {
            let before = batch.facts.len();
            batch.facts.retain(|fact| !matches!(fact.kind, FactKind::Vital { was: Some(_), .. }));
            return (before - batch.facts.len()) as u64;
        };
        let (environment, id) = (batch.environment, batch.id.clone());
        let mut known = self.lock();
        let mut refused = 0;
        batch.facts.retain(|fact| {
            let FactKind::Vital { vital, millionths, was } = fact.kind else { return true };
            let sent = known.vitals.get((environment, session, vital));
            if let Some(was) = was {
                // Each value is replaced once; the same batch may come again.
                let is_free = |value: &&mut SentValue| {
                    value.millionths == was && value.replaced_by.as_ref().is_none_or(|by| *by == id)
                };
                let Some(found) = sent.iter_mut().find(is_free) else {
                    refused += 1;
                    return false;
                };
                found.replaced_by = Some(id.clone());
            }
            // The same batch again adds nothing: the store counts it once.
            if sent.iter().any(|value| value.millionths == millionths && value.by == id) {
                return true;
            }
            if sent.len() >= MAX_VALUES {
                sent.remove(0);
            }
            sent.push(SentValue { millionths, by: id.clone(), replaced_by: None });
            true
        });
        refused
    }
}

/// Checks what a page sends against what one visitor, session and address may. `address` is none where it
/// says nothing, as on the machine itself; `bytes` is the size of what was sent. What was made up passes.
///
/// # Errors
/// [`QuotaExceeded`], with the time after which there is room again.
pub fn admit(
    service: &Service,
    batch: &mut Batch,
    address: Option<IpAddr>,
    bytes: usize,
) -> Result<(), QuotaExceeded> {
    if batch.environment.is_simulated() {
        return Ok(());
    }
    service.quotas.admit(batch, address, bytes)?;
    let refused = service.quotas.check_corrections(batch);
    if refused > 0 {
        let at = batch.received_at;
        let reason = "was: no such value of this session is remembered".to_owned();
        // The value that it would have replaced is still there, so nothing is lost.
        let kind = FactKind::Refused { reason, events: refused };
        batch.facts.push(phasegate_domain::telemetry::Fact { at, page: String::new(), kind });
    }
    Ok(())
}

fn until_tomorrow(now: Timestamp) -> u64 {
    (86_400 - now.timestamp().rem_euclid(86_400)).unsigned_abs()
}

/// The bytes that pages of an environment have sent today, since the server started.
#[must_use]
pub fn bytes_today(service: &Service, environment: EnvironmentId) -> u64 {
    let today = day_of(service.now());
    let known = service.quotas.lock();
    known.bytes.get(&environment).filter(|(day, _)| *day == today).map_or(0, |(_, used)| *used)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use phasegate_domain::telemetry::{Fact, Visit};

    use super::*;

    fn batch(id: &str, session: u64, second: i64, kinds: Vec<FactKind>) -> Batch {
        let received_at = DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
        let fact = |kind| Fact { at: received_at, page: String::new(), kind };
        let visit =
            Visit { who: Some((PersonHash(session), SessionHash(session))), ..Visit::default() };
        let facts = kinds.into_iter().map(fact).collect();
        Batch {
            id: id.into(),
            environment: EnvironmentId(1),
            received_at,
            visit,
            facts,
            raw: vec![],
        }
    }

    fn views(count: usize) -> Vec<FactKind> {
        vec![FactKind::View; count]
    }

    #[test]
    fn one_session_cannot_send_without_end_and_others_still_can() {
        let quotas = Quotas::default();
        let mut taken = 0;
        while quotas.admit(&batch("b", 1, 0, views(200)), None, 1).is_ok() {
            taken += 200;
        }
        assert_eq!(taken, 2_000);
        let exceeded = quotas.admit(&batch("b", 1, 0, views(200)), None, 1).unwrap_err();
        assert_eq!(exceeded.retry_after_seconds, 10);
        assert!(quotas.admit(&batch("b", 2, 0, views(200)), None, 1).is_ok());
        assert!(quotas.admit(&batch("b", 1, 10, views(200)), None, 1).is_ok(), "as it was told");
    }

    #[test]
    fn what_is_refused_uses_up_no_budget_and_the_day_ends() {
        let quotas = Quotas::default();
        let used =
            |quotas: &Quotas| quotas.lock().bytes.values().map(|(_, used)| *used).sum::<u64>();
        assert!(quotas.admit(&batch("a", 1, 0, views(2_000)), None, 10).is_ok());
        assert!(quotas.admit(&batch("b", 1, 0, views(2_000)), None, 1_000).is_err());
        assert_eq!(used(&quotas), 10);
        let rest = usize::try_from(DAILY_BYTES).unwrap() - 10;
        assert!(quotas.admit(&batch("c", 2, 0, views(1)), None, rest).is_ok());
        let exceeded = quotas.admit(&batch("d", 3, 0, views(1)), None, 1).unwrap_err();
        let tomorrow = i64::try_from(exceeded.retry_after_seconds).unwrap();
        assert!(quotas.admit(&batch("e", 3, tomorrow, views(1)), None, 1).is_ok());
    }

    #[test]
    fn one_address_cannot_push_reports_out() {
        let quotas = Quotas::default();
        let address = Some(IpAddr::from([10, 0, 0, 1]));
        let feedback = || FactKind::Feedback(phasegate_domain::telemetry::Feedback::default());
        let send =
            |session| quotas.admit(&batch("b", session, 0, vec![feedback(); 50]), address, 1);
        let taken = (0..100).filter(|session| send(*session).is_ok()).count();
        assert_eq!(taken * 50, 1_000, "however many visitors it invents");
    }

    #[test]
    fn a_correction_is_of_a_value_that_the_session_has_sent() {
        let quotas = Quotas::default();
        let vital = |millionths, was| FactKind::Vital { vital: Vital::Lcp, millionths, was };
        let refused =
            |id: &str, session, kinds| quotas.check_corrections(&mut batch(id, session, 0, kinds));
        assert_eq!(refused("a", 1, vec![vital(2_000_000, None)]), 0);
        assert_eq!(
            refused("b", 2, vec![vital(9_900_000, Some(2_000_000))]),
            1,
            "another session's"
        );
        assert_eq!(refused("c", 1, vec![vital(2_500_000, Some(2_000_000))]), 0);
        assert_eq!(refused("c", 1, vec![vital(2_500_000, Some(2_000_000))]), 0, "the same again");
        assert_eq!(refused("d", 1, vec![vital(3_000_000, Some(2_000_000))]), 1, "replaced already");
        assert_eq!(refused("e", 1, vec![vital(3_000_000, Some(2_500_000))]), 0);
        assert_eq!(
            refused("f", 1, vec![vital(3_000_000, Some(2_500_000))]),
            1,
            "sending a batch twice gives nothing to replace twice"
        );
    }
}
