//! Evaluation counts of flags: counted in memory and written periodically.

use std::collections::HashMap;

use crate::{Service, ServiceError};
use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    flags::{EvaluationCounts, HOURS, STALE_AFTER_DAYS},
    ids::{EnvironmentId, FlagKey},
};

/// The retention of evaluation counts, in days.
const KEPT_DAYS: i64 = 90;

fn hour_of(at: Timestamp) -> i64 {
    at.timestamp().div_euclid(3_600)
}

/// Writes the counts since the last call. A job calls it, and the server before it stops.
///
/// # Errors
/// Returns an error if storage fails; the next call then writes these counts, except those of
/// variants that no longer exist.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn write_evaluation_counts(service: &Service) -> Result<(), ServiceError> {
    let hour = hour_of(service.now());
    let rows = service.config.counters.take_counts(hour);
    if !rows.is_empty() {
        let written =
            service.stores.telemetry.add_evaluation_counts(&rows, hour - KEPT_DAYS * 24).await;
        if written.is_err() {
            service.config.counters.restore_counts(&rows);
        }
        written?;
    }
    Ok(())
}

/// Reads the evaluation counts of each flag of an environment.
pub(crate) async fn read_evaluation_counts(
    service: &Service,
    environment: EnvironmentId,
) -> Result<HashMap<FlagKey, EvaluationCounts>, ServiceError> {
    let now = service.now();
    let this_hour = hour_of(now);
    let since = hour_of(now - TimeDelta::days(STALE_AFTER_DAYS));
    let mut all: HashMap<FlagKey, EvaluationCounts> = HashMap::new();
    for row in service.stores.telemetry.read_evaluation_counts(environment, since).await? {
        let usage = all.entry(row.flag).or_insert_with(zero_counts);
        let variant = usage.variants.entry(row.variant).or_default();
        variant.count += row.count;
        usage.days_asked = usage.days_asked.max((this_hour - row.hour).div_euclid(24));
        let age = usize::try_from(this_hour - row.hour).unwrap_or_default();
        let place = (HOURS - 1).checked_sub(age);
        if let Some(hour) = place.and_then(|place| usage.by_hour.get_mut(place)) {
            *hour += row.count;
            variant.last_day += row.count;
        }
    }
    Ok(all)
}

/// Returns the counts of a flag that was never evaluated.
pub(crate) fn zero_counts() -> EvaluationCounts {
    EvaluationCounts { by_hour: vec![0; HOURS], ..EvaluationCounts::default() }
}
