//! What was measured for the criteria of a phase.
//!
//! Of those who were answered "on" for one of the rollout's flags while the phase was served: rows and
//! sets of people are kept by flag, variant and phase, and read from the day on which the phase began.
//! Sessions with several flags are counted once: of the criterion's flags, the one with the most
//! sessions speaks.

use phasegate_domain::{
    analytics::{Presence, retention},
    gates::{Counted, Finding, Limit, Measured, Verdict, judge},
    ids::{EnvironmentId, FlagKey, PhaseNumber, VariantName},
    rollout::{ComparedWith, Criterion, Metric, Rollout},
    stats::{ALPHA, Bounds, People, Tally, rate_bounds},
    telemetry::{Deed, Device, Resolution, Series, Slice, day_of},
    vitals::{Vital, performance_score},
};
use phasegate_store::models::{Row, RowQuery};

use crate::{LiveEnvironment, Service, ServiceError};

/// What criteria are computed from.
const SERIES: [Series; 4] =
    [Series::Sessions, Series::ErrorSessions, Series::CriticalSessions, Series::Feedback];

/// How many days after the first visit somebody is looked for; one of those that retention is
/// computed for.
const RETENTION_DAY: i64 = 7;

/// Everything that was measured in the phase.
struct Evidence<'a> {
    live: &'a LiveEnvironment,
    phase: PhaseNumber,
    rows: Vec<Row>,
    presence: Presence,
    today: i64,
    /// How many criteria share the error.
    criteria: usize,
}

/// A finding for each criterion of the current phase, in its order.
pub(super) async fn findings(
    service: &Service,
    environment: EnvironmentId,
    rollout: &Rollout,
) -> Result<Vec<Finding>, ServiceError> {
    let Some(progress) = rollout.standing.state.progress() else { return Ok(Vec::new()) };
    let Some(phase) = rollout.plan.phase(progress.phase) else { return Ok(Vec::new()) };
    let criteria =
        phase.criteria.iter().filter(|c| matches!(c, Criterion::Automatic { .. })).count();
    if criteria == 0 {
        return Ok(phase.criteria.iter().map(|_| signed_off()).collect());
    }
    let live = service.environment(environment)?;
    let reached = rollout.plan.phases.iter().take_while(|p| p.number <= phase.number);
    let flags: Vec<FlagKey> = reached.flat_map(|phase| phase.flags.iter().cloned()).collect();
    let today = day_of(service.now());
    let (from, to) = (day_of(progress.phase_since), today + 1);
    let series = SERIES.into_iter().chain(Vital::ALL.map(Series::Vital)).collect();
    let on = |flag: &FlagKey| Some(Slice::Flag(flag.clone(), on(&live, flag)?, Some(phase.number)));
    let slices = flags.iter().filter_map(on).collect();
    let query = RowQuery { environment, resolution: Resolution::Day, series, slices, from, to };
    let (rows, presence) = tokio::try_join!(
        service.telemetry.sums(&query),
        service.telemetry.people(environment, "", from, to),
    )?;
    let presence = presence.into_iter().collect();
    let evidence = Evidence { live: &live, phase: phase.number, rows, presence, today, criteria };
    Ok(phase.criteria.iter().map(|criterion| evidence.finding(criterion, &flags)).collect())
}

fn signed_off() -> Finding {
    Finding { verdict: Verdict::AwaitingSignOff, detail: String::new() }
}

/// The variant that the rollout gives.
fn on(live: &LiveEnvironment, flag: &FlagKey) -> Option<VariantName> {
    Some(live.stored_flag(flag.as_str()).ok()?.flag.rollout_variant.clone())
}

