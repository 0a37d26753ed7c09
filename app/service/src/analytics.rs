//! What people do with what they are given; from rows and sets of people only.

use std::collections::BTreeMap;

use phasegate_domain::{
    Timestamp,
    analytics::{Adoption, Cohort, CrossUse, Presence, Retention, adoption, cross_use, retention},
    dashboard::Point,
    ids::{EnvironmentId, FlagKey},
    people::Role,
    stats::{People, Tally},
    telemetry::{Deed, Range, Resolution, Series, Slice, day_of},
};
use phasegate_store::models::{Row, RowQuery};

use crate::{LiveEnvironment, Service, ServiceError, access::Actor};

/// Days of a cohort that are shown.
const COHORT_DAYS: i64 = 14;

/// What is read of what was counted.
const SERIES: [Series; 8] = [
    Series::Engagement,
    Series::Sessions,
    Series::ErrorSessions,
    Series::CriticalSessions,
    Series::Tasks,
    Series::Custom,
    Series::Feedback,
    Series::Nps,
];

/// Cohorts that are shown.
const MAX_COHORTS: usize = 31;

/// Lines of a table.
const MAX_LINES: usize = 50;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsQuery {
    /// How far back; days are whole.
    pub range: Range,
    /// The flag whose arms are compared in retention.
    pub flag: Option<FlagKey>,
}

/// What people do.
#[derive(Debug, Clone, PartialEq)]
pub struct Analytics {
    /// When it was computed.
    pub at: Timestamp,
    /// Whoever was there, in all.
    pub people: u64,
    /// Of those, who was there for the first time.
    pub newcomers: u64,
    /// People by day.
    pub daily: Vec<Point>,
    /// People of a day ÷ people of all days, on average over the days that are over.
    pub stickiness: Option<f64>,
    /// Each flag that anybody was exposed to, those with the most first.
    pub adoption: Vec<Adoption>,
    /// Visible time with each feature in use, in millionths of a second: sum and median.
    pub engagement: BTreeMap<FlagKey, (i128, Option<f64>)>,
    /// Each pair of used features.
    pub cross_use: Vec<CrossUse>,
    /// Whether people come back: everybody, or those who were exposed to a flag on, and off.
    pub retention: Vec<Arm>,
    /// Sessions.
    pub sessions: Sessions,
    /// Tasks by name.
    pub tasks: BTreeMap<String, TaskCounts>,
    /// The app's own events, the most frequent first.
    pub events: Vec<(String, u64)>,
    /// What people think.
    pub opinion: Opinion,
}

/// Some of the people, and whether they come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// In words for people.
    pub title: String,
    /// After 1, 7 and 30 days.
    pub totals: [Retention; 3],
    /// The newest first.
    pub cohorts: Vec<Cohort>,
}

/// Sessions over the range.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sessions {
    /// How many, and how long they lasted.
    pub all: Tally,
    /// How many in which something went wrong.
    pub with_error: u64,
    /// How many in which something critical went wrong.
    pub with_critical: u64,
}

/// What became of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskCounts {
    /// How often it was begun.
    pub started: u64,
    /// How often it was done.
    pub completed: u64,
    /// How often it was given up.
    pub abandoned: u64,
}

/// What people think.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opinion {
    /// Ratings from 1 to 5.
    pub ratings: Tally,
    /// Answers from 0 to 10 to how likely they would recommend it.
    pub recommendations: Tally,
}

impl Opinion {
    /// The net promoter score: % of 9 and 10 minus % of 0 to 6; `None` without answers.
    #[must_use]
    pub fn nps(&self) -> Option<f64> {
        let sketch = self.recommendations.sketch();
        let all = sketch.count();
        let promoters = all - sketch.count_at_most(8.5);
        let detractors = sketch.count_at_most(6.5);
        (all > 0).then(|| (promoters as f64 - detractors as f64) * 100.0 / all as f64)
    }
}

/// Computes it.
///
/// # Errors
/// When the actor may not look, or storage fails.
pub async fn analytics(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &AnalyticsQuery,
) -> Result<Analytics, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let at = service.now();
    let today = day_of(at);
    let days = query.range.spans() * query.range.resolution().seconds() / 86_400;
    let from = today + 1 - days.max(1);
    let presence = service.telemetry.people(environment, "", from, today + 1).await?;
    let presence: Presence = presence.into_iter().collect();
    let rows = RowQuery {
        environment,
        resolution: Resolution::Day,
        series: SERIES.to_vec(),
        slices: vec![Slice::All],
        from,
        to: today + 1,
    };
    let rows = service.telemetry.rows(&rows).await?;
    let active = presence.ever(&Deed::Active);
    let daily = presence.days(&Deed::Active);
    let daily = daily.map(|(day, people)| Point { minute: day, value: people.len() as f64 });
    let daily: Vec<Point> = daily.collect();
    Ok(Analytics {
        at,
        people: active.len(),
        newcomers: presence.ever(&Deed::First).len(),
        stickiness: stickiness(&daily, active.len(), today),
        daily,
        adoption: adoptions(&presence, &live),
        engagement: engagement(&rows),
        cross_use: cross_use(&presence),
        retention: arms(&presence, &live, query.flag.as_ref(), today),
        sessions: sessions(&rows),
        tasks: tasks(&rows),
        events: events(&rows),
        opinion: Opinion {
            ratings: sum(&rows, Series::Feedback),
            recommendations: sum(&rows, Series::Nps),
        },
    })
}

