//! Who is in: cumulative audience entries against the user's bucket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    bucket::{Bucket, Share, Throttle, is_inside},
    context::EvaluationContext,
    flags::{Step, Trace},
    ids::{PhaseNumber, SegmentKey},
    rollout::{AudienceEntry, Rollout},
    segments::{EVERYONE, Segment},
};

/// The rollout's verdict on one user.
#[derive(Debug, Clone, PartialEq)]
pub enum Membership<'a> {
    /// An audience entry lets the user in.
    In(Admission<'a>),
    /// None does.
    Out {
        /// The user's position, if the context names one.
        bucket: Option<Bucket>,
    },
}

/// The audience entry that let a user in.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission<'a> {
    /// The phase that the entry belongs to.
    pub phase: PhaseNumber,
    /// The entry.
    pub entry: &'a AudienceEntry,
    /// The user's position.
    pub bucket: Bucket,
}

impl Admission<'_> {
    /// Whether the user is in whatever their bucket.
    #[must_use]
    pub fn is_whole_segment(&self) -> bool {
        self.entry.is_whole_segment()
    }
}

/// How one audience entry looked at a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MembershipStep {
    /// The phase that the entry belongs to.
    pub phase: PhaseNumber,
    /// Whose share.
    pub segment: SegmentKey,
    /// How much of it.
    pub share: Share,
    /// The factor on it.
    pub throttle: Throttle,
    /// What the user's position hangs on.
    pub salt: String,
    /// The user's position.
    pub bucket: Bucket,
    /// What came of it.
    pub verdict: SegmentVerdict,
}

/// What came of an audience entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentVerdict {
    /// The user is not in the segment.
    NotInSegment,
    /// In the segment, but beyond its share.
    BeyondShare,
    /// In.
    Admitted,
}

