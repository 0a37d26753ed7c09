//! How often the app's own events were tracked.

use std::collections::BTreeMap;

use phasegate_domain::{
    dashboard::WINDOW_MINUTES,
    ids::EnvironmentId,
    people::Role,
    telemetry::{Series, minute_of},
};

use crate::{Service, ServiceError, access::Actor};

/// An event of the app's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCount {
    /// Its name.
    pub name: String,
    /// How often it was tracked in the last hour.
    pub count: u64,
}

/// The events of the last hour, by name.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn event_counts(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<EventCount>, ServiceError> {
    actor.require(Role::Viewer)?;
    let end = minute_of(service.now()) + 1;
    let rows = service.telemetry.rollups(environment, end - WINDOW_MINUTES, end).await?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (key, row) in rows.into_iter().filter(|(key, _)| key.series == Series::Custom) {
        *counts.entry(key.label).or_default() += row.count;
    }
    Ok(counts.into_iter().map(|(name, count)| EventCount { name, count }).collect())
}
