//! Simulated users and their sessions.

use std::collections::BTreeSet;

use super::{Random, Simulation};
use crate::{
    ids::{FlagKey, PhaseNumber, SegmentKey},
    targeting::{Bucket, Salt, Share, Throttle, is_inside},
    vitals::Device,
};

/// The flags of the simulated rollout, one per phase. In simulated batches, the server accepts them
/// even if the environment lacks them.
pub const FLAGS: [&str; 3] =
    ["ENHANCED_EXERCISE_LIBRARY", "EXERCISE_PROGRESS_TRACKING", "EXERCISE_VIDEO_INTEGRATION"];

/// The number and percentage of each phase.
pub const PHASES: [(u16, f64); 3] = [(1, 5.0), (2, 20.0), (3, 50.0)];

/// The segments of simulated users.
pub const SEGMENTS: [&str; 5] =
    ["internal", "beta_testers", "power_users", "new_users", "inactive_users"];

/// The number of days for which a simulated user is new.
const NEW_DAYS: i64 = 7;

/// Returns the phase of a day; each phase lasts a third of the simulation.
#[must_use]
pub fn phase_of(simulation: &Simulation, day: i64) -> PhaseNumber {
    let gone = day - simulation.first_day();
    let third = gone * 3 / i64::from(simulation.days).max(1);
    PhaseNumber(1 + third.clamp(0, 2) as u16)
}

#[derive(Debug, Clone)]
struct SimulatedUser {
    bucket: Bucket,
    device: Device,
    /// The permanent segment, if any.
    segment: Option<&'static str>,
    /// Whether the user would use each of [`FLAGS`] if it were on.
    adopts: [bool; 3],
    first_day: i64,
}

/// A session of a simulated user.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedSession {
    /// The number of the user, from 0.
    pub user: u32,
    /// The number among the user's sessions, from 1.
    pub number: u32,
    /// Days since 1970-01-01, UTC.
    pub day: i64,
    /// The start of the session, in milliseconds since midnight UTC.
    pub begins: u64,
    pub device: Device,
    /// The phase of the rollout on that day.
    pub phase: PhaseNumber,
    /// The segments of the user on that day.
    pub segments: BTreeSet<SegmentKey>,
    /// The flags of the phases reached: key, whether it is on, whether the user would use it.
    pub flags: Vec<(FlagKey, bool, bool)>,
}

/// The sessions of a simulated population.
#[derive(Debug)]
pub struct Population {
    /// The parameters that it was drawn from.
    pub simulation: Simulation,
    /// All sessions in order of time.
    pub sessions: Vec<SimulatedSession>,
}

impl Population {
    /// Draws the population from its seed.
    #[must_use]
    pub fn new(simulation: Simulation) -> Self {
        let mut sessions = Vec::new();
        for user in 0..simulation.users {
            add_sessions(&simulation, user, &mut sessions);
        }
        sessions.sort_by_key(|session| (session.day, session.begins, session.user));
        Self { simulation, sessions }
    }
}

/// The user's id as the app would give it.
pub(super) fn user_id_of(simulation: &Simulation, user: u32) -> String {
    format!("sim-{}-{user}", simulation.seed)
}

impl SimulatedUser {
    fn new(simulation: &Simulation, number: u32, random: &mut Random) -> Self {
        let bucket = Salt::new("simulation").assign_bucket(&user_id_of(simulation, number));
        let device = match random.draw_below(100) {
            0..55 => Device::Phone,
            55..62 => Device::Tablet,
            _ => Device::Desktop,
        };
        let segment = match random.draw_below(100) {
            0 => Some("internal"),
            1..5 => Some("beta_testers"),
            5..15 => Some("power_users"),
            15..30 => Some("inactive_users"),
            _ => None,
        };
        let adopts = [random.draw_chance(0.45), random.draw_chance(0.35), random.draw_chance(0.55)];
        let first_day = match random.draw_chance(0.4) {
            true => simulation.first_day(),
            false => simulation.first_day() + random.draw_below(u64::from(simulation.days)) as i64,
        };
        Self { bucket, device, segment, adopts, first_day }
    }

