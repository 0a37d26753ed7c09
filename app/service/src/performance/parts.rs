//! Converts rollups to time series, breakdowns and timings.

use std::sync::Arc;

use std::collections::BTreeMap;

use phasegate_domain::{
    events::TimingKind,
    metrics::{Dimension, Metric},
    reports::{Point, TimingRow},
    stats::Sketch,
    vitals::{Device, Vital, performance_score},
};
use phasegate_store::models::Rollup;

use super::lines::{BreakdownLine, MAX_LINES, TimingLine, VitalTrend};

/// Returns the device whose score curves apply. Phones are the default: most curves are for them.
pub(super) fn score_device(dimension: &Dimension) -> Device {
    match dimension {
        Dimension::Device(device) => *device,
        _ => Device::Phone,
    }
}

/// The distribution of each vital.
#[derive(Debug, Default)]
pub(super) struct Sketches(BTreeMap<Vital, Sketch>);

impl Sketches {
    pub(super) fn from_rollups(rows: &[Arc<Rollup>]) -> Self {
        let mut all = Self::default();
        rows.iter().for_each(|row| all.merge_rollup(row));
        all
    }

    fn merge_rollup(&mut self, row: &Rollup) {
        if let Metric::Vital(vital) = row.metric {
            self.0.entry(vital).or_default().merge(row.aggregate.sketch());
        }
    }

    pub(super) fn get(&self, vital: Vital) -> Option<&Sketch> {
        self.0.get(&vital)
    }

    fn p75(&self, vital: Vital) -> Option<f64> {
        self.get(vital)?.quantile(0.75)
    }

    pub(super) fn compute_score(&self, device: Device) -> Option<f64> {
        let values = Vital::ALL.into_iter().filter_map(|vital| Some((vital, self.p75(vital)?)));
        performance_score(values, device)
    }
}

pub(super) fn compute_vital_trend(
    vital: Vital,
    now: &[Arc<Rollup>],
    all: Option<&Sketch>,
    before: Option<&Sketch>,
) -> VitalTrend {
    let (good, poor) = vital.thresholds();
    let samples = all.map_or(0, Sketch::count);
    let at_most = |limit: u64| all.map_or(0, |all| all.count_at_most(limit as f64));
    let point = |row: &Arc<Rollup>| {
        let value = row.aggregate.sketch().quantile(0.75)?;
        Some(Point { minute: row.bucket, value })
    };
    let mine = now.iter().filter(|row| row.metric == Metric::Vital(vital));
    VitalTrend {
        vital,
        p75: all.and_then(|all| all.quantile(0.75)),
        p75_before: before.and_then(|before| before.quantile(0.75)),
        samples,
        good: at_most(good),
        poor: samples - at_most(poor),
        points: mine.filter_map(point).collect(),
    }
}

pub(super) fn build_breakdown(rows: Vec<Arc<Rollup>>) -> Vec<BreakdownLine> {
    let mut parts: BTreeMap<Dimension, Sketches> = BTreeMap::new();
    for row in rows {
        match parts.get_mut(&row.dimension) {
            Some(part) => part.merge_rollup(&row),
            None => parts.entry(row.dimension.clone()).or_default().merge_rollup(&row),
        }
    }
    let line = |(dimension, part): (Dimension, Sketches)| BreakdownLine {
        samples: part.get(Vital::Lcp).map_or(0, Sketch::count),
        p75: [Vital::Lcp, Vital::Inp, Vital::Cls].map(|vital| part.p75(vital)),
        score: part.compute_score(score_device(&dimension)),
        dimension,
    };
    let mut lines: Vec<BreakdownLine> = parts.into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.samples));
    lines.truncate(MAX_LINES);
    lines
}

