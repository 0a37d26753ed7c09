//! The reach of a phase: active, exposed and expected users.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{PhaseNumber, SegmentKey},
    plan::Plan,
    rollout::RolloutStatus,
    stats::UserSet,
    targeting::{EVERYONE, Share, Throttle},
};

/// The number of users that a rollout reaches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RolloutReach))]
pub struct Reach {
    /// Users active in the last 30 days.
    pub active: u64,
    /// Active users who were exposed to one of its flags in the current phase.
    pub exposed: u64,
    /// Active users whom the current phase admits, estimated from their segments.
    pub expected: u64,
    /// Active users whom the next phase will admit; `None` after the last phase.
    pub expected_next: Option<u64>,
}

impl Reach {
    /// Computes the reach from active users, exposed users, and the users in each segment.
    #[must_use]
    pub fn from_user_sets<'a>(
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
                    _ => in_segment(&entry.segment).map(|users| users.intersection_with(active)),
                };
                (users.unwrap_or_default(), served_fraction(entry.share, throttle))
            });
            estimate_admitted(entries.collect()).round() as u64
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

fn served_fraction(share: Share, throttle: Throttle) -> f64 {
    let factor = if share == Share::ALL { 1.0 } else { throttle.factor() };
    share.percent() / 100.0 * factor
}

/// Estimates the admitted users. A user has one bucket, so the largest share of their segments
/// decides: each set counts the users that are in no set with a larger share.
fn estimate_admitted(mut entries: Vec<(UserSet, f64)>) -> f64 {
    entries.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mut seen = UserSet::default();
    let mut sum = 0.0;
    for (users, part) in entries {
        sum += users.difference_with(&seen).len() as f64 * part;
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
        assert_eq!(estimate_admitted(vec![(users(0..100), 0.2), (users(0..10), 1.0)]), 28.0);
        assert_eq!(estimate_admitted(Vec::new()), 0.0);
    }

    #[test]
    fn a_phase_reaches_its_own_and_earlier_audiences() {
        let plan = plan_file().plan;
        let users = |range: std::ops::Range<u32>| range.collect::<UserSet>();
        let (active, exposed, staff) = (users(0..100), users(0..9), users(0..10));
        let reach = |state| {
            Reach::from_user_sets(&plan, &state, &active, &exposed, |key| {
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