fn of(rows: &[Row], series: Series) -> impl Iterator<Item = &Row> {
    rows.iter().filter(move |row| row.series == series)
}

fn sum(rows: &[Row], series: Series) -> Tally {
    let mut all = Tally::default();
    of(rows, series).for_each(|row| all.merge(&row.tally));
    all
}

fn stickiness(daily: &[Point], people: u64, today: i64) -> Option<f64> {
    let over: Vec<f64> =
        daily.iter().filter(|point| point.minute < today).map(|point| point.value).collect();
    let mean = over.iter().sum::<f64>() / over.len().max(1) as f64;
    (!over.is_empty() && people > 0).then(|| mean / people as f64)
}

/// The variant that is as good as not having the feature.
fn off_of<'a>(
    live: &'a LiveEnvironment,
    flag: &FlagKey,
) -> Option<&'a phasegate_domain::ids::VariantName> {
    live.snapshot.flag(flag.as_str()).map(|entry| &entry.flag.off_variant)
}

fn adoptions(presence: &Presence, live: &LiveEnvironment) -> Vec<Adoption> {
    let flags = presence.flags().into_iter();
    let mut all: Vec<Adoption> =
        flags.map(|flag| adoption(presence, &flag, off_of(live, &flag))).collect();
    all.sort_by_key(|adoption| std::cmp::Reverse(adoption.exposed));
    all.truncate(MAX_LINES);
    all
}

fn engagement(rows: &[Row]) -> BTreeMap<FlagKey, (i128, Option<f64>)> {
    let mut sums: BTreeMap<FlagKey, Tally> = BTreeMap::new();
    for row in of(rows, Series::Engagement) {
        if let Ok(flag) = FlagKey::new(row.label.as_str()) {
            sums.entry(flag).or_default().merge(&row.tally);
        }
    }
    let both = |tally: Tally| (tally.sum(), tally.sketch().quantile(0.5));
    sums.into_iter().map(|(flag, tally)| (flag, both(tally))).collect()
}

fn arms(
    presence: &Presence,
    live: &LiveEnvironment,
    flag: Option<&FlagKey>,
    today: i64,
) -> Vec<Arm> {
    let arm = |title: String, among: Option<&People>| {
        let (totals, mut cohorts) = retention(presence, among, today, COHORT_DAYS);
        cohorts.truncate(MAX_COHORTS);
        Arm { title, totals, cohorts }
    };
    let Some(flag) = flag else { return vec![arm("Everybody".to_owned(), None)] };
    let off = off_of(live, flag);
    let on = presence.exposed(flag, |variant| Some(variant) != off);
    let control = presence.exposed(flag, |variant| Some(variant) == off);
    vec![
        arm(format!("Treatment: {flag} on"), Some(&on)),
        arm(format!("Control: {flag} off"), Some(&control)),
    ]
}

fn sessions(rows: &[Row]) -> Sessions {
    Sessions {
        all: sum(rows, Series::Sessions),
        with_error: sum(rows, Series::ErrorSessions).count(),
        with_critical: sum(rows, Series::CriticalSessions).count(),
    }
}

fn tasks(rows: &[Row]) -> BTreeMap<String, TaskCounts> {
    let mut tasks: BTreeMap<String, TaskCounts> = BTreeMap::new();
    for row in of(rows, Series::Tasks) {
        // The name may hold colons, the outcome does not.
        let (name, outcome) = row.label.rsplit_once(':').unwrap_or((row.label.as_str(), ""));
        let counts = tasks.entry(name.to_owned()).or_default();
        match outcome {
            "started" => counts.started += row.tally.count(),
            "completed" => counts.completed += row.tally.count(),
            "abandoned" => counts.abandoned += row.tally.count(),
            _ => {}
        }
    }
    tasks
}

fn events(rows: &[Row]) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in of(rows, Series::Custom) {
        *counts.entry(&row.label).or_default() += row.tally.count();
    }
    let mut counts: Vec<(String, u64)> =
        counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(MAX_LINES);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(series: Series, label: &str, values: &[u64]) -> Row {
        let mut tally = Tally::default();
        values.iter().for_each(|value| tally.add(*value));
        Row { series, slice: Slice::All, label: label.into(), span: 1, tally }
    }

    #[test]
    fn promoters_minus_detractors() {
        let answers = [0, 6, 7, 8, 9, 10, 10, 10];
        let opinion =
            Opinion { recommendations: row(Series::Nps, "", &answers).tally, ..Opinion::default() };
        assert_eq!(opinion.nps(), Some(25.0), "4 of 8 minus 2 of 8");
        assert_eq!(Opinion::default().nps(), None);
    }

    #[test]
    fn a_task_is_counted_by_what_became_of_it() {
        let tasks = tasks(&[
            row(Series::Tasks, "check:out:started", &[0, 0, 0]),
            row(Series::Tasks, "check:out:completed", &[5, 6]),
            row(Series::Tasks, "check:out:abandoned", &[5]),
        ]);
        let counts = TaskCounts { started: 3, completed: 2, abandoned: 1 };
        assert_eq!(tasks["check:out"], counts);
    }

    #[test]
    fn days_that_are_not_over_do_not_make_people_less_loyal() {
        let point = |minute, value| Point { minute, value };
        assert_eq!(stickiness(&[point(1, 5.0), point(2, 5.0), point(3, 1.0)], 10, 3), Some(0.5));
        assert_eq!(stickiness(&[point(3, 1.0)], 10, 3), None);
    }
}
