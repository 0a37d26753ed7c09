//! Rejections by reason. Rejected events are stored with their batch. Rejected request bodies
//! belong to no batch, so they are counted here and written periodically.

use std::collections::BTreeMap;

use phasegate_domain::{
    accounts::Role,
    events::{Batch, Event, EventKind, Rejection, Visit},
    ids::EnvironmentId,
    metrics::{Dimension, Metric},
    time::Resolution,
};
use phasegate_store::models::RollupQuery;

use crate::{Service, ServiceError, access::Actor, runtime::RejectedBody};

/// The number of days for which rejections are shown.
pub const REJECTION_DAYS: i64 = 7;

/// Counts a rejected body that clients do not send again.
pub fn count_rejection(service: &Service, environment: EnvironmentId, reason: Rejection) {
    service.ingest.rejections.count_body(environment, reason, true);
}

/// Counts a body that was rejected for now; well-behaved clients send it again.
pub fn count_deferral(service: &Service, environment: EnvironmentId, reason: Rejection) {
    service.ingest.rejections.count_body(environment, reason, false);
}

/// Writes the rejections since the last call; run as a job.
///
/// # Errors
/// Returns an error if storage fails; the counts are lost then.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn write_rejections(service: &Service) -> Result<(), ServiceError> {
    let now = service.now();
    let mut batches: BTreeMap<EnvironmentId, Vec<Event>> = BTreeMap::new();
    for ((environment, RejectedBody { reason, is_lost }), events) in
        service.ingest.rejections.take_rejections()
    {
        let lost = is_lost.then_some(EventKind::Dropped { events });
        let kinds = [EventKind::Rejected { reason, events }].into_iter().chain(lost);
        let events = kinds.map(|kind| Event { at: now, page: String::new(), kind });
        batches.entry(environment).or_default().extend(events);
    }
    for (environment, events) in batches {
        let number = service.ingest.rejections.next_batch_number();
        let id = format!("rejected {} {number}", now.timestamp_millis());
        let visit = Visit::default();
        let batch = Batch { id, environment, received_at: now, visit, events, raw: Vec::new() };
        super::ingest_batch(super::reserve_queue_place(service).await?, batch).await?;
    }
    Ok(())
}

/// Reads the rejections of the last days by reason, the most frequent first.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_rejections(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<(Rejection, u64)>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let to = Resolution::Day.bucket_of(service.now()) + 1;
    let query = RollupQuery {
        environment,
        resolution: Resolution::Day,
        metrics: vec![Metric::Rejected],
        dimensions: vec![Dimension::All],
        from: to - REJECTION_DAYS,
        to,
    };
    let mut counts: BTreeMap<Rejection, u64> = BTreeMap::new();
    for row in service.stores.telemetry.read_rollups(&query).await? {
        *counts.entry(Rejection::parse(&row.label)).or_default() += row.aggregate.count();
    }
    let mut counts: Vec<(Rejection, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts)
}
