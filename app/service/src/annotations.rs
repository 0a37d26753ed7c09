//! Annotations on charts: changes of flags, phases and releases.

use phasegate_domain::{
    Timestamp,
    audit::{AuditRecord, Change, SubjectKind},
    ids::EnvironmentId,
    metrics::{Dimension, DimensionKind, Metric},
    reports::{Annotation, AnnotationKind},
    rollout::RolloutEvent,
    time::Resolution,
};
use std::collections::BTreeMap;

use phasegate_store::models::{AuditQuery, RollupQuery};

use crate::{Service, ServiceError};

/// The maximum number of annotations of one kind on a chart; the newest are kept. The limit is per
/// kind, because pages name the releases, which must not push out changes by accounts.
const MAX_OF_KIND: usize = 12;

/// The maximum number of releases or phases considered.
const MAX_SEEN: usize = 500;

/// A release or phase is new if it had no session for this many days.
const LOOKED_BACK: i64 = 30;

/// Time ranges of at most this many seconds are annotated by hour, longer ones by day.
const BY_HOUR: i64 = 7 * 86_400;

/// The maximum number of audit entries of a kind considered.
const MAX_LINES: u32 = 100;

/// Reads the annotations between two instants (seconds since 1970-01-01, UTC), oldest first.
pub(crate) async fn read_annotations(
    service: &Service,
    environment: EnvironmentId,
    from: i64,
    to: i64,
) -> Result<Vec<Annotation>, ServiceError> {
    let seen = |kind| find_first_seen(service, environment, kind, from, to);
    let audited = |kind| read_audited_changes(service, environment, kind, from, to);
    // Concurrent, because each waits for threads of the store rather than for the processor.
    let found: Vec<Vec<Annotation>> = if environment.is_simulated() {
        let (releases, phases) =
            tokio::try_join!(seen(DimensionKind::Release), seen(DimensionKind::Phase))?;
        vec![releases, phases]
    } else {
        let (releases, rollout, flags, environments) = tokio::try_join!(
            seen(DimensionKind::Release),
            audited(SubjectKind::Rollout),
            audited(SubjectKind::Flag),
            audited(SubjectKind::Environment),
        )?;
        vec![releases, rollout, flags, environments]
    };
    let mut annotations: Vec<Annotation> = found.into_iter().flat_map(keep_newest).collect();
    annotations.sort_by(|a, b| (a.at, a.kind, &a.text).cmp(&(b.at, b.kind, &b.text)));
    Ok(annotations)
}

fn keep_newest(mut annotations: Vec<Annotation>) -> Vec<Annotation> {
    annotations.sort_by_key(|annotation| std::cmp::Reverse(annotation.at));
    annotations.truncate(MAX_OF_KIND);
    annotations
}

async fn read_audited_changes(
    service: &Service,
    environment: EnvironmentId,
    kind: SubjectKind,
    from: i64,
    to: i64,
) -> Result<Vec<Annotation>, ServiceError> {
    let query = AuditQuery {
        kind: Some(kind),
        since: Timestamp::from_timestamp(from, 0),
        until: Timestamp::from_timestamp(to, 0),
        limit: MAX_LINES,
        ..AuditQuery::default()
    };
    let lines = service.stores.state.read_audit_records(environment, &query).await?;
    Ok(lines.into_iter().filter_map(annotate_change).collect())
}

