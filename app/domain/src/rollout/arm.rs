//! The arm of a user: a side of the share of one audience entry.

use std::collections::BTreeSet;

use super::Rollout;
use crate::{
    events::Arm,
    ids::SegmentKey,
    plan::AudienceEntry,
    targeting::{EVERYONE, Share, is_inside},
};

impl Rollout {
    /// Returns the arm of a user in these segments, by the matching entry with the largest share. A
    /// share of 100 % admits every bucket; of a smaller one, the side depends on the bucket alone.
    /// `None` if no entry matches, or if no phase is served.
    #[must_use]
    pub fn assign_arm(&self, targeting_key: &str, segments: &BTreeSet<SegmentKey>) -> Option<Arm> {
        let phase = self.state.status.serving_phase()?;
        let entries = self.plan.reached_entries(phase).filter(|entry| {
            entry.segment.as_str() == EVERYONE || segments.contains(&entry.segment)
        });
        let mut decides: Option<&AudienceEntry> = None;
        for entry in entries {
            if decides.is_none_or(|before| entry.share > before.share) {
                decides = Some(entry);
            }
        }
        let entry = decides?;
        let throttle = self.state.status.throttle();
        let is_treatment = entry.share == Share::ALL
            || is_inside(self.salt.assign_bucket(targeting_key), entry.share, throttle);
        Some(entry.arm_at_share(phase, entry.share.throttled(throttle), is_treatment))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Timestamp,
        accounts::Role,
        ids::{ActorName, PhaseNumber, RolloutKey},
        plan::plan_file,
        rollout::{
            CommandKind, GateResult, Progress, RolloutCommand, RolloutState, RolloutStatus,
            apply_command,
        },
        targeting::{Salt, Throttle},
    };

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn sample_rollout(phase: u16, throttle: Throttle) -> Rollout {
        let progress =
            Progress { phase: PhaseNumber(phase), phase_since: Timestamp::UNIX_EPOCH, throttle };
        let status = RolloutStatus::Running(progress);
        Rollout {
            key: RolloutKey::new("r").unwrap(),
            plan: plan_file().plan,
            salt: Salt::new("s"),
            state: RolloutState { status, ..RolloutState::default() },
            version: 1,
        }
    }

    fn segment_keys(keys: &[&str]) -> BTreeSet<SegmentKey> {
        keys.iter().map(|key| SegmentKey::new(*key).unwrap()).collect()
    }

    #[test]
    fn members_of_a_whole_segment_are_always_in_treatment() {
        let rollout = sample_rollout(2, Throttle::NONE);
        let staff = rollout.assign_arm("ada", &segment_keys(&["staff"])).unwrap();
        assert_eq!(staff.to_text(), "2:staff:100000:treatment");
        let stranger = rollout.assign_arm("bob", &segment_keys(&[])).unwrap();
        assert_eq!((stranger.segment.as_str(), stranger.share().percent()), ("everyone", 20.0));
        assert_eq!(Arm::parse(&stranger.to_text()), Some(stranger));
    }

    #[test]
    fn a_phase_has_a_control_arm_until_everyone_is_admitted() {
        let plan = plan_file().plan;
        let has = |phase| plan.has_control(PhaseNumber(phase));
        assert_eq!([1, 2, 3].map(has), [false, true, false]);
        assert_eq!(sample_rollout(1, Throttle::NONE).assign_arm("bob", &segment_keys(&[])), None);
        // Two arms of the whole segment, and two per throttle step of the share of everyone.
        assert_eq!(plan.possible_arms(PhaseNumber(2)).len(), 2 + 7 * 2);
        assert_eq!(plan.compared_entry(PhaseNumber(2)).unwrap().segment.as_str(), "everyone");
        assert_eq!(plan.compared_entry(PhaseNumber(1)), None);
    }

    #[test]
    fn every_throttle_that_halving_reaches_has_arms() {
        let mut rollout = sample_rollout(2, Throttle::NONE);
        let command = RolloutCommand::new(CommandKind::Halve, "a reason");
        let (gate, actor) = (GateResult::always_passing(), ActorName("ada".into()));
        let mut halvings = 0;
        while let Ok(event) =
            apply_command(&rollout.plan, &rollout.state, &command, &gate, Role::Admin, NOW)
        {
            rollout.state = rollout.state.apply_event(&event, &actor, NOW);
            let arm = rollout.assign_arm("bob", &segment_keys(&[])).unwrap();
            assert!(rollout.plan.possible_arms(PhaseNumber(2)).contains(&arm), "{}", arm.to_text());
            halvings += 1;
        }
        assert_eq!(halvings, 6);
    }

    proptest! {
        #[test]
        fn the_treatment_arm_contains_exactly_the_admitted_users(key in "[a-z0-9]{1,8}") {
            for throttle in [Throttle::NONE, Throttle::NONE.halved()] {
                let rollout = sample_rollout(2, throttle);
                let arm = rollout.assign_arm(&key, &segment_keys(&[])).unwrap();
                let share = Share::from_percent(20.0).unwrap();
                prop_assert!(rollout.plan.possible_arms(PhaseNumber(2)).contains(&arm));
                prop_assert_eq!(arm.is_treatment, is_inside(rollout.salt.assign_bucket(&key), share, throttle));
            }
        }
    }
}
