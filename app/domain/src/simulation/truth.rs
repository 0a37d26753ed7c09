//! The true numbers of a population, counted with sets and sorted lists that share no code with
//! rollups and sketches. Names are those of the panels' fields.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{FLAGS, SimulatedBatch, SimulatedSession, Simulation};
use crate::{
    errors::Severity,
    events::{EventKind, TaskOutcome, TimingKind},
    time::date_of,
};

/// A true number under its name in the panels.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// `dimension/panel.field…`; without a dimension, the number covers all users.
    pub metric: String,
    /// Whether it is a quantile, which sketches estimate within 1 %; all others are exact.
    pub is_quantile: bool,
    pub truth: f64,
}

#[derive(Debug, Default)]
struct SessionTotals {
    first: i64,
    last: i64,
    has_error: bool,
    has_critical: bool,
    dimensions: Vec<String>,
}

/// The users with a flag on and off, and the days on which each one used it.
#[derive(Debug, Default)]
struct FlagTotals {
    on: HashSet<u32>,
    off: HashSet<u32>,
    used: HashMap<u32, BTreeSet<i64>>,
}

/// The true numbers of the batches added so far.
#[derive(Debug, Default)]
pub struct Truth {
    counts: BTreeMap<String, u64>,
    sums: BTreeMap<String, (u64, u64)>,
    values: BTreeMap<String, Vec<u64>>,
    users: BTreeMap<String, HashSet<u32>>,
    first_day: HashMap<u32, i64>,
    days: HashMap<u32, BTreeSet<i64>>,
    sessions: HashMap<String, SessionTotals>,
    flags: BTreeMap<&'static str, FlagTotals>,
    scores: Vec<u8>,
}

impl Truth {
    /// Adds a batch of a session. Each batch must be added once.
    pub fn add_batch(&mut self, session: &SimulatedSession, batch: &SimulatedBatch) {
        let user = session.user;
        let dimensions = dimension_prefixes(session);
        self.days.entry(user).or_default().insert(session.day);
        let first = self.first_day.entry(user).or_insert(session.day);
        *first = session.day.min(*first);
        for dimension in &dimensions {
            self.users.entry(format!("{dimension}users.now.users")).or_default().insert(user);
        }
        let daily = format!("users.daily.{}.users", date_of(session.day));
        self.users.entry(daily).or_default().insert(user);
        let known = self.sessions.entry(batch.session.clone()).or_insert_with(|| SessionTotals {
            first: i64::MAX,
            last: i64::MIN,
            dimensions: dimensions.clone(),
            ..SessionTotals::default()
        });
        for event in &batch.events {
            let at = event.at.timestamp_millis();
            (known.first, known.last) = (known.first.min(at), known.last.max(at));
            if let EventKind::Error(report) = &event.kind {
                let counts = matches!(report.severity, Severity::Error | Severity::Critical);
                known.has_error |= counts;
                known.has_critical |= report.severity == Severity::Critical;
            }
        }
        for event in &batch.events {
            self.add_event(session, &dimensions, &event.kind);
        }
    }

    fn add_count(&mut self, dimensions: &[String], name: &str, times: u64) {
        for dimension in dimensions {
            *self.counts.entry(format!("{dimension}{name}")).or_default() += times;
        }
    }

    fn add_value(&mut self, dimensions: &[String], name: &str, value: u64) {
        for dimension in dimensions {
            self.values.entry(format!("{dimension}{name}")).or_default().push(value);
        }
    }