fn annotate_change(line: AuditRecord) -> Option<Annotation> {
    let (kind, text) = match &line.entry.change {
        Change::Rollout { what, .. } => {
            let text = match what {
                RolloutEvent::Added(_) => return None,
                RolloutEvent::Planned(planned) => format!("Plan {}", planned.to),
                RolloutEvent::Started(_) => "Phase 1 began".to_owned(),
                RolloutEvent::Advanced(moved) => format!("On to phase {}", moved.to),
                RolloutEvent::RolledBack(moved) | RolloutEvent::RolledBackFully(moved) => {
                    format!("Back to phase {}", moved.to)
                }
                RolloutEvent::Halved(to) | RolloutEvent::Restored(to) => {
                    format!("{} of the shares", to.to)
                }
                RolloutEvent::Killed(_) => "Kill switch".to_owned(),
                RolloutEvent::Paused(_) => "Paused".to_owned(),
                RolloutEvent::Resumed(_) => "Resumed".to_owned(),
                RolloutEvent::Completed(_) => "Completed".to_owned(),
                RolloutEvent::Aborted(_) => "Aborted".to_owned(),
            };
            (AnnotationKind::Phase, text)
        }
        Change::FlagSwitched { flag, enabled } => {
            (AnnotationKind::Flag, format!("{flag} {}", if *enabled { "on" } else { "off" }))
        }
        Change::Saved { kind: SubjectKind::Flag, key, before, after } => {
            let what = match (before, after) {
                (None, _) => "made",
                (_, None) => "deleted",
                _ => "changed",
            };
            (AnnotationKind::Flag, format!("{key} {what}"))
        }
        Change::Imported { things, .. } => {
            (AnnotationKind::Flag, format!("File applied, {} changes", things.len()))
        }
        Change::Saved { .. } => return None,
    };
    Some(Annotation { at: line.entry.at, kind, text, by: Some(line.entry.actor.0) })
}

/// Finds the releases or phases whose first session is between two instants.
async fn find_first_seen(
    service: &Service,
    environment: EnvironmentId,
    of: DimensionKind,
    from: i64,
    to: i64,
) -> Result<Vec<Annotation>, ServiceError> {
    let day = Resolution::Day.seconds();
    // Includes the days before, because a dimension that had sessions then is not new.
    let days = (from.div_euclid(day) - LOOKED_BACK, (to - 1).div_euclid(day) + 1);
    let metric = Metric::Sessions;
    let dimensions =
        service.stores.telemetry.read_dimensions(environment, metric, of, days, MAX_SEEN).await?;
    let mut first =
        read_first_buckets(service, environment, Resolution::Day, dimensions, days).await?;
    // The earliest dimensions mark the start of the data, not a change.
    let began = first.values().min().copied();
    first.retain(|_, seen| *seen >= from.div_euclid(day) && Some(*seen) != began);
    let mut resolution = Resolution::Day;
    if to - from <= BY_HOUR && !first.is_empty() {
        // On a short chart, a day is too coarse for an annotation.
        let hours = (days.1 - BY_HOUR / day - 1, days.1);
        let hours = (hours.0 * 24, hours.1 * 24);
        let dimensions = first.into_keys().collect();
        first =
            read_first_buckets(service, environment, Resolution::Hour, dimensions, hours).await?;
        resolution = Resolution::Hour;
    }
    let within = |second: &i64| (from..to).contains(second) || resolution == Resolution::Day;
    let named = |(dimension, seen): (Dimension, i64)| {
        let (kind, text) = match dimension {
            Dimension::Release(release) => (AnnotationKind::Release, format!("{release} appeared")),
            Dimension::Phase(phase) => (AnnotationKind::Phase, format!("On to phase {phase}")),
            _ => return None,
        };
        let second = Some(seen * resolution.seconds()).filter(within)?;
        Some(Annotation { at: Timestamp::from_timestamp(second, 0)?, kind, text, by: None })
    };
    Ok(first.into_iter().filter_map(named).collect())
}

/// Returns the first time bucket in which each dimension had a session.
async fn read_first_buckets(
    service: &Service,
    environment: EnvironmentId,
    resolution: Resolution,
    dimensions: Vec<Dimension>,
    (from, to): (i64, i64),
) -> Result<BTreeMap<Dimension, i64>, ServiceError> {
    let metrics = vec![Metric::Sessions];
    let query = RollupQuery { environment, resolution, metrics, dimensions, from, to };
    let mut first: BTreeMap<Dimension, i64> = BTreeMap::new();
    for row in service.stores.telemetry.read_rollups(&query).await? {
        let known = first.entry(row.dimension.clone()).or_insert(row.bucket);
        *known = row.bucket.min(*known);
    }
    Ok(first)
}
