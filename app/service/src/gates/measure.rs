//! One metric, of some people on some days.

use phasegate_domain::{
    analytics::retention,
    gates::{Counted, Measured},
    rollout::{Metric, Target},
    stats::{People, Tally},
    telemetry::{Device, Series},
    vitals::{Vital, performance_score},
};

use super::evidence::{Days, Evidence, Group, union};

const SESSIONS: Counted = Counted("session", "sessions");
const PEOPLE: Counted = Counted("person", "people");
const RATINGS: Counted = Counted("rating", "ratings");
const ANSWERS: Counted = Counted("answer", "answers");
const VIEWS: Counted = Counted("page view", "page views");
const DAYS: Counted = Counted("user-day", "user-days");
const RETAINED: Counted = Counted(
    "person who came first at least 7 days ago",
    "people who came first at least 7 days ago",
);
const RETAINED_30: Counted = Counted(
    "person who came first at least 30 days ago",
    "people who came first at least 30 days ago",
);

/// The least that ratings are taken to vary: half a star in either direction.
const MIN_VARIANCE: f64 = 0.25;

/// A minute, in millionths of a second.
const MINUTE: f64 = 60e6;

/// The Core Web Vitals.
const CORE: [Vital; 3] = [Vital::Lcp, Vital::Inp, Vital::Cls];

/// What is counted for a metric.
pub(super) fn counted(metric: Metric, compared: bool) -> Counted {
    match metric {
        // Of others it is sessions that are measured.
        Metric::Engagement if compared => SESSIONS,
        Metric::AdoptionRate | Metric::Engagement => PEOPLE,
        Metric::ErrorRate
        | Metric::CriticalErrorRate
        | Metric::CriticalBugs
        | Metric::SessionDuration => SESSIONS,
        Metric::PerformanceScore | Metric::GoodVitals => VIEWS,
        Metric::UserSatisfaction => RATINGS,
        Metric::Nps => ANSWERS,
        Metric::Retention => RETAINED,
        Metric::Retention30 => RETAINED_30,
        Metric::Events => DAYS,
        Metric::Uptime => Counted("minute", "minutes"),
    }
}

impl Evidence {
    /// Of whom a target is measured.
    pub(super) fn group(&self, target: &Target) -> Group {
        let scope = target.scope.as_deref();
        let named = scope.and_then(|scope| self.named(Some(scope)).next());
        named.map_or(Group::Members, |flag| Group::Given(flag.clone()))
    }

    /// A metric of a group; `compared` where it is to be set against others, who have no features.
    pub(super) fn measured(
        &self,
        target: &Target,
        group: &Group,
        days: Days,
        compared: bool,
    ) -> Measured {
        let tally = |series| self.tally(series, group, days, |_| true);
        let scope = target.scope.as_deref();
        match target.metric {
            Metric::AdoptionRate => {
                let exposed = self.exposed(scope, days);
                let tried = self.used(scope, days).count_in_both(&exposed);
                Measured::Rate { happened: tried, cases: exposed.len() }
            }
            Metric::Engagement if !compared => self.engagement(scope, days),
            Metric::Engagement | Metric::SessionDuration => duration(&tally(Series::Sessions)),
            Metric::Retention => self.retained(&self.came(target, group, days), group, 7),
            Metric::Retention30 => self.retained(&self.came(target, group, days), group, 30),
            Metric::ErrorRate => Measured::Rate {
                happened: tally(Series::ErrorSessions).count(),
                cases: tally(Series::Sessions).count(),
            },
            Metric::CriticalErrorRate => Measured::Rate {
                happened: tally(Series::CriticalSessions).count(),
                cases: tally(Series::Sessions).count(),
            },
            Metric::CriticalBugs => Measured::Count {
                happened: tally(Series::CriticalSessions).count() + self.bug_reports(days),
                looked: tally(Series::Sessions).count(),
            },
            Metric::UserSatisfaction => match mean(&tally(Series::Feedback), 1.0) {
                // Whole stars: that all are alike so far does not mean that the next one is.
                Measured::Mean { mean, variance, count } => {
                    Measured::Mean { mean, variance: variance.max(MIN_VARIANCE), count }
                }
                other => other,
            },
            Metric::Nps => recommended(&tally(Series::Nps)),
            Metric::PerformanceScore => score(|vital| tally(Series::Vital(vital))),
            Metric::GoodVitals => good(|vital| tally(Series::Vital(vital))),
            Metric::Events => {
                let is_named = |label: &str| Some(label) == target.event.as_deref();
                let events = self.tally(Series::Custom, group, days, is_named).count();
                let days = self.people(group, days).values().map(People::len).sum::<u64>();
                let value = if days == 0 { 0.0 } else { events as f64 / days as f64 * 100.0 };
                Measured::Plain { value, count: days }
            }
            // Nothing asks whether an address answers.
            Metric::Uptime => Measured::Plain { value: 0.0, count: 0 },
        }
    }

