//! The events of simulated sessions.

use std::collections::BTreeMap;

use super::{Random, SimulatedSession, Simulation, population::user_id_of};
use crate::{
    Timestamp,
    errors::{ErrorReport, Severity},
    events::{Event, EventKind, TaskOutcome, TimingKind},
    feedback::Feedback,
    ids::{FlagKey, VariantName},
    vitals::Vital,
};

const PAGES: [&str; 5] = ["/", "/exercises", "/exercises/detail", "/workouts", "/profile"];
const ENDPOINTS: [&str; 3] = ["/api/exercises", "/api/exercises/:id", "/api/workouts"];

/// A batch as a page would send it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedBatch {
    pub id: String,
    pub session: String,
    pub user: String,
    pub release: &'static str,
    /// The time of sending: that of its newest event.
    pub at: Timestamp,
    /// The variant of each flag that the session was exposed to.
    pub exposed: BTreeMap<FlagKey, VariantName>,
    pub events: Vec<Event>,
}

fn seconds_to_millionths(seconds: f64) -> f64 {
    seconds * 1e6
}

/// The events of a session while they are generated.
struct Story<'a> {
    session: &'a SimulatedSession,
    random: Random,
    now: i64,
    page: &'static str,
    events: Vec<Event>,
    /// Whether the regression applies to the session.
    is_worse: bool,
}

impl Story<'_> {
    fn timestamp_at(milliseconds: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(milliseconds).unwrap_or_default()
    }

    fn push_event(&mut self, kind: EventKind) {
        self.events.push(Event {
            at: Self::timestamp_at(self.now),
            page: self.page.to_owned(),
            kind,
        });
    }

    fn advance_clock(&mut self, from: u64, to: u64) {
        self.now += self.random.draw_between(from, to) as i64;
    }

    fn has_feature(&self) -> bool {
        self.session.flags.iter().any(|(_, is_on, _)| *is_on)
    }

    fn add_exposures(&mut self) {
        for (flag, is_on, _) in &self.session.flags {
            let variant = variant_name(*is_on);
            if let Some(variant) = variant {
                self.push_event(EventKind::Exposure { flag: flag.clone(), variant });
            }
        }
    }

    /// Adds a page view. Its vitals belong to the moment in which the page was opened.
    fn add_page_view(&mut self) {
        let page = self.random.draw_below(PAGES.len() as u64) as usize;
        self.page = PAGES.get(page).copied().unwrap_or("/");
        self.push_event(EventKind::View);
        let slow = match self.session.device {
            crate::vitals::Device::Phone => 1.4,
            _ => 1.0,
        };
        let worse = if self.is_worse { 1.6 } else { 1.0 };
        let vital = |story: &mut Self, vital, median: f64, spread| {
            let millionths = story.random.draw_log_normal(median, spread);
            story.push_event(EventKind::Vital { vital, millionths, was: None });
        };
        vital(self, Vital::Ttfb, seconds_to_millionths(0.35) * slow, 0.5);
        vital(self, Vital::Fcp, seconds_to_millionths(1.0) * slow, 0.4);
        vital(self, Vital::Lcp, seconds_to_millionths(1.7) * slow * worse, 0.45);
        if self.random.draw_chance(0.8) {
            vital(self, Vital::Inp, seconds_to_millionths(0.09) * slow * worse, 0.7);
        }
        if self.random.draw_chance(0.2) {
            vital(self, Vital::Fid, seconds_to_millionths(0.012) * slow, 0.6);
        }
        self.add_layout_shifts();
        let render = self.random.draw_log_normal(seconds_to_millionths(0.03) * worse, 0.5);
        self.add_timing(TimingKind::Render, "ExerciseList", render, false);
    }

    /// Adds layout shifts. Many pages do not shift at all; some shift again after the first report,
    /// which the larger value then replaces.
    fn add_layout_shifts(&mut self) {
        let shift = match self.random.draw_chance(0.3) {
            true => 0,
            false => self.random.draw_log_normal(seconds_to_millionths(0.04), 0.8),
        };
        self.push_event(EventKind::Vital { vital: Vital::Cls, millionths: shift, was: None });
        if self.random.draw_chance(0.15) {
            let millionths = shift + self.random.draw_log_normal(seconds_to_millionths(0.05), 0.5);
            self.push_event(EventKind::Vital { vital: Vital::Cls, millionths, was: Some(shift) });
        }
    }

    fn add_timing(&mut self, kind: TimingKind, name: &str, millionths: u64, has_failed: bool) {
        self.push_event(EventKind::Timing { kind, name: name.to_owned(), millionths, has_failed });
    }

    fn add_api_calls(&mut self) {
        for _ in 0..self.random.draw_below(4) {
            self.advance_clock(50, 900);
            let endpoint = self.random.draw_below(ENDPOINTS.len() as u64) as usize;
            let endpoint = ENDPOINTS.get(endpoint).copied().unwrap_or("/");
            let millionths = self.random.draw_log_normal(seconds_to_millionths(0.12), 0.6);
            let has_failed = self.random.draw_chance(0.01);
            self.add_timing(TimingKind::Api, endpoint, millionths, has_failed);
        }
    }

    fn add_feature_use(&mut self) {
        for (flag, is_on, adopts) in &self.session.flags {
            if !is_on || !adopts || !self.random.draw_chance(0.6) {
                continue;
            }
            for _ in 0..self.random.draw_between(1, 3) {
                self.advance_clock(2_000, 20_000);
                self.push_event(EventKind::FeatureUsed { flag: flag.clone() });
            }
            let millionths = self.random.draw_between(5, 120) * 1_000_000;
            self.push_event(EventKind::Engaged { flag: flag.clone(), millionths });
        }
    }

    fn add_task(&mut self) {
        if !self.random.draw_chance(0.4) {
            return;
        }
        let task = |outcome, millionths| {
            let name = "log_workout".to_owned();
            EventKind::Task { name, outcome, millionths }
        };
        self.push_event(task(TaskOutcome::Started, 0));
        self.advance_clock(20_000, 240_000);
        let likely = if self.has_feature() { 0.85 } else { 0.8 };
        let outcome = match self.random.draw_chance(likely) {
            true => TaskOutcome::Completed,
            false => TaskOutcome::Abandoned,
        };
        let millionths = self.random.draw_log_normal(seconds_to_millionths(70.0), 0.4);
        self.push_event(task(outcome, millionths));
        for _ in 0..self.random.draw_below(5) {
            self.push_event(EventKind::Custom { name: "set_logged".to_owned() });
        }
    }

    fn add_errors(&mut self) {
        let error = |message: &str, severity| {
            let (message, count) = (message.to_owned(), 1);
            EventKind::Error(ErrorReport { message, severity, count, ..ErrorReport::default() })
        };
        let likely = if self.is_worse { 0.12 } else { 0.03 };
        if self.random.draw_chance(likely) {
            let severity = match self.random.draw_chance(0.1) {
                true => Severity::Critical,
                false => Severity::Error,
            };
            let count = self.random.draw_between(1, 3);
            for _ in 0..count {
                self.push_event(error("TypeError: the plan is undefined (simulated)", severity));
            }
        }
        // Warnings are stored, but do not count as errors.
        if self.random.draw_chance(0.05) {
            self.push_event(error("The video took long to load (simulated)", Severity::Warning));
        }
    }

    fn add_feedback(&mut self) {
        if self.random.draw_chance(0.03) {
            let rating = Some(match self.random.draw_below(10) {
                0 => 2,
                1..3 => 3,
                3..7 => 4,
                _ => 5,
            });
            let (kind, message) =
                ("rating".to_owned(), "simulated by phasegate simulate".to_owned());
            self.push_event(EventKind::Feedback(Feedback {
                kind,
                rating,
                message,
                ..Feedback::default()
            }));
        }
        if self.random.draw_chance(0.02) {
            let score = Some(self.random.draw_between(3, 10) as u8);
            let kind = "nps".to_owned();
            self.push_event(EventKind::Feedback(Feedback { kind, score, ..Feedback::default() }));
        }
        for (name, likely) in [("premium_conversion", 0.01), ("support_ticket", 0.005)] {
            if self.random.draw_chance(likely) {
                self.push_event(EventKind::Custom { name: name.to_owned() });
            }
        }
    }
}