    fn add_event(&mut self, session: &SimulatedSession, dimensions: &[String], kind: &EventKind) {
        match kind {
            EventKind::Vital { vital, millionths, was } => {
                let name = format!("vitals.{}", vital.as_str());
                if let Some(was) = was {
                    // Only the numbers of all users are corrected; flags, phases and segments keep
                    // the first value, because those of the page view may have changed since.
                    let all = self.values.entry(name).or_default();
                    let place = all.iter().rposition(|value| value == was);
                    place.map(|place| all.swap_remove(place));
                    all.push(*millionths);
                } else {
                    self.add_value(dimensions, &name, *millionths);
                }
            }
            EventKind::Exposure { flag, variant } => {
                if let Some(events) = self.flag_totals(flag.as_str()) {
                    let set =
                        if variant.as_str() == "on" { &mut events.on } else { &mut events.off };
                    set.insert(session.user);
                }
            }
            EventKind::FeatureUsed { flag } => {
                if let Some(events) = self.flag_totals(flag.as_str()) {
                    events.used.entry(session.user).or_default().insert(session.day);
                }
            }
            EventKind::Engaged { flag, millionths } => {
                let sum = self.sums.entry(format!("adoption.{flag}.seconds")).or_default();
                sum.0 += millionths;
                let name = format!("adoption.{flag}.median_seconds");
                self.values.entry(name).or_default().push(*millionths);
            }
            EventKind::Task { name, outcome, .. } => {
                let outcome = match outcome {
                    TaskOutcome::Started => "started",
                    TaskOutcome::Completed => "completed",
                    TaskOutcome::Abandoned => "abandoned",
                };
                self.add_count(dimensions, &format!("tasks.{name}.now.{outcome}"), 1);
            }
            EventKind::Custom { name } => {
                self.add_count(dimensions, &format!("events.{name}.count"), 1);
            }
            EventKind::Timing { kind, name, millionths, has_failed } => {
                self.add_value(dimensions, &format!("timings.{name}"), *millionths);
                if *kind == TimingKind::Api {
                    self.add_count(
                        dimensions,
                        &format!("timings.{name}.failures"),
                        u64::from(*has_failed),
                    );
                }
            }
            EventKind::Feedback(feedback) => {
                if let Some(rating) = feedback.rating {
                    let sum = self.sums.entry("feedback.now.satisfaction".to_owned()).or_default();
                    *sum = (sum.0 + u64::from(rating), sum.1 + 1);
                }
                self.scores.extend(feedback.score);
            }
            EventKind::View
            | EventKind::Error(_)
            | EventKind::Property { .. }
            | EventKind::Dropped { .. }
            | EventKind::Rejected { .. } => {}
        }
    }

    fn flag_totals(&mut self, key: &str) -> Option<&mut FlagTotals> {
        let known = FLAGS.into_iter().find(|flag| *flag == key)?;
        Some(self.flags.entry(known).or_default())
    }

    /// Returns all true numbers with their names.
    #[must_use]
    pub fn into_expected(self, simulation: &Simulation) -> Vec<Expected> {
        let mut all = Numbers::default();
        for (name, count) in &self.counts {
            all.push_exact(name, *count as f64);
        }
        for (name, users) in &self.users {
            all.push_exact(name, users.len() as f64);
        }
        all.push_exact("users.now.new_users", self.first_day.len() as f64);
        self.expect_sessions(&mut all);
        self.expect_adoption(&mut all);
        self.expect_retention(simulation, &mut all);
        self.expect_feedback(&mut all);
        for (name, mut values) in self.values {
            values.sort_unstable();
            if name.ends_with("median_seconds") {
                all.push_quantile(&name, exact_quantile(&values, 0.5) / 1e6);
            } else if name.contains("vitals.") {
                all.push_exact(&format!("{name}.samples"), values.len() as f64);
                all.push_quantile(&format!("{name}.p75"), exact_quantile(&values, 0.75));
            } else {
                all.push_exact(&format!("{name}.timing.samples"), values.len() as f64);
                all.push_quantile(&format!("{name}.p50"), exact_quantile(&values, 0.5));
                all.push_quantile(&format!("{name}.timing.p75"), exact_quantile(&values, 0.75));
                all.push_quantile(&format!("{name}.p95"), exact_quantile(&values, 0.95));
            }
        }
        all.0
    }