impl Rollout {
    /// Asks the audience entries of all phases reached, in order; the first that admits wins.
    pub(crate) fn membership<'a>(
        &'a self,
        segments: &BTreeMap<SegmentKey, Segment>,
        context: &EvaluationContext,
        now: Timestamp,
        trace: &mut impl Trace,
    ) -> Membership<'a> {
        let Some(key) = context.targeting_key() else {
            trace.step(|| Step::NoTargetingKey);
            return Membership::Out { bucket: None };
        };
        let bucket = self.salt.bucket(key);
        let throttle = self.state.throttle();
        let reached = self.state.serving_phase();
        let phases = self.plan.phases.iter().take_while(|p| Some(p.number) <= reached);
        for (phase, entry) in phases.flat_map(|p| p.audience.iter().map(move |e| (p.number, e))) {
            let in_segment = entry.segment.as_str() == EVERYONE
                || segments.get(&entry.segment).is_some_and(|s| s.matches(context, now));
            let verdict = if !in_segment {
                SegmentVerdict::NotInSegment
            } else if is_inside(bucket, entry.share, throttle) {
                SegmentVerdict::Admitted
            } else {
                SegmentVerdict::BeyondShare
            };
            trace.step(|| {
                Step::Audience(MembershipStep {
                    phase,
                    segment: entry.segment.clone(),
                    share: entry.share,
                    throttle,
                    salt: self.salt.text().to_owned(),
                    bucket,
                    verdict,
                })
            });
            if verdict == SegmentVerdict::Admitted {
                return Membership::In(Admission { phase, entry, bucket });
            }
        }
        Membership::Out { bucket: Some(bucket) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        bucket::Salt,
        flags::{FlagState, Reason, evaluate, explain},
        ids::RolloutKey,
        rollout::{Command, RolloutState, apply, plan::tests::plan_file},
        snapshot::Snapshot,
    };
    use crate::{people::Role, rollout::CommandKind};

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn snapshot(phase: u16, change: impl Fn(&mut FlagState)) -> Snapshot {
        let file = plan_file();
        let mut state = RolloutState::Draft;
        for step in 0..phase {
            let kind = if step == 0 { CommandKind::Start } else { CommandKind::Advance };
            let command = Command { kind, reason: "test".into() };
            state = apply(&file.plan, &state, &command, Role::Admin, now()).unwrap().0;
        }
        let rollout = Rollout {
            key: RolloutKey::new("r").unwrap(),
            plan: file.plan,
            salt: Salt::new("s"),
            state,
            version: 1,
        };
        let mut flag_state = FlagState::INITIAL;
        change(&mut flag_state);
        let flags = file.flags.into_iter().map(|flag| (flag, flag_state)).collect();
        Snapshot::new(flags, file.segments, Some(rollout))
    }

    fn reason(snapshot: &Snapshot, flag: &str, context: &EvaluationContext) -> (bool, Reason) {
        let answer = evaluate(snapshot, snapshot.flag(flag).unwrap(), context, now()).unwrap();
        (answer.value().as_bool().unwrap(), answer.reason)
    }

    fn staff() -> EvaluationContext {
        EvaluationContext::of_user("ada").with("groups", vec!["staff"])
    }

    #[test]
    fn a_draft_lets_nobody_in() {
        assert_eq!(reason(&snapshot(0, |_| {}), "A", &staff()), (false, Reason::Default));
    }

    #[test]
    fn a_whole_segment_is_in_and_gets_the_flags_reached() {
        let one = snapshot(1, |_| {});
        assert_eq!(reason(&one, "A", &staff()), (true, Reason::TargetingMatch));
        assert_eq!(reason(&one, "B", &staff()), (false, Reason::Default));
        let stranger = EvaluationContext::of_user("bob");
        assert_eq!(reason(&one, "A", &stranger), (false, Reason::Default));
    }

    #[test]
    fn a_later_audience_gets_the_flags_of_earlier_phases_too() {
        let two = snapshot(2, |_| {});
        let inside = (0..1_000)
            .map(|n| EvaluationContext::of_user(format!("u{n}")))
            .filter(|user| reason(&two, "A", user) == (true, Reason::Split))
            .count();
        // 20 % of 1,000, within four standard deviations.
        assert!((150..=250).contains(&inside), "{inside}");
        let three = snapshot(3, |_| {});
        let stranger = EvaluationContext::of_user("bob");
        assert_eq!(reason(&three, "C", &stranger), (true, Reason::TargetingMatch));
    }

    #[test]
    fn off_and_killed_beat_membership() {
        let off = snapshot(3, |state| state.enabled = false);
        assert_eq!(reason(&off, "A", &staff()), (false, Reason::Disabled));
        let killed = snapshot(3, |state| state.killed = true);
        assert_eq!(reason(&killed, "A", &staff()), (false, Reason::Disabled));
    }

    #[test]
    fn nobody_in_particular_gets_the_default() {
        let three = snapshot(3, |_| {});
        assert_eq!(reason(&three, "A", &EvaluationContext::default()), (false, Reason::Default));
    }

    proptest! {
        #[test]
        fn an_explanation_ends_with_the_answer(phase in 0_u16..=3, user in "[a-z]{0,4}", staff: bool) {
            let snapshot = snapshot(phase, |_| {});
            let mut context = EvaluationContext::of_user(user);
            if staff {
                context = context.with("groups", vec!["staff"]);
            }
            for entry in snapshot.flags() {
                let answer = evaluate(&snapshot, entry, &context, now()).unwrap();
                let (explained, steps) = explain(&snapshot, entry, &context, now()).unwrap();
                prop_assert_eq!(&answer, &explained);
                let last = Step::Answer { variant: answer.variant.name.clone(), reason: answer.reason };
                prop_assert_eq!(steps.last(), Some(&last));
            }
        }

        #[test]
        fn advancing_takes_nothing_away(user in "[a-z0-9]{1,8}", phase in 1_u16..3) {
            let (before, after) = (snapshot(phase, |_| {}), snapshot(phase + 1, |_| {}));
            let context = EvaluationContext::of_user(user);
            for flag in ["A", "B", "C"] {
                if reason(&before, flag, &context).0 {
                    prop_assert!(reason(&after, flag, &context).0);
                }
            }
        }
    }
}