pub(super) fn timing_lines(rows: &[Arc<Rollup>]) -> Vec<TimingLine> {
    let mut sketches: BTreeMap<(TimingKind, &str), Sketch> = BTreeMap::new();
    let mut failures: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        match row.metric {
            Metric::Timing(kind) => {
                sketches.entry((kind, &row.label)).or_default().merge(row.aggregate.sketch());
            }
            _ => *failures.entry(&row.label).or_default() += row.aggregate.count(),
        }
    }
    let line = |((kind, name), sketch): ((TimingKind, &str), Sketch)| {
        let (samples, p75) = (sketch.count(), sketch.quantile(0.75)?);
        let failures = match kind {
            TimingKind::Api => failures.get(name).copied().unwrap_or_default(),
            TimingKind::Render => 0,
        };
        let timing = TimingRow { kind, name: name.to_owned(), samples, p75 };
        Some(TimingLine {
            timing,
            p50: sketch.quantile(0.5)?,
            p95: sketch.quantile(0.95)?,
            failures,
        })
    };
    let mut lines: Vec<TimingLine> = sketches.into_iter().filter_map(line).collect();
    lines.sort_by(|a, b| b.timing.p75.total_cmp(&a.timing.p75));
    lines.truncate(MAX_LINES);
    lines
}

#[cfg(test)]
mod tests {
    use phasegate_domain::stats::Aggregate;

    use super::*;

    fn sample_rollup(
        metric: Metric,
        dimension: Dimension,
        label: &str,
        bucket: i64,
        values: &[u64],
    ) -> Arc<Rollup> {
        let mut aggregate = Aggregate::default();
        values.iter().for_each(|value| aggregate.add_value(*value));
        Arc::new(Rollup { metric, dimension, label: label.into(), bucket, aggregate })
    }

    #[test]
    fn the_breakdown_begins_with_the_most_samples() {
        let lcp = Metric::Vital(Vital::Lcp);
        let page = |path: &str| Dimension::Page(path.into());
        let lines = build_breakdown(vec![
            sample_rollup(lcp, page("/a"), "", 1, &[1_000_000]),
            sample_rollup(lcp, page("/b"), "", 1, &[9_000_000, 9_000_000]),
            sample_rollup(lcp, page("/b"), "", 2, &[9_000_000]),
            sample_rollup(Metric::Vital(Vital::Cls), page("/a"), "", 2, &[0]),
        ]);
        assert_eq!(lines.iter().map(|line| line.samples).collect::<Vec<_>>(), [3, 1]);
        assert_eq!((&lines[0].dimension, &lines[1].dimension), (&page("/b"), &page("/a")));
        assert!(lines[0].score.unwrap() < 10.0 && lines[1].score.unwrap() > 95.0);
        assert_eq!(lines[1].p75[1], None);
    }

    #[test]
    fn a_vital_includes_the_previous_p75() {
        let lcp = Metric::Vital(Vital::Lcp);
        let now = [sample_rollup(lcp, Dimension::All, "", 7, &[1_000_000, 3_000_000, 9_000_000])];
        let before = [sample_rollup(lcp, Dimension::All, "", 3, &[2_000_000])];
        let (all, all_before) = (Sketches::from_rollups(&now), Sketches::from_rollups(&before));
        let trend =
            compute_vital_trend(Vital::Lcp, &now, all.get(Vital::Lcp), all_before.get(Vital::Lcp));
        assert_eq!((trend.samples, trend.good, trend.poor), (3, 1, 1));
        assert!((trend.p75_before.unwrap() - 2_000_000.0).abs() < 20_001.0);
        assert_eq!(trend.points.len(), 1);
    }

    #[test]
    fn slowest_endpoints_come_first_with_their_failures() {
        let api = Metric::Timing(TimingKind::Api);
        let mut failed = sample_rollup(Metric::Failures, Dimension::All, "/slow", 1, &[]);
        Arc::make_mut(&mut failed).aggregate.add_events(2);
        let lines = timing_lines(&[
            sample_rollup(api, Dimension::All, "/quick", 1, &[1_000]),
            sample_rollup(api, Dimension::All, "/slow", 1, &[900_000, 1_000_000, 1_100_000]),
            failed,
        ]);
        assert_eq!(lines[0].timing.name, "/slow");
        assert_eq!((lines[0].failures, lines[1].failures), (2, 0));
        assert!(lines[0].p50 <= lines[0].timing.p75 && lines[0].timing.p75 <= lines[0].p95);
    }
}
