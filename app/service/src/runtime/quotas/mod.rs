//! Quotas per visitor, session, address and environment. Client keys are public, so without bounds
//! one page could displace the reports of others, change every number, and fill the disk.

mod bucket;
mod corrections;
mod quota_exceeded;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bucket::{Buckets, Limit, Recent};
use corrections::SentVitals;
use phasegate_domain::{
    Timestamp,
    events::{Batch, EventKind, SessionHash, UserHash},
    ids::EnvironmentId,
    time::{day_of, minute_of},
};
pub use quota_exceeded::{Quota, QuotaExceeded};

use crate::subscriber::subscriber_address;

const SESSION_EVENTS: Limit = Limit::new(Quota::SessionEvents, 1_200, 2_000);
const SESSION_VITALS: Limit = Limit::new(Quota::SessionVitals, 120, 240);
const VISITOR_EVENTS: Limit = Limit::new(Quota::VisitorEvents, 2_400, 4_000);
const VISITOR_REPORTS: Limit = Limit::new(Quota::VisitorReports, 30, 60);
const ADDRESS_EVENTS: Limit = Limit::new(Quota::AddressEvents, 60_000, 120_000);
const ADDRESS_VITALS: Limit = Limit::new(Quota::AddressVitals, 600, 2_400);
const ADDRESS_REPORTS: Limit = Limit::new(Quota::AddressReports, 600, 1_000);
const ADDRESS_BYTES: Limit = Limit::new(Quota::AddressBytes, 16 << 20, 64 << 20);
const ADDRESS_SIMULATIONS: Limit = Limit::new(Quota::AddressSimulations, 6, 10);
const ADDRESS_SCREENSHOTS: Limit = Limit::new(Quota::AddressScreenshots, 10, 20);

/// New sessions of one address, which bounds how many visitors it can invent: this limit per
/// minute, or a hundredth of the sessions that all addresses began in the minute before, if that is
/// more.
const ADDRESS_SESSIONS: Limit = Limit::new(Quota::AddressSessions, 30, 120);
const SESSIONS_PART: u32 = 100;

/// The maximum number of bytes that the pages of an environment may send in a day. Simulations have
/// a budget of their own of the same size.
pub const DAILY_BYTES: u64 = 4 << 30;

/// A sender, and the quota that applies to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    SessionEvents(EnvironmentId, SessionHash),
    SessionVitals(EnvironmentId, SessionHash),
    VisitorEvents(EnvironmentId, UserHash),
    VisitorReports(EnvironmentId, UserHash),
    AddressEvents(IpAddr),
    AddressVitals(IpAddr),
    AddressReports(IpAddr),
    AddressBytes(IpAddr),
    AddressSimulations(IpAddr),
    AddressScreenshots(IpAddr),
    AddressSessions(EnvironmentId, IpAddr),
}

/// The number of sessions that an environment's pages have begun.
#[derive(Debug, Clone, Copy, Default)]
struct Begun {
    minute: i64,
    /// In this minute, and in the one before.
    now: u32,
    before: u32,
}

impl Begun {
    fn advance_to_minute(&mut self, minute: i64) {
        if self.minute != minute {
            let before = if self.minute + 1 == minute { self.now } else { 0 };
            *self = Self { minute, now: 0, before };
        }
    }
}

/// The quotas of all senders, in memory.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    buckets: Buckets<Source>,
    vitals: SentVitals,
    /// Sessions that have sent something.
    sessions: Recent<(EnvironmentId, SessionHash), bool>,
    begun: HashMap<EnvironmentId, Begun>,
    /// The day, and the bytes received on it.
    bytes: HashMap<EnvironmentId, (i64, u64)>,
}

/// Returns the tokens that a batch needs from each source.
fn requested_tokens(
    batch: &Batch,
    address: Option<IpAddr>,
    bytes: usize,
) -> Vec<(Source, Limit, f64)> {
    let count = |is_one: fn(&EventKind) -> bool| {
        batch.events.iter().filter(|event| is_one(&event.kind)).count() as f64
    };
    let events = count(EventKind::is_about_a_user);
    let vitals = count(|kind| matches!(kind, EventKind::Vital { .. }));
    let reports = count(|kind| matches!(kind, EventKind::Error(_) | EventKind::Feedback(_)));
    let environment = batch.environment;
    let mut asked: Vec<(Source, Limit, f64)> = Vec::with_capacity(9);
    // Simulated telemetry changes no real number, so only its size is bounded.
    let is_real = !environment.is_simulated();
    if let Some((visitor, session)) = batch.visit.who.filter(|_| is_real) {
        asked.push((Source::SessionEvents(environment, session), SESSION_EVENTS, events));
        asked.push((Source::SessionVitals(environment, session), SESSION_VITALS, vitals));
        asked.push((Source::VisitorEvents(environment, visitor), VISITOR_EVENTS, events));
        asked.push((Source::VisitorReports(environment, visitor), VISITOR_REPORTS, reports));
    }
    if let Some(address) = address.map(subscriber_address) {
        if is_real {
            asked.push((Source::AddressEvents(address), ADDRESS_EVENTS, events));
            asked.push((Source::AddressVitals(address), ADDRESS_VITALS, vitals));
            asked.push((Source::AddressReports(address), ADDRESS_REPORTS, reports));
        }
        asked.push((Source::AddressBytes(address), ADDRESS_BYTES, bytes as f64));
    }
    asked.retain(|(.., wanted)| *wanted > 0.0);
    asked
}

