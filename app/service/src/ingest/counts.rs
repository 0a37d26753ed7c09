//! Counts of recently ingested events.

use std::collections::BTreeMap;

use phasegate_domain::{accounts::Role, ids::EnvironmentId, metrics::Metric, reports::Arrivals};

use crate::{Service, ServiceError, access::Actor, dashboard::read_last_hour};

/// A custom event, with its count.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCount {
    pub name: String,
    /// Its occurrences in the last hour.
    pub count: u64,
}

/// Reads the custom events of the last hour, by name.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_event_counts(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<EventCount>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let rows = read_last_hour(service, environment).await?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.metric == Metric::Custom) {
        *counts.entry(row.label.clone()).or_default() += row.aggregate.count();
    }
    Ok(counts.into_iter().map(|(name, count)| EventCount { name, count }).collect())
}

/// Reads how many events of each kind pages have sent in the last hour.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn read_arrivals(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Arrivals, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for row in read_last_hour(service, environment).await? {
        if let Some(words) = metric_label(row.metric) {
            *kinds.entry(words).or_default() += row.aggregate.count();
        }
    }
    let mut kinds: Vec<(String, u64)> =
        kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(Arrivals { kinds })
}

/// Returns a metric's name in the plural; `None` for metrics that repeat the counts of others.
fn metric_label(metric: Metric) -> Option<&'static str> {
    Some(match metric {
        Metric::Vital(_) => "web vitals",
        Metric::Errors => "errors",
        Metric::Exposures => "exposures",
        Metric::FeatureUses | Metric::Engagement => "uses of features",
        Metric::Custom => "custom events",
        Metric::Timing(_) => "timings",
        Metric::Views => "page views",
        Metric::Tasks => "tasks",
        Metric::Feedback | Metric::Nps => "pieces of feedback",
        Metric::Dropped => "events that were dropped or refused",
        Metric::Sessions => "sessions",
        Metric::Rejected
        | Metric::Properties
        | Metric::Failures
        | Metric::ErrorSessions
        | Metric::CriticalSessions => {
            return None;
        }
    })
}
