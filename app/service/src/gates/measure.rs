//! Measures one metric for a group of users on a range of days.

use phasegate_domain::{
    analytics::compute_retention,
    measurement::{Measurement, SampleUnit},
    metrics::Metric,
    plan::{CriterionMetric, Target},
    stats::{Aggregate, UserSet},
    vitals::{Device, Vital, performance_score},
};

use super::evidence::{Days, Evidence, Group, union_user_sets};

const SESSIONS: SampleUnit = SampleUnit("session", "sessions");
const USERS: SampleUnit = SampleUnit("user", "users");
const RATINGS: SampleUnit = SampleUnit("rating", "ratings");
const ANSWERS: SampleUnit = SampleUnit("answer", "answers");
const VIEWS: SampleUnit = SampleUnit("page view", "page views");
const DAYS: SampleUnit = SampleUnit("user-day", "user-days");
const RETAINED: SampleUnit = SampleUnit(
    "user who came first at least 7 days ago",
    "users who came first at least 7 days ago",
);
const RETAINED_30: SampleUnit = SampleUnit(
    "user who came first at least 30 days ago",
    "users who came first at least 30 days ago",
);

/// The minimum variance assumed for ratings: half a star in either direction.
const MIN_VARIANCE: f64 = 0.25;

/// A minute, in millionths of a second.
const MINUTE: f64 = 60e6;

/// The Core Web Vitals.
const CORE: [Vital; 3] = [Vital::Lcp, Vital::Inp, Vital::Cls];

/// Returns the unit of a metric's samples.
pub(super) fn sample_unit(metric: CriterionMetric, compared: bool) -> SampleUnit {
    match metric {
        // Groups without the feature have no time of use, so session durations are compared.
        CriterionMetric::Engagement if compared => SESSIONS,
        CriterionMetric::AdoptionRate | CriterionMetric::Engagement => USERS,
        CriterionMetric::ErrorRate
        | CriterionMetric::CriticalErrorRate
        | CriterionMetric::CriticalBugs
        | CriterionMetric::SessionDuration => SESSIONS,
        CriterionMetric::PerformanceScore | CriterionMetric::GoodVitals => VIEWS,
        CriterionMetric::UserSatisfaction => RATINGS,
        CriterionMetric::Nps => ANSWERS,
        CriterionMetric::Retention => RETAINED,
        CriterionMetric::Retention30 => RETAINED_30,
        CriterionMetric::Events => DAYS,
        CriterionMetric::Uptime => SampleUnit("minute", "minutes"),
    }
}

impl Evidence {
    /// Returns the group that a target measures: the users exposed to its scope, or all members.
    pub(super) fn target_group(&self, target: &Target) -> Group {
        let scope = target.scope.as_deref();
        let named = scope.and_then(|scope| self.flags_in_scope(Some(scope)).next());
        named.map_or(Group::Members, |flag| Group::Given(flag.clone()))
    }

    /// Measures a target's metric for a group. If `compared`, the metric must also exist for users
    /// without the feature.
    pub(super) fn measure_target(
        &self,
        target: &Target,
        group: &Group,
        days: Days,
        compared: bool,
    ) -> Measurement {
        let aggregate = |metric| self.merge_aggregates(metric, group, days, |_| true);
        let scope = target.scope.as_deref();
        match target.metric {
            CriterionMetric::AdoptionRate => {
                let exposed = self.exposed_users(scope, days);
                let tried = self.feature_users(scope, days).count_in_both(&exposed);
                Measurement::Rate { happened: tried, cases: exposed.len() }
            }
            CriterionMetric::Engagement if !compared => self.measure_engagement(scope, days),
            CriterionMetric::Engagement | CriterionMetric::SessionDuration => {
                measure_duration(&aggregate(Metric::Sessions))
            }
            CriterionMetric::Retention => {
                self.measure_retention(&self.retention_cohort(target, group, days), group, 7)
            }
            CriterionMetric::Retention30 => {
                self.measure_retention(&self.retention_cohort(target, group, days), group, 30)
            }
            CriterionMetric::ErrorRate => Measurement::Rate {
                happened: aggregate(Metric::ErrorSessions).count(),
                cases: aggregate(Metric::Sessions).count(),
            },
            CriterionMetric::CriticalErrorRate => Measurement::Rate {
                happened: aggregate(Metric::CriticalSessions).count(),
                cases: aggregate(Metric::Sessions).count(),
            },
            CriterionMetric::CriticalBugs => Measurement::Count {
                happened: aggregate(Metric::CriticalSessions).count()
                    + self.count_bug_reports(days),
                looked: aggregate(Metric::Sessions).count(),
            },
            CriterionMetric::UserSatisfaction => {
                match measure_mean(&aggregate(Metric::Feedback), 1.0) {
                    // Ratings are whole stars: equal ratings so far do not mean zero variance.
                    Measurement::Mean { mean, variance, count } => {
                        Measurement::Mean { mean, variance: variance.max(MIN_VARIANCE), count }
                    }
                    other => other,
                }
            }
            CriterionMetric::Nps => measure_nps(&aggregate(Metric::Nps)),
            CriterionMetric::PerformanceScore => {
                measure_score(|vital| aggregate(Metric::Vital(vital)))
            }
            CriterionMetric::GoodVitals => {
                measure_good_vitals(|vital| aggregate(Metric::Vital(vital)))
            }
            CriterionMetric::Events => {
                let is_named = |label: &str| Some(label) == target.event.as_deref();
                let events = self.merge_aggregates(Metric::Custom, group, days, is_named).count();
                let days = self.users_by_day(group, days).values().map(UserSet::len).sum::<u64>();
                let value = if days == 0 { 0.0 } else { events as f64 / days as f64 * 100.0 };
                Measurement::Plain { value, count: days }
            }
            // Uptime is not monitored, so there are no samples.
            CriterionMetric::Uptime => Measurement::Plain { value: 0.0, count: 0 },
        }
    }

