//! Membership of a user in the audience: cumulative entries, compared with the user's bucket.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    bucket::{Bucket, Share, Throttle, is_inside},
    context::EvaluationContext,
    flags::{Trace, TraceStep},
    ids::{PhaseNumber, SegmentKey},
    rollout::{AudienceEntry, Plan, Rollout},
    segments::{ConditionStep, EVERYONE, Segment, Segments},
};

/// Whether the rollout admits a user.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Membership<'a> {
    /// An audience entry admits the user.
    In(Admission<'a>),
    Out {
        /// The user's bucket, if the context has a targeting key.
        bucket: Option<Bucket>,
    },
}

/// The audience entry that admitted a user.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Admission<'a> {
    /// The phase that the audience entry belongs to.
    pub phase: PhaseNumber,
    segment: &'a str,
    /// The share of the segment that is admitted.
    pub share: Share,
    /// The user's bucket; `None` without a targeting key, where only whole segments admit.
    pub bucket: Option<Bucket>,
}

impl<'a> Admission<'a> {
    /// The key of the segment that the user is in.
    #[must_use]
    pub fn segment(&self) -> &'a str {
        self.segment
    }

    /// Whether the whole segment is admitted, whatever the bucket.
    #[must_use]
    pub fn is_whole_segment(&self) -> bool {
        self.share == Share::ALL
    }
}

/// Environment overrides of a rollout, which take precedence over its state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RolloutVariables {
    /// The name of the variable and the phase that is served.
    pub phase: Option<(String, PhaseNumber)>,
    /// The name of the variable and the share of all users that is admitted instead of the plan's audience.
    pub percentage: Option<(String, Share)>,
}

impl RolloutVariables {
    /// The names of the variables that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let phase = self.phase.iter().map(|(name, _)| name.as_str());
        phase.chain(self.percentage.iter().map(|(name, _)| name.as_str()))
    }
}

/// A trace step: the verdict of one audience entry on a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MembershipStep {
    /// The phase that the entry belongs to.
    pub phase: PhaseNumber,
    /// The key of the segment.
    pub segment: String,
    /// The share of the segment that is admitted.
    pub share: Share,
    /// The throttle on the share.
    pub throttle: Throttle,
    /// The salt of the bucket.
    pub salt: String,
    /// The user's bucket, if the context has a targeting key.
    pub bucket: Option<Bucket>,
    /// The trace of the segment's condition.
    #[serde(default)]
    pub conditions: Vec<ConditionStep>,
    /// The verdict of the entry.
    pub verdict: SegmentVerdict,
}

/// The verdict of an audience entry.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentVerdict {
    /// The user is not in the segment.
    NotInSegment,
    /// In the segment, but outside of its share.
    BeyondShare,
    Admitted,
}

/// An audience entry with its segment, which is resolved once per snapshot.
#[derive(Debug, Clone)]
pub(crate) struct FoundEntry {
    phase: PhaseNumber,
    segment: SegmentKey,
    share: Share,
    members: Members,
}

#[derive(Debug, Clone)]
enum Members {
    Everyone,
    Of(Arc<Segment>),
    /// The segment does not exist; validation prevents this.
    Nobody,
}

impl FoundEntry {
    /// All entries of a plan, in the order of evaluation.
    pub(crate) fn all(plan: &Plan, segments: &Segments) -> Vec<Self> {
        let entries = plan
            .phases
            .iter()
            .flat_map(|phase| phase.audience.iter().map(|entry| (phase.number, entry)));
        let found = entries.map(|(phase, AudienceEntry { segment, share })| {
            let members = match segments.get(segment) {
                _ if segment.as_str() == EVERYONE => Members::Everyone,
                Some(segment) => Members::Of(Arc::clone(segment)),
                None => Members::Nobody,
            };
            Self { phase, segment: segment.clone(), share: *share, members }
        });
        found.collect()
    }

    fn holds(&self, context: &EvaluationContext, segments: &Segments, now: Timestamp) -> bool {
        match &self.members {
            Members::Everyone => true,
            Members::Of(segment) => segment.matches(context, segments, now),
            Members::Nobody => false,
        }
    }
}

/// The audience that membership is evaluated against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Audience<'a> {
    /// The entries of all phases.
    pub(crate) entries: &'a [FoundEntry],
    /// The last phase whose entries apply.
    pub(crate) reached: PhaseNumber,
    pub(crate) variables: &'a RolloutVariables,
    pub(crate) segments: &'a Segments,
}

