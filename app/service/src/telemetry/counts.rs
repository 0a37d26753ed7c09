//! What has come in, counted.

use std::collections::BTreeMap;

use phasegate_domain::{dashboard::Arrivals, ids::EnvironmentId, people::Role, telemetry::Series};

use crate::{Service, ServiceError, access::Actor, dashboard::last_hour};

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
    let rows = last_hour(service, environment).await?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.series == Series::Custom) {
        *counts.entry(row.label).or_default() += row.tally.count();
    }
    Ok(counts.into_iter().map(|(name, count)| EventCount { name, count }).collect())
}

/// What has come in from pages in the last hour.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn arrivals(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Arrivals, ServiceError> {
    actor.require(Role::Viewer)?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for row in last_hour(service, environment).await? {
        if let Some(words) = words(row.series) {
            *kinds.entry(words).or_default() += row.tally.count();
        }
    }
    let mut kinds: Vec<(String, u64)> =
        kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(Arrivals { kinds })
}

/// As people say it, in the plural; nothing for what only counts other things again.
fn words(series: Series) -> Option<&'static str> {
    Some(match series {
        Series::Vital(_) => "web vitals",
        Series::Errors => "errors",
        Series::Exposures => "exposures",
        Series::FeatureUses | Series::Engagement => "uses of features",
        Series::Custom => "events of your own",
        Series::Timing(_) => "timings",
        Series::Views => "page views",
        Series::Tasks => "tasks",
        Series::Feedback | Series::Nps => "pieces of feedback",
        Series::Dropped => "events that were dropped or refused",
        Series::Sessions => "sessions",
        Series::Refused
        | Series::Properties
        | Series::Failures
        | Series::ErrorSessions
        | Series::CriticalSessions => {
            return None;
        }
    })
}
