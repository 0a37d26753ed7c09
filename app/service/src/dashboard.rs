//! The dashboard: the last hour, from rollups only.

use std::collections::BTreeMap;

use phasegate_domain::{
    dashboard::{Dashboard, ErrorPanel, FeatureRow, Point, TimingRow, VitalPanel, WINDOW_MINUTES},
    ids::{EnvironmentId, FlagKey, VariantName},
    people::Role,
    stats::Sketch,
    telemetry::{Rollup, RollupKey, Series, exposure_of, minute_of},
    vitals::Vital,
};

use crate::{Service, ServiceError, access::Actor, rollout::current_phase};

/// Lines of the newest errors and feedback.
const RECENT: u32 = 8;

/// Lines of timed endpoints and components.
const MAX_TIMINGS: usize = 12;

/// Computes the dashboard.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn dashboard(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Dashboard, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let at = service.now();
    let end = minute_of(at) + 1;
    let rows = service.telemetry.rollups(environment, end - WINDOW_MINUTES, end).await?;
    let recent = service.telemetry.recent_errors(environment, RECENT).await?;
    Ok(Dashboard {
        at,
        phase: current_phase(&live.snapshot),
        vitals: Vital::ALL.into_iter().map(|vital| vital_panel(vital, &rows)).collect(),
        errors: ErrorPanel { recent, ..error_panel(&rows) },
        features: feature_rows(&rows),
        timings: timing_rows(&rows),
        feedback: service.telemetry.recent_feedback(environment, RECENT).await?,
        dropped: of(&rows, Series::Dropped).map(|(_, row)| row.count).sum(),
    })
}

type Rows = [(RollupKey, Rollup)];

fn of(rows: &Rows, series: Series) -> impl Iterator<Item = &(RollupKey, Rollup)> {
    rows.iter().filter(move |(key, _)| key.series == series)
}

fn vital_panel(vital: Vital, rows: &Rows) -> VitalPanel {
    let mut all = Sketch::default();
    let mut points = Vec::new();
    for (key, row) in of(rows, Series::Vital(vital)) {
        all.merge(&row.sketch);
        let value = row.sketch.quantile(0.75);
        points.extend(value.map(|value| Point { minute: key.minute, value }));
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

fn error_panel(rows: &Rows) -> ErrorPanel {
    let points: Vec<Point> = of(rows, Series::Errors)
        .map(|(key, row)| Point { minute: key.minute, value: row.count as f64 })
        .collect();
    let count = of(rows, Series::Errors).map(|(_, row)| row.count).sum();
    ErrorPanel { count, points, recent: Vec::new() }
}

fn feature_rows(rows: &Rows) -> Vec<FeatureRow> {
    let mut features: BTreeMap<FlagKey, (BTreeMap<VariantName, u64>, u64)> = BTreeMap::new();
    for (key, row) in of(rows, Series::Exposures) {
        if let Some((flag, variant)) = exposure_of(&key.label) {
            *features.entry(flag).or_default().0.entry(variant).or_default() += row.count;
        }
    }
    for (key, row) in of(rows, Series::FeatureUses) {
        if let Ok(flag) = FlagKey::new(key.label.as_str()) {
            features.entry(flag).or_default().1 += row.count;
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

fn timing_rows(rows: &Rows) -> Vec<TimingRow> {
    let mut sketches: BTreeMap<_, Sketch> = BTreeMap::new();
    for (key, row) in rows {
        if let Series::Timing(kind) = key.series {
            sketches.entry((kind, &key.label)).or_default().merge(&row.sketch);
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
    use super::*;

    fn row(series: Series, label: &str, minute: i64, values: &[f64]) -> (RollupKey, Rollup) {
        let mut rollup = Rollup { count: values.len() as u64, ..Rollup::default() };
        values.iter().for_each(|value| rollup.sketch.add(*value));
        let environment = EnvironmentId(1);
        (RollupKey { environment, series, label: label.into(), minute }, rollup)
    }

    #[test]
    fn a_vital_merges_its_minutes() {
        let lcp = Series::Vital(Vital::Lcp);
        let rows = [
            row(lcp, "", 1, &[1_000_000.0, 1_000_000.0, 1_000_000.0]),
            row(lcp, "", 2, &[9_000_000.0]),
            row(Series::Vital(Vital::Cls), "", 2, &[0.0]),
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
            row(Series::Exposures, "A:on", 1, &[1.0, 1.0]),
            row(Series::Exposures, "A:off", 2, &[1.0]),
            row(Series::FeatureUses, "A", 2, &[1.0]),
            row(Series::Timing(phasegate_domain::telemetry::TimingKind::Api), "q", 1, &[5.0]),
        ];
        let features = feature_rows(&rows);
        let variant = |name| VariantName::new(name).unwrap();
        assert_eq!(features[0].exposures, [(variant("off"), 1), (variant("on"), 2)]);
        assert_eq!(features[0].uses, 1);
        assert_eq!(timing_rows(&rows)[0].name, "q");
    }
}
