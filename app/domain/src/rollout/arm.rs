//! Who can be compared with whom: the people of one audience entry, on either side of its share.

use std::collections::BTreeSet;

use super::{AudienceEntry, Phase, Rollout};
use crate::{
    bucket::{Share, Throttle, is_inside},
    ids::{PhaseNumber, SegmentKey},
    segments::EVERYONE,
    telemetry::Arm,
};

/// In how many steps of the throttle people are told apart.
const HALVINGS: usize = 5;

impl Rollout {
    /// The arm of a user who is in these segments. A user of a segment that is admitted as a whole
    /// is let in whatever their position; of other entries, the one with the largest share decides,
    /// so that who is on which side of it depends on the position alone. Nothing where no entry is
    /// about them, or no phase is served.
    #[must_use]
    pub fn arm(&self, targeting_key: &str, segments: &BTreeSet<SegmentKey>) -> Option<Arm> {
        let phase = self.state.status.serving_phase()?;
        let entries = self.plan.entries(phase).filter(|entry| {
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
            || is_inside(self.salt.bucket(targeting_key), entry.share, throttle);
        Some(arm(phase, entry, entry.share.throttled(throttle), is_treatment))
    }
}

impl super::Plan {
    /// The audience entries that count while a phase is served: its own and those of all before.
    pub fn entries(&self, phase: PhaseNumber) -> impl Iterator<Item = &AudienceEntry> {
        let reached = self.phases.iter().take_while(move |p: &&Phase| p.number <= phase);
        reached.flat_map(|phase| &phase.audience)
    }

    /// All arms that there can be while a phase is served, with shares that were halved a few times,
    /// too.
    #[must_use]
    pub fn arms(&self, phase: PhaseNumber) -> BTreeSet<Arm> {
        let throttles = std::iter::successors(Some(Throttle::NONE), |t| Some(t.halved()));
        let throttles: Vec<Throttle> = throttles.take(HALVINGS).collect();
        let mut arms = BTreeSet::new();
        for entry in self.entries(phase) {
            for throttle in &throttles {
                let share = entry.share.throttled(*throttle);
                arms.extend(
                    [true, false].map(|is_treatment| arm(phase, entry, share, is_treatment)),
                );
            }
        }
        arms
    }

    /// The entry whose two sides are compared while a phase is served, as planned: everyone's, if part of
    /// them is outside, or else that with the largest share. Always the same one: whoever chose by what
    /// is measured would find what they look for.
    #[must_use]
    pub fn compared_entry(&self, phase: PhaseNumber) -> Option<&AudienceEntry> {
        let parts = self.entries(phase).filter(|entry| entry.share < Share::ALL);
        parts.max_by_key(|entry| (entry.segment.as_str() == EVERYONE, entry.share))
    }

    /// Whether anybody can be on the other side of a share while a phase is served.
    #[must_use]
    pub fn has_control(&self, phase: PhaseNumber) -> bool {
        let mut entries = self.entries(phase);
        let is_for_all =
            |entry: &AudienceEntry| entry.segment.as_str() == EVERYONE && entry.share == Share::ALL;
        let has_part = self.entries(phase).any(|entry| entry.share < Share::ALL);
        has_part && !entries.any(is_for_all)
    }
}

fn arm(phase: PhaseNumber, entry: &AudienceEntry, share: Share, is_treatment: bool) -> Arm {
    let (segment, buckets) = (entry.segment.clone(), share.buckets());
    Arm { phase, segment, buckets, is_treatment }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Timestamp,
        bucket::Salt,
        ids::RolloutKey,
        rollout::{Progress, RolloutState, RolloutStatus, validate::tests::plan_file},
    };

    fn rollout(phase: u16, throttle: Throttle) -> Rollout {
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

    fn segments(keys: &[&str]) -> BTreeSet<SegmentKey> {
        keys.iter().map(|key| SegmentKey::new(*key).unwrap()).collect()
    }

    #[test]
    fn whole_segments_have_no_other_side() {
        let rollout = rollout(2, Throttle::NONE);
        let staff = rollout.arm("ada", &segments(&["staff"])).unwrap();
        assert_eq!(staff.to_text(), "2:staff:100000:treatment");
        let stranger = rollout.arm("bob", &segments(&[])).unwrap();
        assert_eq!((stranger.segment.as_str(), stranger.share().percent()), ("everyone", 20.0));
        assert_eq!(Arm::parse(&stranger.to_text()), Some(stranger));
    }

    #[test]
    fn there_is_control_as_long_as_not_everybody_is_let_in() {
        let plan = plan_file().plan;
        let has = |phase| plan.has_control(PhaseNumber(phase));
        assert_eq!([1, 2, 3].map(has), [false, true, false]);
        assert_eq!(rollout(1, Throttle::NONE).arm("bob", &segments(&[])), None);
        // Two sides of all of a segment, and of a share of everyone in five steps.
        assert_eq!(plan.arms(PhaseNumber(2)).len(), 2 + 5 * 2);
        assert_eq!(plan.compared_entry(PhaseNumber(2)).unwrap().segment.as_str(), "everyone");
        assert_eq!(plan.compared_entry(PhaseNumber(1)), None);
    }

    proptest! {
        #[test]
        fn the_treated_are_those_who_are_let_in(key in "[a-z0-9]{1,8}") {
            for throttle in [Throttle::NONE, Throttle::NONE.halved()] {
                let rollout = rollout(2, throttle);
                let arm = rollout.arm(&key, &segments(&[])).unwrap();
                let share = Share::from_percent(20.0).unwrap();
                prop_assert!(rollout.plan.arms(PhaseNumber(2)).contains(&arm));
                prop_assert_eq!(arm.is_treatment, is_inside(rollout.salt.bucket(&key), share, throttle));
            }
        }
    }
}