    fn expect_sessions(&self, all: &mut Numbers) {
        let mut lengths: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        let mut troubled: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for session in self.sessions.values() {
            for dimension in &session.dimensions {
                // Millionths of a second.
                let length = (session.last - session.first).unsigned_abs() * 1_000;
                lengths.entry(dimension).or_default().push(length);
                let counts = troubled.entry(dimension).or_default();
                counts.0 += u64::from(session.has_error);
                counts.1 += u64::from(session.has_critical);
            }
        }
        for (dimension, mut lengths) in lengths {
            lengths.sort_unstable();
            let (count, sum) = (lengths.len() as f64, lengths.iter().sum::<u64>() as f64);
            let (errors, criticals) = troubled.get(dimension).copied().unwrap_or_default();
            let mut exact =
                |name: &str, value| all.push_exact(&format!("{dimension}{name}"), value);
            exact("sessions.now.sessions", count);
            exact("sessions.now.with_error", errors as f64);
            exact("sessions.now.with_critical", criticals as f64);
            exact("error_rate", errors as f64 / count);
            exact("sessions.now.mean_seconds", sum / count / 1e6);
            let p50 = format!("{dimension}sessions.now.p50_seconds");
            all.push_quantile(&p50, exact_quantile(&lengths, 0.5) / 1e6);
            let p95 = format!("{dimension}sessions.now.p95_seconds");
            all.push_quantile(&p95, exact_quantile(&lengths, 0.95) / 1e6);
        }
    }

    fn expect_adoption(&self, all: &mut Numbers) {
        let users = |events: &FlagTotals| -> HashSet<u32> { events.used.keys().copied().collect() };
        for (flag, events) in &self.flags {
            let tried = events.used.keys().filter(|user| events.on.contains(user)).count();
            let again = events.used.values().filter(|days| days.len() > 1).count();
            all.push_exact(&format!("adoption.{flag}.exposed"), events.on.len() as f64);
            all.push_exact(&format!("adoption.{flag}.used"), tried as f64);
            all.push_exact(&format!("adoption.{flag}.used_again"), again as f64);
            if !events.on.is_empty() {
                let rate = tried as f64 / events.on.len() as f64;
                all.push_exact(&format!("adoption.{flag}.rate"), rate);
            }
        }
        for (name, (sum, _)) in self.sums.iter().filter(|(name, _)| name.ends_with(".seconds")) {
            all.push_exact(name, *sum as f64 / 1e6);
        }
        let flags: Vec<_> =
            self.flags.iter().filter(|(_, events)| !events.used.is_empty()).collect();
        for (index, (one, events)) in flags.iter().enumerate() {
            for (other, others) in flags.iter().skip(index + 1) {
                let (mine, theirs) = (users(events), users(others));
                let both = mine.intersection(&theirs).count();
                all.push_exact(&format!("cross_use.{one}+{other}.both"), both as f64);
                let either = mine.union(&theirs).count();
                all.push_exact(&format!("cross_use.{one}+{other}.either"), either as f64);
            }
        }
    }

    fn expect_retention(&self, simulation: &Simulation, all: &mut Numbers) {
        let first_flag = FLAGS.first().copied().unwrap_or_default();
        let events = self.flags.get(first_flag);
        let arms = [
            ("All users".to_owned(), None),
            (format!("Treatment: {first_flag} on"), events.map(|events| &events.on)),
            (format!("Control: {first_flag} off"), events.map(|events| &events.off)),
        ];
        for (title, among) in arms {
            for days in [1, 7, 30] {
                let (mut of, mut back) = (0_u64, 0_u64);
                for (user, first) in &self.first_day {
                    let is_known = first + days <= simulation.last_day;
                    if is_known && among.is_none_or(|among| among.contains(user)) {
                        of += 1;
                        let is_back =
                            self.days.get(user).is_some_and(|d| d.contains(&(first + days)));
                        back += u64::from(is_back);
                    }
                }
                all.push_exact(&format!("retention.{title}.totals.{days}.users"), of as f64);
                all.push_exact(&format!("retention.{title}.totals.{days}.returned"), back as f64);
            }
        }
    }