impl Evidence<'_> {
    fn finding(&self, criterion: &Criterion, flags: &[FlagKey]) -> Finding {
        let Criterion::Automatic { metric, comparator, threshold, compared_with, scope } =
            criterion
        else {
            return signed_off();
        };
        let limit = Limit { comparator: *comparator, threshold: *threshold };
        let named: Vec<FlagKey> = match scope {
            Some(scope) => flags.iter().filter(|flag| flag.as_str() == scope).cloned().collect(),
            None => flags.to_vec(),
        };
        match (compared_with, metric) {
            (ComparedWith::Fixed, Metric::AdoptionRate) => {
                let exposed = self.exposed(&named);
                let tried = self.used(&named).count_in_both(&exposed);
                let measured = Measured::Rate { happened: tried, cases: exposed.len() };
                judge(measured, limit, PEOPLE, self.criteria)
            }
            (ComparedWith::Fixed, Metric::Retention) => {
                let (back, of) = self.retained(&self.exposed(&named));
                judge(Measured::Rate { happened: back, cases: of }, limit, RETAINED, self.criteria)
            }
            (ComparedWith::Control, Metric::Retention) => {
                let treatment = self.retained(&self.exposed(&named));
                let control = self.retained(&self.refused(&named));
                against(treatment, control, limit, self.criteria)
            }
            (ComparedWith::Fixed, metric) => {
                let (measured, of) = self.of_sessions(*metric, &named);
                match measured {
                    Some(measured) => judge(measured, limit, of, self.criteria),
                    None => unknown(
                        "this is not measured for each person; look at it and force the gate, or take it out of the plan",
                    ),
                }
            }
            (ComparedWith::Control | ComparedWith::Baseline, _) => unknown(
                "this metric is not compared yet; look at it and force the gate, or take it out of the plan",
            ),
        }
    }

    /// Who was given one of the flags in this phase.
    fn exposed(&self, flags: &[FlagKey]) -> People {
        self.answered(flags, |flag, variant| on(self.live, flag).as_ref() == Some(variant))
    }

    /// Who asked for one of the flags in this phase, and was not given any.
    fn refused(&self, flags: &[FlagKey]) -> People {
        let others =
            self.answered(flags, |flag, variant| on(self.live, flag).as_ref() != Some(variant));
        let exposed = self.exposed(flags);
        others.without(&exposed)
    }

    fn answered(
        &self,
        flags: &[FlagKey],
        is_wanted: impl Fn(&FlagKey, &VariantName) -> bool,
    ) -> People {
        let sets = self.presence.by_day(|deed| match deed {
            Deed::Exposed(flag, variant, phase) => {
                *phase == Some(self.phase) && flags.contains(flag) && is_wanted(flag, variant)
            }
            _ => false,
        });
        union(sets.values())
    }

    fn used(&self, flags: &[FlagKey]) -> People {
        union(
            self.presence
                .by_day(|deed| matches!(deed, Deed::Used(flag) if flags.contains(flag)))
                .values(),
        )
    }

    /// Of some people: who was back, and for how many it can be known.
    fn retained(&self, among: &People) -> (u64, u64) {
        let (totals, _) = retention(&self.presence, &self.presence, Some(among), self.today, 0);
        let total = totals.iter().find(|total| total.days == RETENTION_DAY);
        total.map_or((0, 0), |total| (total.back, total.of))
    }

    /// What is counted by session, of the flag with the most of them.
    fn of_sessions(&self, metric: Metric, flags: &[FlagKey]) -> (Option<Measured>, Counted) {
        let slices = flags.iter().filter_map(|flag| {
            Some(Slice::Flag(flag.clone(), on(self.live, flag)?, Some(self.phase)))
        });
        let slice = slices.max_by_key(|slice| self.tally(Series::Sessions, slice).count());
        let tally = |series| slice.as_ref().map_or_else(Tally::default, |s| self.tally(series, s));
        let sessions = tally(Series::Sessions).count();
        match metric {
            Metric::ErrorRate => {
                let happened = tally(Series::ErrorSessions).count();
                (Some(Measured::Rate { happened, cases: sessions }), SESSIONS)
            }
            Metric::CriticalErrorRate => {
                let happened = tally(Series::CriticalSessions).count();
                (Some(Measured::Rate { happened, cases: sessions }), SESSIONS)
            }
            Metric::CriticalBugs => {
                let happened = tally(Series::CriticalSessions).count();
                (Some(Measured::Count { happened, looked: sessions }), SESSIONS)
            }
            Metric::UserSatisfaction => {
                let ratings = tally(Series::Feedback);
                let (mean, variance) = (ratings.mean(), ratings.variance());
                let (mean, variance) = (mean.unwrap_or_default(), variance.unwrap_or_default());
                let count = ratings.sketch().count();
                (Some(Measured::Mean { mean, variance, count }), Counted("rating", "ratings"))
            }
            Metric::PerformanceScore => {
                let p75 = |vital| tally(Series::Vital(vital)).sketch().quantile(0.75);
                let values = Vital::ALL.into_iter().filter_map(|vital| Some((vital, p75(vital)?)));
                let value = performance_score(values, Device::Phone).unwrap_or_default();
                let count = tally(Series::Vital(Vital::Lcp)).sketch().count();
                (Some(Measured::Plain { value, count }), Counted("page view", "page views"))
            }
            Metric::AdoptionRate | Metric::Retention | Metric::Engagement => (None, SESSIONS),
        }
    }

    fn tally(&self, series: Series, slice: &Slice) -> Tally {
        let mut all = Tally::default();
        let mine = self.rows.iter().filter(|row| row.series == series && row.slice == *slice);
        mine.for_each(|row| all.merge(&row.tally));
        all
    }
}

const SESSIONS: Counted = Counted("session", "sessions");

const PEOPLE: Counted = Counted("person", "people");

const RETAINED: Counted = Counted(
    "person who came first at least 7 days ago",
    "people who came first at least 7 days ago",
);

fn union<'a>(sets: impl Iterator<Item = &'a People>) -> People {
    let mut all = People::default();
    sets.for_each(|people| all.extend(people));
    all
}

fn unknown(why: &str) -> Finding {
    Finding { verdict: Verdict::Inconclusive, detail: why.to_owned() }
}

/// How much higher a rate is than another one, in per cent of that one. Each of the two has half of
/// the error.
fn against(treatment: (u64, u64), control: (u64, u64), limit: Limit, criteria: usize) -> Finding {
    if treatment.1 == 0 || control.1 == 0 {
        let missing = if control.1 == 0 { "control" } else { "treatment" };
        return unknown(&format!("no {} in {missing}", RETAINED.1));
    }
    let alpha = ALPHA / criteria.max(1) as f64 / 2.0;
    let bounds = |(happened, cases)| rate_bounds(happened, cases, alpha);
    let (with, without) = (bounds(treatment), bounds(control));
    let change = |with: f64, without: f64| (with / without - 1.0) * 100.0;
    let all = Bounds { low: change(with.low, without.high), high: change(with.high, without.low) };
    let rate = |(happened, cases): (u64, u64)| happened as f64 / cases as f64;
    let value = change(rate(treatment), rate(control));
    let detail = format!(
        "{value:+.1} % ({:.1} % of {} against {:.1} % of {}), surely {:+.1} to {:+.1} %",
        rate(treatment) * 100.0,
        treatment.1,
        rate(control) * 100.0,
        control.1,
        all.low,
        all.high,
    );
    Finding { verdict: limit.verdict(all), detail }
}