fn variant_name(is_on: bool) -> Option<VariantName> {
    VariantName::new(if is_on { "on" } else { "off" }).ok()
}

/// Returns what the pages of a session send, in one batch or two.
#[must_use]
pub fn session_batches(simulation: &Simulation, session: &SimulatedSession) -> Vec<SimulatedBatch> {
    let stream = (u64::from(session.user) << 32) | u64::from(session.number);
    // Not the stream that draws the sessions.
    let random = Random::new(simulation.seed ^ 0x5151, stream);
    let is_regression = simulation.regression == Some(session.phase.0);
    let has_newest = session.flags.last().is_some_and(|(_, is_on, _)| *is_on);
    let mut story = Story {
        session,
        random,
        now: session.day * 86_400_000 + session.begins as i64,
        page: "/",
        events: Vec::new(),
        is_worse: is_regression && has_newest,
    };
    story.add_exposures();
    for _ in 0..story.random.draw_between(1, 3) {
        story.add_page_view();
        story.add_api_calls();
        story.advance_clock(8_000, 180_000);
    }
    story.add_feature_use();
    story.add_task();
    story.add_errors();
    story.add_feedback();
    split_into_batches(simulation, session, story)
}

fn split_into_batches(
    simulation: &Simulation,
    session: &SimulatedSession,
    mut story: Story<'_>,
) -> Vec<SimulatedBatch> {
    let release = match session.day - simulation.first_day() < i64::from(simulation.days) / 2 {
        true => "1.0.0",
        false => "1.1.0",
    };
    let user = user_id_of(simulation, session.user);
    let exposed: BTreeMap<FlagKey, VariantName> = session
        .flags
        .iter()
        .filter_map(|(flag, is_on, _)| Some((flag.clone(), variant_name(*is_on)?)))
        .collect();
    let events = std::mem::take(&mut story.events);
    let middle = match story.random.draw_chance(0.3) {
        true => story.random.draw_below(events.len() as u64) as usize,
        false => 0,
    };
    let (first, second) = events.split_at(middle.min(events.len()));
    let parts = [first, second].into_iter().filter(|part| !part.is_empty());
    let one = |(number, part): (usize, &[Event])| SimulatedBatch {
        id: format!("{user}-{}-{number}", session.number),
        session: format!("{user}-{}", session.number),
        user: user.clone(),
        release,
        at: part.iter().map(|event| event.at).max().unwrap_or_default(),
        exposed: exposed.clone(),
        events: part.to_vec(),
    };
    parts.enumerate().map(one).collect()
}