impl Known {
    /// Returns the bytes of the day with `bytes` more.
    fn check_daily_bytes(
        &self,
        environment: EnvironmentId,
        bytes: usize,
        now: Timestamp,
    ) -> Result<u64, QuotaExceeded> {
        let used = self.bytes.get(&environment).filter(|(day, _)| *day == day_of(now));
        let used = used.map_or(0, |(_, used)| *used) + bytes as u64;
        if used > DAILY_BYTES {
            return Err(QuotaExceeded {
                quota: Quota::EnvironmentBytes,
                per_minute: DAILY_BYTES / 1_440,
                retry_after_seconds: seconds_until_tomorrow(now),
            });
        }
        Ok(used)
    }

    /// Returns whether a batch is the first of its session.
    fn begins_session(&mut self, batch: &Batch) -> bool {
        let begun = self.begun.entry(batch.environment).or_default();
        begun.advance_to_minute(minute_of(batch.received_at));
        let session = batch.visit.who.filter(|_| !batch.environment.is_simulated());
        session.is_some_and(|(_, session)| {
            !*self.sessions.get_or_default((batch.environment, session))
        })
    }

    fn record_new_session(&mut self, batch: &Batch) {
        let Some((_, session)) = batch.visit.who else { return };
        *self.sessions.get_or_default((batch.environment, session)) = true;
        self.begun.entry(batch.environment).or_default().now += 1;
    }
}

impl Quotas {
    fn lock_known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn admit_batch(
        &self,
        batch: &Batch,
        address: Option<IpAddr>,
        bytes: usize,
    ) -> Result<(), QuotaExceeded> {
        let environment = batch.environment;
        let mut asked = requested_tokens(batch, address, bytes);
        let mut known = self.lock_known();
        let begins = known.begins_session(batch);
        if let (true, Some(address)) = (begins, address.map(subscriber_address)) {
            let source = Source::AddressSessions(environment, address);
            let before = known.begun.get(&environment).map_or(0, |begun| begun.before);
            asked.push((source, ADDRESS_SESSIONS.with_minimum_rate(before / SESSIONS_PART), 1.0));
        }
        let used = known.check_daily_bytes(environment, bytes, batch.received_at)?;
        known.buckets.take_tokens(&asked, batch.received_at)?;
        known.bytes.insert(environment, (day_of(batch.received_at), used));
        if begins {
            known.record_new_session(batch);
        }
        Ok(())
    }

    fn admit_bytes(
        &self,
        environment: EnvironmentId,
        asked: &[(Source, Limit, f64)],
        bytes: usize,
        now: Timestamp,
    ) -> Result<(), QuotaExceeded> {
        let mut known = self.lock_known();
        let used = known.check_daily_bytes(environment, bytes, now)?;
        known.buckets.take_tokens(asked, now)?;
        known.bytes.insert(environment, (day_of(now), used));
        Ok(())
    }

    /// Checks whether an address may send one more screenshot of this size.
    pub(crate) fn admit_screenshot(
        &self,
        environment: EnvironmentId,
        address: Option<IpAddr>,
        bytes: usize,
        now: Timestamp,
    ) -> Result<(), QuotaExceeded> {
        let of_address = |address| {
            let size = (Source::AddressBytes(address), ADDRESS_BYTES, bytes as f64);
            vec![(Source::AddressScreenshots(address), ADDRESS_SCREENSHOTS, 1.0), size]
        };
        let asked = address.map(subscriber_address).map(of_address).unwrap_or_default();
        self.admit_bytes(environment, &asked, bytes, now)
    }

    /// Checks whether an address may begin one more simulation.
    pub(crate) fn admit_simulation(
        &self,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), QuotaExceeded> {
        let Some(address) = address.map(subscriber_address) else { return Ok(()) };
        let asked = [(Source::AddressSimulations(address), ADDRESS_SIMULATIONS, 1.0)];
        self.lock_known().buckets.take_tokens(&asked, now)
    }

    /// Returns the bytes that pages of an environment have sent today (UTC).
    pub(crate) fn bytes_today(&self, environment: EnvironmentId, now: Timestamp) -> u64 {
        let known = self.lock_known();
        let of_today = known.bytes.get(&environment).filter(|(day, _)| *day == day_of(now));
        of_today.map_or(0, |(_, used)| *used)
    }

    pub(crate) fn check_corrections(&self, batch: &mut Batch) -> u64 {
        self.lock_known().vitals.remove_invalid_corrections(batch)
    }
}

