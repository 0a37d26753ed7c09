//! The dashboard: the last hour, from rollups and bounded lists.

use std::sync::Arc;

use std::collections::BTreeMap;

use phasegate_domain::{
    accounts::Role,
    ids::{EnvironmentId, FlagKey, VariantName},
    metrics::{Dimension, Metric, parse_exposure_label},
    reports::{Dashboard, ErrorPanel, FeatureRow, Point, TimingRow, VitalPanel, WINDOW_MINUTES},
    stats::Sketch,
    time::{Resolution, minute_of},
    vitals::Vital,
};

use phasegate_store::models::{Rollup, RollupQuery};

use crate::{Service, ServiceError, access::Actor, rollout::current_phase};

/// The number of recent errors and feedback items shown.
const RECENT: u32 = 8;

/// The maximum number of endpoints and components shown, the slowest first.
const MAX_TIMINGS: usize = 12;

/// Computes the dashboard of an environment.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn compute_dashboard(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Dashboard, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let at = service.now();
    let rows = read_last_hour(service, environment).await?;
    let recent = service.stores.telemetry.read_recent_errors(environment, RECENT).await?;
    Ok(Dashboard {
        at,
        phase: current_phase(&live.snapshot),
        vitals: Vital::ALL.into_iter().map(|vital| vital_panel(vital, &rows)).collect(),
        errors: ErrorPanel { recent, ..error_panel(&rows) },
        features: feature_rows(&rows),
        timings: timing_rows(&rows),
        feedback: service.stores.telemetry.read_recent_feedback(environment, RECENT).await?,
        dropped: minutes_of_metric(&rows, Metric::Dropped).map(|row| row.aggregate.count()).sum(),
    })
}

/// Reads the rollups of all metrics for the last hour, by minute.
pub(crate) async fn read_last_hour(
    service: &Service,
    environment: EnvironmentId,
) -> Result<Vec<Arc<Rollup>>, ServiceError> {
    let to = minute_of(service.now()) + 1;
    let query = RollupQuery {
        environment,
        resolution: Resolution::Minute,
        metrics: Metric::ALL.to_vec(),
        dimensions: vec![Dimension::All],
        from: to - WINDOW_MINUTES,
        to,
    };
    Ok(service.stores.telemetry.read_rollups(&query).await?)
}

fn minutes_of_metric(rows: &[Arc<Rollup>], metric: Metric) -> impl Iterator<Item = &Arc<Rollup>> {
    rows.iter().filter(move |row| row.metric == metric)
}

fn vital_panel(vital: Vital, rows: &[Arc<Rollup>]) -> VitalPanel {
    let mut all = Sketch::default();
    let mut points = Vec::new();
    for row in minutes_of_metric(rows, Metric::Vital(vital)) {
        all.merge(row.aggregate.sketch());
        let value = row.aggregate.sketch().quantile(0.75);
        points.extend(value.map(|value| Point { minute: row.bucket, value }));
    }
    let (good, poor) = vital.thresholds();
    let samples = all.count();
    VitalPanel {
        vital,
        p75: all.quantile(0.75),
        samples,
        good: all.count_at_most(good as f64),
        poor: samples - all.count_at_most(poor as f64),
        points,
    }
}

fn error_panel(rows: &[Arc<Rollup>]) -> ErrorPanel {
    let points: Vec<Point> = minutes_of_metric(rows, Metric::Errors)
        .map(|row| Point { minute: row.bucket, value: row.aggregate.count() as f64 })
        .collect();
    let count = minutes_of_metric(rows, Metric::Errors).map(|row| row.aggregate.count()).sum();
    ErrorPanel { count, points, recent: Vec::new() }
}

fn feature_rows(rows: &[Arc<Rollup>]) -> Vec<FeatureRow> {
    let mut features: BTreeMap<FlagKey, (BTreeMap<VariantName, u64>, u64)> = BTreeMap::new();
    for row in minutes_of_metric(rows, Metric::Exposures) {
        if let Some((flag, variant)) = parse_exposure_label(&row.label) {
            let variants = &mut features.entry(flag).or_default().0;
            *variants.entry(variant).or_default() += row.aggregate.count();
        }
    }
    for row in minutes_of_metric(rows, Metric::FeatureUses) {
        if let Ok(flag) = FlagKey::new(row.label.as_str()) {
            features.entry(flag).or_default().1 += row.aggregate.count();
        }
    }
    features
        .into_iter()
        .map(|(flag, (exposures, uses))| FeatureRow {
            flag,
            exposures: exposures.into_iter().collect(),
            uses,
        })
        .collect()
}

fn timing_rows(rows: &[Arc<Rollup>]) -> Vec<TimingRow> {
    let mut sketches: BTreeMap<_, Sketch> = BTreeMap::new();
    for row in rows {
        if let Metric::Timing(kind) = row.metric {
            sketches.entry((kind, &row.label)).or_default().merge(row.aggregate.sketch());
        }
    }
    let mut timings: Vec<TimingRow> = sketches
        .into_iter()
        .filter_map(|((kind, name), sketch)| {
            let p75 = sketch.quantile(0.75)?;
            Some(TimingRow { kind, name: name.clone(), samples: sketch.count(), p75 })
        })
        .collect();
    timings.sort_by(|a, b| b.p75.total_cmp(&a.p75));
    timings.truncate(MAX_TIMINGS);
    timings
}

#[cfg(test)]
mod tests {
    use phasegate_domain::stats::Aggregate;

    use super::*;

    fn sample_minute(metric: Metric, label: &str, minute: i64, values: &[u64]) -> Arc<Rollup> {
        let mut aggregate = Aggregate::default();
        values.iter().for_each(|value| aggregate.add_value(*value));
        let label = label.into();
        Arc::new(Rollup { metric, dimension: Dimension::All, label, bucket: minute, aggregate })
    }

    #[test]
    fn a_vital_merges_its_minutes() {
        let lcp = Metric::Vital(Vital::Lcp);
        let rows = [
            sample_minute(lcp, "", 1, &[1_000_000, 1_000_000, 1_000_000]),
            sample_minute(lcp, "", 2, &[9_000_000]),
            sample_minute(Metric::Vital(Vital::Cls), "", 2, &[0]),
        ];
        let panel = vital_panel(Vital::Lcp, &rows);
        assert_eq!((panel.samples, panel.good, panel.poor), (4, 3, 1));
        assert_eq!(panel.points.len(), 2);
        // Rank ⌊0.75 × 3⌋ = 2 of 0..=3.
        assert!((panel.p75.unwrap() - 1_000_000.0).abs() < 10_001.0);
        assert_eq!(vital_panel(Vital::Inp, &rows).p75, None);
    }

    #[test]
    fn features_and_timings_are_counted_by_name() {
        let rows = [
            sample_minute(Metric::Exposures, "A:on", 1, &[1, 1]),
            sample_minute(Metric::Exposures, "A:off", 2, &[1]),
            sample_minute(Metric::FeatureUses, "A", 2, &[1]),
            sample_minute(Metric::Timing(phasegate_domain::events::TimingKind::Api), "q", 1, &[5]),
        ];
        let features = feature_rows(&rows);
        let variant = |name| VariantName::new(name).unwrap();
        assert_eq!(features[0].exposures, [(variant("off"), 1), (variant("on"), 2)]);
        assert_eq!(features[0].uses, 1);
        assert_eq!(timing_rows(&rows)[0].name, "q");
    }
}
