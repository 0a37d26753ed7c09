//! How many users a phase reaches: planned, expected, measured.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{PhaseNumber, SegmentKey},
    plan::Plan,
    rollout::RolloutStatus,
    stats::UserSet,
    targeting::{EVERYONE, Share, Throttle},
};

/// How many users a rollout reaches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RolloutReach))]
pub struct Reach {
    /// Users who were there in the last 30 days.
    pub active: u64,
    /// Of those, who were given one of its flags in the phase that is served.
    pub exposed: u64,
    /// How many of the active ones the phase lets in, by their segments.
    pub expected: u64,
    /// How many the next phase will let in; nothing after the last one.
    pub expected_next: Option<u64>,
}

impl Reach {
    /// From who was active, who was exposed, and who is in a segment.
    #[must_use]
    pub fn of<'a>(
        plan: &Plan,
        state: &RolloutStatus,
        active: &UserSet,
        exposed: &UserSet,
        in_segment: impl Fn(&SegmentKey) -> Option<&'a UserSet>,
    ) -> Self {
        let count = |phase: PhaseNumber, throttle: Throttle| {
            let phases = plan.phases.iter().take_while(|known| known.number <= phase);
            let entries = phases.flat_map(|phase| &phase.audience).map(|entry| {
                let users = match entry.segment.as_str() {
                    EVERYONE => Some(active.clone()),
                    _ => in_segment(&entry.segment).map(|users| users.in_both(active)),
                };
                (users.unwrap_or_default(), part(entry.share, throttle))
            });
            expected(entries.collect()).round() as u64
        };
        let (serving, throttle) = (state.serving_phase(), state.throttle());
        let next = serving.map_or(PhaseNumber::FIRST, PhaseNumber::next);
        Self {
            active: active.len(),
            exposed: exposed.count_in_both(active),
            expected: serving.map_or(0, |phase| count(phase, throttle)),
            expected_next: plan.phase(next).map(|phase| count(phase.number, throttle)),
        }
    }
}

fn part(share: Share, throttle: Throttle) -> f64 {
    let factor = if share == Share::ALL { 1.0 } else { throttle.factor() };
    share.percent() / 100.0 * factor
}

/// How many are let in. A user has one bucket, so of the shares of all their segments the largest
/// decides: each set counts with what none with a larger share has.
fn expected(mut entries: Vec<(UserSet, f64)>) -> f64 {
    entries.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mut seen = UserSet::default();
    let mut sum = 0.0;
    for (users, part) in entries {
        sum += users.without(&seen).len() as f64 * part;
        seen.extend(&users);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::plan_file, rollout::Progress};

    #[test]
    fn the_largest_share_of_a_users_segments_decides() {
        let users = |range: std::ops::Range<u32>| range.collect::<UserSet>();
        assert_eq!(expected(vec![(users(0..100), 0.2), (users(0..10), 1.0)]), 28.0);
        assert_eq!(expected(Vec::new()), 0.0);
    }

    #[test]
    fn a_phase_reaches_its_audience_and_those_before() {
        let plan = plan_file().plan;
        let users = |range: std::ops::Range<u32>| range.collect::<UserSet>();
        let (active, exposed, staff) = (users(0..100), users(0..9), users(0..10));
        let reach = |state| {
            Reach::of(&plan, &state, &active, &exposed, |key| {
                (key.as_str() == "staff").then_some(&staff)
            })
        };
        let at = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let running = |phase, throttle| {
            RolloutStatus::Running(Progress {
                phase: PhaseNumber(phase),
                phase_since: at,
                throttle,
            })
        };
        let draft = reach(RolloutStatus::Draft);
        assert_eq!((draft.expected, draft.expected_next), (0, Some(10)));
        let one = reach(running(1, Throttle::NONE));
        assert_eq!(
            (one.active, one.exposed, one.expected, one.expected_next),
            (100, 9, 10, Some(28))
        );
        let halved = reach(running(2, Throttle::NONE.halved()));
        assert_eq!((halved.expected, halved.expected_next), (19, Some(100)));
        assert_eq!(reach(running(3, Throttle::NONE)).expected_next, None);
    }
}