fn seconds_until_tomorrow(now: Timestamp) -> u64 {
    (86_400 - now.timestamp().rem_euclid(86_400)).unsigned_abs()
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::DateTime;
    use phasegate_domain::{
        events::{Event, Visit},
        feedback::Feedback,
    };

    use super::*;

    pub(super) fn sample_batch(
        id: &str,
        session: u64,
        second: i64,
        kinds: Vec<EventKind>,
    ) -> Batch {
        let received_at = DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
        let event = |kind| Event { at: received_at, page: String::new(), kind };
        let visit =
            Visit { who: Some((UserHash(session), SessionHash(session))), ..Visit::default() };
        let events = kinds.into_iter().map(event).collect();
        Batch {
            id: id.into(),
            environment: EnvironmentId(1),
            received_at,
            visit,
            events,
            raw: vec![],
        }
    }

    fn view_events(count: usize) -> Vec<EventKind> {
        vec![EventKind::View; count]
    }

    #[test]
    fn a_session_over_its_quota_does_not_block_others() {
        let quotas = Quotas::default();
        let mut taken = 0;
        while quotas.admit_batch(&sample_batch("b", 1, 0, view_events(200)), None, 1).is_ok() {
            taken += 200;
        }
        assert_eq!(taken, 2_000);
        let exceeded =
            quotas.admit_batch(&sample_batch("b", 1, 0, view_events(200)), None, 1).unwrap_err();
        assert_eq!(exceeded.retry_after_seconds, 10);
        assert!(quotas.admit_batch(&sample_batch("b", 2, 0, view_events(200)), None, 1).is_ok());
        assert!(
            quotas.admit_batch(&sample_batch("b", 1, 10, view_events(200)), None, 1).is_ok(),
            "as it was told"
        );
    }

    #[test]
    fn refused_batches_use_no_budget_and_the_budget_resets_daily() {
        let quotas = Quotas::default();
        let used = |quotas: &Quotas| {
            quotas.lock_known().bytes.values().map(|(_, used)| *used).sum::<u64>()
        };
        assert!(quotas.admit_batch(&sample_batch("a", 1, 0, view_events(2_000)), None, 10).is_ok());
        assert!(
            quotas.admit_batch(&sample_batch("b", 1, 0, view_events(2_000)), None, 1_000).is_err()
        );
        assert_eq!(used(&quotas), 10);
        let rest = usize::try_from(DAILY_BYTES).unwrap() - 10;
        assert!(quotas.admit_batch(&sample_batch("c", 2, 0, view_events(1)), None, rest).is_ok());
        let exceeded =
            quotas.admit_batch(&sample_batch("d", 3, 0, view_events(1)), None, 1).unwrap_err();
        let tomorrow = i64::try_from(exceeded.retry_after_seconds).unwrap();
        assert!(
            quotas.admit_batch(&sample_batch("e", 3, tomorrow, view_events(1)), None, 1).is_ok()
        );
    }

    #[test]
    fn reports_are_limited_per_address() {
        let quotas = Quotas::default();
        let address = Some(IpAddr::from([10, 0, 0, 1]));
        let feedback = || EventKind::Feedback(Feedback::default());
        let send = |session| {
            quotas.admit_batch(&sample_batch("b", session, 0, vec![feedback(); 50]), address, 1)
        };
        let taken = (0..100).filter(|session| send(*session).is_ok()).count();
        assert_eq!(taken * 50, 1_000, "however many visitors it invents");
    }

    #[test]
    fn one_address_may_begin_a_hundredth_of_all_sessions() {
        let quotas = Quotas::default();
        let send = |address: Option<u8>, session, second| {
            let address = address.map(|last| IpAddr::from([10, 0, 0, last]));
            quotas.admit_batch(&sample_batch("b", session, second, view_events(1)), address, 1)
        };
        let taken = (0..1_000).filter(|session| send(Some(1), *session, 0).is_ok()).count();
        assert_eq!(taken, 120, "however many it invents");
        assert!(send(Some(1), 5, 0).is_ok(), "a session that has begun goes on");
        assert!(send(Some(2), 2_000, 0).is_ok(), "others begin theirs");
        // When all others begin 30,000 sessions in a minute, one address may begin 300, as a large
        // company's would.
        for session in 10_000..40_000 {
            assert!(send(None, session, 60).is_ok());
        }
        let later = (3_000..4_000).filter(|session| send(Some(1), *session, 120).is_ok()).count();
        assert_eq!(later, 300);
    }

    #[test]
    fn simulated_telemetry_is_limited_by_size_only() {
        let quotas = Quotas::default();
        let address = Some(IpAddr::from([10, 0, 0, 1]));
        let send = || {
            let mut simulated = sample_batch("b", 1, 0, view_events(2_000));
            simulated.environment = simulated.environment.simulated_id();
            quotas.admit_batch(&simulated, address, 1 << 20)
        };
        let taken = (0..100).filter(|_| send().is_ok()).count();
        assert_eq!(taken, 64, "in MiB; the number of events is no matter");
    }
}