    /// Minutes for each person who was given it.
    fn engagement(&self, scope: Option<&str>, days: Days) -> Measured {
        let of = |flag: &_| {
            let group = Group::Given(Clone::clone(flag));
            let is_named = |label: &str| label == phasegate_domain::ids::FlagKey::as_str(flag);
            self.tally(Series::Engagement, &group, days, is_named).sum()
        };
        let time: i128 = self.named(scope).map(of).sum();
        let count = self.exposed(scope, days).len();
        let value = if count == 0 { 0.0 } else { time as f64 / MINUTE / count as f64 };
        Measured::Plain { value, count }
    }

    /// Who is looked for again.
    fn came(&self, target: &Target, group: &Group, days: Days) -> People {
        match group {
            Group::Members | Group::Given(_) => self.exposed(target.scope.as_deref(), days),
            Group::Side(_) | Group::Before => union(self.people(group, days).into_values()),
        }
    }

    /// Of some people: who was back, of those for whom it can be known.
    fn retained(&self, among: &People, group: &Group, after: i64) -> Measured {
        let presence = self.presence_of(group);
        let today = match group {
            Group::Before => self.before.map_or(self.today, |(_, to)| to),
            _ => self.today,
        };
        let (totals, _) = retention(presence, presence, Some(among), today, 0);
        let total = totals.iter().find(|total| total.days == after);
        let (happened, cases) = total.map_or((0, 0), |total| (total.back, total.of));
        Measured::Rate { happened, cases }
    }
}

/// In a unit of so many.
fn mean(tally: &Tally, unit: f64) -> Measured {
    let (mean, variance) = (tally.mean(), tally.variance());
    Measured::Mean {
        mean: mean.unwrap_or_default() / unit,
        variance: variance.unwrap_or_default() / (unit * unit),
        count: tally.sketch().count(),
    }
}

fn duration(sessions: &Tally) -> Measured {
    mean(sessions, MINUTE)
}

fn recommended(answers: &Tally) -> Measured {
    let sketch = answers.sketch();
    let count = sketch.count();
    // Between the bins of 6, 7 and of 8, 9.
    let (detractors, passives) = (sketch.count_at_most(6.5), sketch.count_at_most(8.5));
    let promoters = count - passives;
    let value = (promoters as f64 - detractors as f64) * 100.0 / count.max(1) as f64;
    Measured::Plain { value, count }
}

fn score(tally: impl Fn(Vital) -> Tally) -> Measured {
    let p75 = |vital| tally(vital).sketch().quantile(0.75);
    let values = Vital::ALL.into_iter().filter_map(|vital| Some((vital, p75(vital)?)));
    let value = performance_score(values, Device::Phone).unwrap_or_default();
    Measured::Plain { value, count: tally(Vital::Lcp).sketch().count() }
}

/// Of the vital with the fewest.
fn good(tally: impl Fn(Vital) -> Tally) -> Measured {
    let shares = CORE.into_iter().filter_map(|vital| {
        let tally = tally(vital);
        let (good, _) = vital.thresholds();
        let cases = tally.sketch().count();
        (cases > 0).then(|| (tally.sketch().count_at_most(good as f64), cases))
    });
    let part = |(good, cases): &(u64, u64)| *good as f64 / *cases as f64;
    let worst = shares.min_by(|a, b| part(a).total_cmp(&part(b)));
    let (happened, cases) = worst.unwrap_or((0, 0));
    Measured::Rate { happened, cases }
}
