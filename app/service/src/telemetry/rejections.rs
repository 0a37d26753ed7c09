//! Rejections by reason. Rejected events of a batch are stored with it; rejected request bodies, which belong to
//! no batch, are counted here and written periodically.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use phasegate_domain::{
    accounts::Role,
    events::{Batch, Event, EventKind, Visit, refusal_class},
    ids::EnvironmentId,
    metrics::{Dimension, Metric},
    time::Resolution,
};
use phasegate_store::models::RollupQuery;

use crate::{Service, ServiceError, access::Actor};

/// The maximum number of distinct reasons in memory; further ones count under the last.
const MAX_REASONS: usize = 200;

/// The number of days that are shown.
pub const REFUSAL_DAYS: i64 = 7;

/// Rejected bodies that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct RejectionCounts {
    counts: Mutex<BTreeMap<(EnvironmentId, Rejection), u64>>,
    /// Makes the ids of what is written.
    written: AtomicU64,
}

/// Why a request body was rejected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rejection {
    reason: String,
    /// Whether the page does not send it again.
    is_lost: bool,
}

impl RejectionCounts {
    fn add(&self, environment: EnvironmentId, reason: &str, is_lost: bool) {
        let refusal = |reason| Rejection { reason, is_lost };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = counts.len() >= MAX_REASONS;
        let key = (environment, refusal(refusal_class(reason)));
        let other = (environment, refusal("other".to_owned()));
        match counts.get_mut(&key) {
            Some(count) => *count += 1,
            None if is_full => *counts.entry(other).or_default() += 1,
            None => drop(counts.insert(key, 1)),
        }
    }

    fn take(&self) -> BTreeMap<(EnvironmentId, Rejection), u64> {
        std::mem::take(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Records a rejected body that is lost.
pub fn note_refusal(service: &Service, environment: EnvironmentId, reason: &str) {
    service.refusals.add(environment, reason, true);
}

/// Records a body that was rejected for now; well-behaved clients send it again.
pub fn note_deferral(service: &Service, environment: EnvironmentId, reason: &str) {
    service.refusals.add(environment, reason, false);
}

/// Writes the rejections since the last call. A job.
///
/// # Errors
/// When storage fails; the counts are lost then.
pub async fn write_refusals(service: &Service) -> Result<(), ServiceError> {
    let now = service.now();
    let mut batches: BTreeMap<EnvironmentId, Vec<Event>> = BTreeMap::new();
    for ((environment, Rejection { reason, is_lost }), events) in service.refusals.take() {
        let lost = is_lost.then_some(EventKind::Dropped { events });
        let kinds = [EventKind::Refused { reason, events }].into_iter().chain(lost);
        let events = kinds.map(|kind| Event { at: now, page: String::new(), kind });
        batches.entry(environment).or_default().extend(events);
    }
    for (environment, events) in batches {
        let number = service.refusals.written.fetch_add(1, Ordering::Relaxed);
        let id = format!("refused {} {number}", now.timestamp_millis());
        let visit = Visit::default();
        let batch = Batch { id, environment, received_at: now, visit, events, raw: Vec::new() };
        super::ingest(super::take_turn(service).await?, batch).await?;
    }
    Ok(())
}

/// Reads the rejections of the last days by reason, the most frequent first.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn refusals(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<(String, u64)>, ServiceError> {
    actor.require(Role::Viewer)?;
    let to = Resolution::Day.span_of(service.now()) + 1;
    let query = RollupQuery {
        environment,
        resolution: Resolution::Day,
        series: vec![Metric::Refused],
        slices: vec![Dimension::All],
        from: to - REFUSAL_DAYS,
        to,
    };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in service.telemetry.rows(&query).await? {
        *counts.entry(row.label).or_default() += row.aggregate.count();
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts)
}