    /// Returns the mean minutes of use per exposed user.
    fn measure_engagement(&self, scope: Option<&str>, days: Days) -> Measurement {
        let of = |flag: &_| {
            let group = Group::Given(Clone::clone(flag));
            let is_named = |label: &str| label == phasegate_domain::ids::FlagKey::as_str(flag);
            self.merge_aggregates(Metric::Engagement, &group, days, is_named).sum()
        };
        let time: i128 = self.flags_in_scope(scope).map(of).sum();
        let count = self.exposed_users(scope, days).len();
        let value = if count == 0 { 0.0 } else { time as f64 / MINUTE / count as f64 };
        Measurement::Plain { value, count }
    }

    /// Returns the users whose return is measured.
    fn retention_cohort(&self, target: &Target, group: &Group, days: Days) -> UserSet {
        match group {
            Group::Members | Group::Given(_) => self.exposed_users(target.scope.as_deref(), days),
            Group::Side(_) | Group::Before => {
                union_user_sets(self.users_by_day(group, days).into_values())
            }
        }
    }

    /// Measures how many of the users were active again `after` days after their first day. Users
    /// whose day is not over yet are left out.
    fn measure_retention(&self, among: &UserSet, group: &Group, after: i64) -> Measurement {
        let activity_index = self.activity_index(group);
        let today = match group {
            Group::Before => self.before.map_or(self.today, |(_, to)| to),
            _ => self.today,
        };
        let (totals, _) = compute_retention(activity_index, activity_index, Some(among), today, 0);
        let total = totals.iter().find(|total| total.days == after);
        let (happened, cases) = total.map_or((0, 0), |total| (total.returned, total.users));
        Measurement::Rate { happened, cases }
    }
}

/// Returns the mean and variance of the values divided by `unit`.
fn measure_mean(aggregate: &Aggregate, unit: f64) -> Measurement {
    let (mean, variance) = (aggregate.mean(), aggregate.variance());
    Measurement::Mean {
        mean: mean.unwrap_or_default() / unit,
        variance: variance.unwrap_or_default() / (unit * unit),
        count: aggregate.sketch().count(),
    }
}

fn measure_duration(sessions: &Aggregate) -> Measurement {
    measure_mean(sessions, MINUTE)
}

fn measure_nps(answers: &Aggregate) -> Measurement {
    let sketch = answers.sketch();
    let count = sketch.count();
    // 6.5 is between the bins of 6 and 7, 8.5 between those of 8 and 9.
    let (detractors, passives) = (sketch.count_at_most(6.5), sketch.count_at_most(8.5));
    let promoters = count - passives;
    let value = (promoters as f64 - detractors as f64) * 100.0 / count.max(1) as f64;
    Measurement::Plain { value, count }
}

fn measure_score(aggregate: impl Fn(Vital) -> Aggregate) -> Measurement {
    let p75 = |vital| aggregate(vital).sketch().quantile(0.75);
    let values = Vital::ALL.into_iter().filter_map(|vital| Some((vital, p75(vital)?)));
    let value = performance_score(values, Device::Phone).unwrap_or_default();
    Measurement::Plain { value, count: aggregate(Vital::Lcp).sketch().count() }
}

/// Returns the share of good values of the Core Web Vital that has the lowest share.
fn measure_good_vitals(aggregate: impl Fn(Vital) -> Aggregate) -> Measurement {
    let shares = CORE.into_iter().filter_map(|vital| {
        let aggregate = aggregate(vital);
        let (good, _) = vital.thresholds();
        let cases = aggregate.sketch().count();
        (cases > 0).then(|| (aggregate.sketch().count_at_most(good as f64), cases))
    });
    let part = |(good, cases): &(u64, u64)| *good as f64 / *cases as f64;
    let worst = shares.min_by(|a, b| part(a).total_cmp(&part(b)));
    let (happened, cases) = worst.unwrap_or((0, 0));
    Measurement::Rate { happened, cases }
}