impl Rollout {
    /// Evaluates the audience entries of all phases up to `reached`, in order; the first that admits wins.
    /// Variables take precedence.
    pub(crate) fn membership<'a>(
        &'a self,
        audience: Audience<'a>,
        context: &EvaluationContext,
        now: Timestamp,
        trace: &mut impl Trace,
    ) -> Membership<'a> {
        let Audience { entries, reached, variables, segments } = audience;
        for name in variables.names() {
            trace.step(|| TraceStep::RolloutVariable { name: name.to_owned() });
        }
        let bucket = context.targeting_key().map(|key| self.salt.bucket(key));
        if bucket.is_none() {
            trace.step(|| TraceStep::NoTargetingKey);
        }
        let mut admit = |phase, segment: &'a str, share: Share, throttle, in_segment| {
            // A whole segment needs no bucket; a share of it does.
            let is_admitted = share == Share::ALL
                || bucket.is_some_and(|bucket| is_inside(bucket, share, throttle));
            let verdict = match (in_segment, is_admitted) {
                (false, _) => SegmentVerdict::NotInSegment,
                (true, true) => SegmentVerdict::Admitted,
                (true, false) => SegmentVerdict::BeyondShare,
            };
            trace.step(|| {
                let condition = segments.get(segment).map(|segment| &segment.condition);
                let conditions = condition.map(|c| c.trace(context, segments, now));
                let (segment, salt) = (segment.to_owned(), self.salt.text().to_owned());
                let conditions = conditions.unwrap_or_default();
                let step = MembershipStep {
                    phase,
                    segment,
                    share,
                    throttle,
                    salt,
                    bucket,
                    conditions,
                    verdict,
                };
                TraceStep::Audience(step)
            });
            (verdict == SegmentVerdict::Admitted).then_some(Membership::In(Admission {
                phase,
                segment,
                share,
                bucket,
            }))
        };
        let found = match variables.percentage {
            Some((_, share)) => admit(reached, EVERYONE, share, Throttle::NONE, true),
            None => {
                let throttle = self.state.status.throttle();
                let mut entries = entries.iter().take_while(|entry| entry.phase <= reached);
                entries.find_map(|entry| {
                    let in_segment = entry.holds(context, segments, now);
                    admit(entry.phase, entry.segment.as_str(), entry.share, throttle, in_segment)
                })
            }
        };
        found.unwrap_or(Membership::Out { bucket })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        bucket::Salt,
        flags::Cause,
        flags::{Flag, FlagState, Reason, evaluate, explain},
        ids::RolloutKey,
        rollout::{CommandKind, RolloutCommand, RolloutState, apply, validate::tests::plan_file},
        snapshot::{Parts, Snapshot},
    };
    use crate::{gates::Gate, history::ActorName, people::Role};

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn snapshot(phase: u16, change: impl Fn(&mut FlagState)) -> Snapshot {
        let file = plan_file();
        let mut state = RolloutState::default();
        for step in 0..phase {
            let kind = if step == 0 { CommandKind::Start } else { CommandKind::Advance };
            let (command, gate) = (RolloutCommand::new(kind, "test"), Gate::default());
            let event = apply(&file.plan, &state, &command, &gate, Role::Admin, now());
            state = state.after(&event.unwrap(), &ActorName("ada".into()), now());
        }
        let rollout = Rollout {
            key: RolloutKey::new("r").unwrap(),
            plan: file.plan,
            salt: Salt::new("s"),
            state,
            version: 1,
        };
        let with_state = |flag: Flag| {
            let mut state = FlagState::initial(&flag.key);
            change(&mut state);
            (std::sync::Arc::new(flag), std::sync::Arc::new(state))
        };
        let flags = file.flags.into_iter().map(with_state).collect();
        Snapshot::new(Parts {
            flags,
            segments: file.segments.into_iter().map(std::sync::Arc::new).collect(),
            rollout: Some(rollout),
            ..Parts::default()
        })
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
    fn nobody_in_particular_is_in_when_everyone_is() {
        let nobody = EvaluationContext::default();
        let two = snapshot(2, |_| {});
        assert_eq!(reason(&two, "A", &nobody), (false, Reason::Default), "a share needs a bucket");
        let three = snapshot(3, |_| {});
        assert_eq!(reason(&three, "A", &nobody), (true, Reason::TargetingMatch));
    }

    #[test]
    fn variables_stand_above_the_state() {
        let draft = snapshot(0, |_| {});
        let everyone = |snapshot: &Snapshot| {
            let users = (0..1_000).map(|n| EvaluationContext::of_user(format!("u{n}")));
            users.filter(|user| reason(snapshot, "B", user).0).count()
        };
        assert_eq!(everyone(&draft), 0);
        let phase = Some(("VITE_EXERCISE_LIBRARY_PHASE".to_owned(), PhaseNumber(2)));
        let held = RolloutVariables { phase, percentage: None };
        let second = draft.clone().with_variables(held.clone());
        assert_eq!(second.serving_phase(), Some(PhaseNumber(2)));
        assert!((150..=250).contains(&everyone(&second)));
        let percentage = Some(("VITE_X".to_owned(), Share::from_percent(50.0).unwrap()));
        let half = draft.with_variables(RolloutVariables { percentage, ..held });
        assert!((430..=570).contains(&everyone(&half)));
        assert_eq!(reason(&half, "C", &staff()), (false, Reason::Default), "phase 3 adds it");
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
                let (explained, steps) = explain(&snapshot, entry, &context, now());
                prop_assert_eq!(&answer, &explained.unwrap());
                let last = TraceStep::Answer { variant: answer.variant.name.clone(), reason: answer.reason };
                prop_assert_eq!(steps.last(), Some(&last));
                let decided = |step: &TraceStep| matches!(step, TraceStep::Audience(_) | TraceStep::NoTargetingKey);
                let by_rollout = matches!(answer.cause, Cause::Rollout(_));
                prop_assert!(!by_rollout || steps.iter().any(decided), "{steps:?}");
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
