//! Sessions, tasks, feedback and custom events.

use std::sync::Arc;

use std::collections::BTreeMap;

use phasegate_domain::metrics::{Metric, OTHER_LABEL, parse_property_label};
use phasegate_store::models::Rollup;
use serde::Serialize;

use super::range_data::{MAX_LINES, rollups_of_metric, sum_metric};

/// Sessions of a time range and of the previous period.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionPanel {
    pub now: SessionNumbers,
    /// The previous period of the same length.
    pub before: SessionNumbers,
}

/// The number, durations and errors of sessions.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionNumbers {
    pub sessions: u64,
    /// The mean duration, in seconds.
    pub mean_seconds: Option<f64>,
    /// The median duration, in seconds.
    pub p50_seconds: Option<f64>,
    /// The 95th percentile of the duration, in seconds.
    pub p95_seconds: Option<f64>,
    /// Sessions with at least one error.
    pub with_error: u64,
    /// Sessions with at least one critical error.
    pub with_critical: u64,
}

/// A task with its outcomes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskLine {
    pub name: String,
    pub now: TaskCounts,
    /// The previous period of the same length.
    pub before: TaskCounts,
}

/// How often a task was started, completed and abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskCounts {
    /// How often it was started.
    pub started: u64,
    /// How often it was completed.
    pub completed: u64,
    /// How often it was abandoned.
    pub abandoned: u64,
}

/// Ratings and NPS of a time range and of the previous period.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackPanel {
    pub now: FeedbackNumbers,
    /// The previous period of the same length.
    pub before: FeedbackNumbers,
}

/// Ratings and NPS of one time range.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackNumbers {
    /// The number of ratings.
    pub ratings: u64,
    /// The mean rating, from 1 to 5.
    pub satisfaction: Option<f64>,
    /// The number of answers to the NPS question.
    pub recommendations: u64,
    /// % of answers 9 and 10 minus % of answers 0 to 6.
    pub nps: Option<f64>,
}

/// A custom event of the app.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventLine {
    pub name: String,
    /// How often it happened.
    pub count: u64,
    /// The count in the previous period.
    pub before: u64,
}

/// A value of an event property.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PropertyLine {
    /// The event's name, or the feature's flag.
    pub event: String,
    pub property: String,
    pub value: String,
    /// The number of events with this value.
    pub count: u64,
    /// The count in the previous period.
    pub before: u64,
}

pub(super) fn compute_session_panel(now: &[Arc<Rollup>], before: &[Arc<Rollup>]) -> SessionPanel {
    SessionPanel { now: session_numbers(now), before: session_numbers(before) }
}

fn session_numbers(rows: &[Arc<Rollup>]) -> SessionNumbers {
    let all = sum_metric(rows, Metric::Sessions);
    let seconds = |millionths: Option<f64>| millionths.map(|value| value / 1e6);
    SessionNumbers {
        sessions: all.count(),
        mean_seconds: seconds(all.mean()),
        p50_seconds: seconds(all.sketch().quantile(0.5)),
        p95_seconds: seconds(all.sketch().quantile(0.95)),
        with_error: sum_metric(rows, Metric::ErrorSessions).count(),
        with_critical: sum_metric(rows, Metric::CriticalSessions).count(),
    }
}

pub(super) fn compute_task_lines(now: &[Arc<Rollup>], before: &[Arc<Rollup>]) -> Vec<TaskLine> {
    let mut before = task_counts(before);
    let line = |(name, now): (String, TaskCounts)| TaskLine {
        before: before.remove(&name).unwrap_or_default(),
        name,
        now,
    };
    let mut lines: Vec<TaskLine> = task_counts(now).into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.now.started));
    lines.truncate(MAX_LINES);
    lines
}

fn task_counts(rows: &[Arc<Rollup>]) -> BTreeMap<String, TaskCounts> {
    let mut tasks: BTreeMap<String, TaskCounts> = BTreeMap::new();
    for row in rollups_of_metric(rows, Metric::Tasks) {
        // The name may hold colons, the outcome does not.
        let (name, outcome) = row.label.rsplit_once(':').unwrap_or((row.label.as_str(), ""));
        let counts = tasks.entry(name.to_owned()).or_default();
        match outcome {
            "started" => counts.started += row.aggregate.count(),
            "completed" => counts.completed += row.aggregate.count(),
            "abandoned" => counts.abandoned += row.aggregate.count(),
            _ => {}
        }
    }
    tasks
}

pub(super) fn compute_feedback_panel(now: &[Arc<Rollup>], before: &[Arc<Rollup>]) -> FeedbackPanel {
    FeedbackPanel { now: feedback_numbers(now), before: feedback_numbers(before) }
}