    /// Whether the features of a phase are on for the user.
    fn is_in(&self, phase: PhaseNumber) -> bool {
        let share = PHASES.iter().find(|(number, _)| *number == phase.0);
        let share = share.and_then(|(_, percent)| Share::from_percent(*percent).ok());
        self.segment == Some("internal")
            || share.is_some_and(|share| is_inside(self.bucket, share, Throttle::NONE))
    }

    /// The probability that the user returns on a day of a phase.
    fn return_probability(&self, phase: PhaseNumber) -> f64 {
        let usual = match self.segment {
            Some("power_users") => 0.5,
            Some("internal") => 0.6,
            Some("inactive_users") => 0.03,
            _ => 0.12,
        };
        // Users with the features return more often.
        if self.is_in(phase) { usual + 0.04 } else { usual }
    }
}

fn segment_keys(names: impl Iterator<Item = &'static str>) -> BTreeSet<SegmentKey> {
    names.filter_map(|name| SegmentKey::new(name).ok()).collect()
}

fn add_sessions(simulation: &Simulation, number: u32, sessions: &mut Vec<SimulatedSession>) {
    let mut random = Random::new(simulation.seed, u64::from(number));
    let user = SimulatedUser::new(simulation, number, &mut random);
    let mut count = 0;
    for day in user.first_day..=simulation.last_day {
        let phase = phase_of(simulation, day);
        if day > user.first_day && !random.draw_chance(user.return_probability(phase)) {
            continue;
        }
        let is_new = day < user.first_day + NEW_DAYS;
        let segments = segment_keys(user.segment.into_iter().chain(is_new.then_some("new_users")));
        let flags = FLAGS.iter().zip(user.adopts).take(usize::from(phase.0));
        let flags = flags.filter_map(|(flag, adopts)| {
            Some((FlagKey::new(*flag).ok()?, user.is_in(phase), adopts))
        });
        let flags: Vec<_> = flags.collect();
        for _ in 0..=u64::from(random.draw_chance(0.2)) {
            count += 1;
            sessions.push(SimulatedSession {
                user: number,
                number: count,
                day,
                // Early enough to end on the same day.
                begins: random.draw_below(22 * 3_600_000),
                device: user.device,
                phase,
                segments: segments.clone(),
                flags: flags.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample_simulation(seed: u64) -> Simulation {
        Simulation { users: 500, days: 30, seed, last_day: 1_000, regression: None }
    }

    #[test]
    fn the_same_seed_draws_the_same_sessions() {
        let (one, same) =
            (Population::new(sample_simulation(7)), Population::new(sample_simulation(7)));
        assert_eq!(one.sessions, same.sessions);
        assert_ne!(one.sessions, Population::new(sample_simulation(8)).sessions);
        assert!(one.sessions.len() > 1_000);
        let days: BTreeSet<i64> = one.sessions.iter().map(|session| session.day).collect();
        assert_eq!((days.first(), days.last()), (Some(&971), Some(&1_000)));
    }

    #[test]
    fn each_phase_lasts_a_third_and_no_user_loses_a_feature() {
        let made = sample_simulation(7);
        let phases: Vec<u16> = (971..=1_000).map(|day| phase_of(&made, day).0).collect();
        assert_eq!([phases[0], phases[9], phases[10], phases[19], phases[20]], [1, 1, 2, 2, 3]);
        let mut random = Random::new(1, 1);
        for number in 0..500 {
            let user = SimulatedUser::new(&made, number, &mut random);
            let is_in = [1, 2, 3].map(|phase| user.is_in(PhaseNumber(phase)));
            assert!(is_in.is_sorted());
        }
    }
}