    fn expect_feedback(&self, all: &mut Numbers) {
        if let Some((sum, count)) = self.sums.get("feedback.now.satisfaction") {
            all.push_exact("feedback.now.ratings", *count as f64);
            all.push_exact("feedback.now.satisfaction", *sum as f64 / *count as f64);
        }
        let count = self.scores.len() as f64;
        all.push_exact("feedback.now.recommendations", count);
        if count > 0.0 {
            let promoters = self.scores.iter().filter(|score| **score >= 9).count() as f64;
            let detractors = self.scores.iter().filter(|score| **score <= 6).count() as f64;
            all.push_exact("feedback.now.nps", (promoters - detractors) * 100.0 / count);
        }
    }
}

#[derive(Debug, Default)]
struct Numbers(Vec<Expected>);

impl Numbers {
    fn push_exact(&mut self, metric: &str, truth: f64) {
        self.0.push(Expected { metric: metric.to_owned(), is_quantile: false, truth });
    }

    fn push_quantile(&mut self, metric: &str, truth: f64) {
        self.0.push(Expected { metric: metric.to_owned(), is_quantile: true, truth });
    }
}

/// The prefixes of a session's numbers: all users, phase, segments and variants of flags.
fn dimension_prefixes(session: &SimulatedSession) -> Vec<String> {
    let phase = session.phase;
    let mut dimensions = vec![String::new(), format!("phase:{phase}/")];
    dimensions.extend(session.segments.iter().map(|segment| format!("segment:{segment}/")));
    let variant = |is_on: bool| if is_on { "on" } else { "off" };
    dimensions.extend(
        session.flags.iter().map(|(f, is_on, _)| format!("flag:{f}:{}:{phase}/", variant(*is_on))),
    );
    dimensions
}

/// The `q`-quantile: the value of rank `q · (n − 1)`, rounded down.
fn exact_quantile(sorted: &[u64], q: f64) -> f64 {
    let rank = (q * sorted.len().saturating_sub(1) as f64).floor() as usize;
    sorted.get(rank).map_or(0.0, |value| *value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::{Population, session_batches};

    #[test]
    fn true_numbers_cover_all_users_and_each_dimension() {
        let simulation =
            Simulation { users: 300, days: 12, seed: 3, last_day: 1_000, regression: Some(3) };
        let population = Population::new(simulation.clone());
        let mut truth = Truth::default();
        for session in &population.sessions {
            session_batches(&simulation, session)
                .iter()
                .for_each(|batch| truth.add_batch(session, batch));
        }
        let expected = truth.into_expected(&simulation);
        let find = |name: &str| expected.iter().find(|e| e.metric == name).map(|e| e.truth);
        assert_eq!(find("users.now.users"), Some(300.0));
        assert_eq!(find("users.now.new_users"), Some(300.0));
        assert_eq!(find("sessions.now.sessions"), Some(population.sessions.len() as f64));
        let phases: f64 =
            (1..=3).filter_map(|phase| find(&format!("phase:{phase}/sessions.now.sessions"))).sum();
        assert_eq!(phases, population.sessions.len() as f64);
        let day = format!("users.daily.{}.users", date_of(989));
        assert!(find(&day).unwrap() >= 100.0, "two in five come on the first day");
        // In the phase of the regression, the feature makes pages slower.
        let on = find("flag:EXERCISE_VIDEO_INTEGRATION:on:3/vitals.LCP.p75").unwrap();
        let off = find("flag:EXERCISE_VIDEO_INTEGRATION:off:3/vitals.LCP.p75").unwrap();
        assert!(on > off * 1.3, "{on} {off}");
        let mut names: Vec<&str> = expected.iter().map(|e| e.metric.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), expected.len(), "each is said once");
    }
}