fn feedback_numbers(rows: &[Arc<Rollup>]) -> FeedbackNumbers {
    let (ratings, recommendations) =
        (sum_metric(rows, Metric::Feedback), sum_metric(rows, Metric::Nps));
    let sketch = recommendations.sketch();
    let all = sketch.count();
    let promoters = all - sketch.count_at_most(8.5);
    let detractors = sketch.count_at_most(6.5);
    FeedbackNumbers {
        // Feedback may come without a rating.
        ratings: ratings.sketch().count(),
        satisfaction: ratings.mean(),
        recommendations: all,
        nps: (all > 0).then(|| (promoters as f64 - detractors as f64) * 100.0 / all as f64),
    }
}

pub(super) fn compute_event_lines(now: &[Arc<Rollup>], before: &[Arc<Rollup>]) -> Vec<EventLine> {
    let mut before = count_by_label(before, Metric::Custom);
    let line = |(name, count): (String, u64)| EventLine {
        before: before.remove(&name).unwrap_or_default(),
        name,
        count,
    };
    let mut lines: Vec<EventLine> =
        count_by_label(now, Metric::Custom).into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.count));
    lines.truncate(MAX_LINES);
    lines
}

pub(super) fn compute_property_lines(
    now: &[Arc<Rollup>],
    before: &[Arc<Rollup>],
) -> Vec<PropertyLine> {
    let mut before = count_by_label(before, Metric::Properties);
    let line = |(label, count): (String, u64)| {
        let before = before.remove(&label).unwrap_or_default();
        let (event, property, value) =
            parse_property_label(&label).unwrap_or((OTHER_LABEL, "", ""));
        let (event, property, value) = (event.into(), property.into(), value.into());
        PropertyLine { event, property, value, count, before }
    };
    let mut lines: Vec<PropertyLine> =
        count_by_label(now, Metric::Properties).into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.count));
    lines.truncate(MAX_LINES);
    lines
}

fn count_by_label(rows: &[Arc<Rollup>], metric: Metric) -> BTreeMap<String, u64> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rollups_of_metric(rows, metric) {
        match counts.get_mut(&row.label) {
            Some(count) => *count += row.aggregate.count(),
            None => drop(counts.insert(row.label.clone(), row.aggregate.count())),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use phasegate_domain::{metrics::Dimension, stats::Aggregate};

    use super::*;

    fn sample_rollup(metric: Metric, label: &str, values: &[u64]) -> Arc<Rollup> {
        let mut aggregate = Aggregate::default();
        values.iter().for_each(|value| aggregate.add_value(*value));
        let label = label.into();
        Arc::new(Rollup { metric, dimension: Dimension::All, label, bucket: 1, aggregate })
    }

    #[test]
    fn nps_is_promoters_minus_detractors() {
        let answers = [sample_rollup(Metric::Nps, "", &[0, 6, 7, 8, 9, 10, 10, 10])];
        let found = compute_feedback_panel(&answers, &[]);
        assert_eq!((found.now.nps, found.now.recommendations), (Some(25.0), 8));
        assert_eq!(found.before, FeedbackNumbers::default());
    }

    #[test]
    fn tasks_are_counted_by_outcome() {
        let now = [
            sample_rollup(Metric::Tasks, "check:out:started", &[0, 0, 0]),
            sample_rollup(Metric::Tasks, "check:out:completed", &[5, 6]),
            sample_rollup(Metric::Tasks, "check:out:abandoned", &[5]),
        ];
        let before = [sample_rollup(Metric::Tasks, "check:out:started", &[0])];
        let lines = compute_task_lines(&now, &before);
        assert_eq!(lines[0].name, "check:out");
        assert_eq!(lines[0].now, TaskCounts { started: 3, completed: 2, abandoned: 1 });
        assert_eq!(lines[0].before.started, 1);
    }

    #[test]
    fn properties_are_counted_by_value() {
        let label = phasegate_domain::metrics::property_label("set", "exercise", "plank");
        let now = [
            sample_rollup(Metric::Properties, &label, &[1, 1]),
            sample_rollup(Metric::Properties, "other", &[1]),
        ];
        let lines = compute_property_lines(&now, &now[..1]);
        let first = &lines[0];
        assert_eq!((first.event.as_str(), first.property.as_str()), ("set", "exercise"));
        assert_eq!((first.value.as_str(), first.count, first.before), ("plank", 2, 2));
        assert_eq!((lines[1].event.as_str(), lines[1].before), ("other", 0));
    }

    #[test]
    fn events_are_compared_with_the_previous_period() {
        let now =
            [sample_rollup(Metric::Custom, "a", &[1]), sample_rollup(Metric::Custom, "b", &[1, 1])];
        let lines = compute_event_lines(&now, &[sample_rollup(Metric::Custom, "a", &[1, 1, 1])]);
        let all: Vec<_> = lines.iter().map(|l| (l.name.as_str(), l.count, l.before)).collect();
        assert_eq!(all, [("b", 2, 0), ("a", 1, 3)]);
    }
}
