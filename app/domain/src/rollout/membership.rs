//! Membership of a user in the audience: cumulative entries, compared with the user's bucket.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Rollout;
use crate::{
    Timestamp,
    ids::{PhaseNumber, SegmentKey},
    plan::{AudienceEntry, Plan},
    targeting::{
        Bucket, ConditionStep, EVERYONE, EvaluationContext, Segment, Segments, Share, Throttle,
        is_inside,
    },
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
    /// The name of the variable and the share of all users that is admitted instead of the plan's
    /// audience.
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

/// Observes the evaluation of a membership. A step is only built if the observer keeps it.
pub(crate) trait MembershipObserver {
    /// An environment override of the rollout is set.
    fn observe_variable(&mut self, name: &str);

    /// The context has no targeting key, so there is no bucket.
    fn observe_missing_key(&mut self);

    /// The verdict of one audience entry.
    fn observe_entry(&mut self, step: impl FnOnce() -> MembershipStep);
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
    None,
}

impl FoundEntry {
    /// All entries of a plan, in the order of evaluation.
    pub(crate) fn resolve_entries(plan: &Plan, segments: &Segments) -> Vec<Self> {
        let entries = plan
            .phases
            .iter()
            .flat_map(|phase| phase.audience.iter().map(|entry| (phase.number, entry)));
        let found = entries.map(|(phase, AudienceEntry { segment, share })| {
            let members = match segments.get(segment) {
                _ if segment.as_str() == EVERYONE => Members::Everyone,
                Some(segment) => Members::Of(Arc::clone(segment)),
                None => Members::None,
            };
            Self { phase, segment: segment.clone(), share: *share, members }
        });
        found.collect()
    }

    fn matches_user(
        &self,
        context: &EvaluationContext,
        segments: &Segments,
        now: Timestamp,
    ) -> bool {
        match &self.members {
            Members::Everyone => true,
            Members::Of(segment) => segment.matches(context, segments, now),
            Members::None => false,
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
    /// Evaluates the audience entries of all phases up to `reached`, in order; the first that
    /// admits wins. Variables take precedence.
    pub(crate) fn evaluate_membership<'a>(
        &'a self,
        audience: Audience<'a>,
        context: &EvaluationContext,
        now: Timestamp,
        observer: &mut impl MembershipObserver,
    ) -> Membership<'a> {
        let Audience { entries, reached, variables, segments } = audience;
        for name in variables.names() {
            observer.observe_variable(name);
        }
        let bucket = context.targeting_key().map(|key| self.salt.assign_bucket(key));
        if bucket.is_none() {
            observer.observe_missing_key();
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
            observer.observe_entry(|| {
                let condition = segments.get(segment).map(|segment| &segment.condition);
                let conditions = condition.map(|c| c.trace_steps(context, segments, now));
                let (segment, salt) = (segment.to_owned(), self.salt.text().to_owned());
                let conditions = conditions.unwrap_or_default();
                MembershipStep {
                    phase,
                    segment,
                    share,
                    throttle,
                    salt,
                    bucket,
                    conditions,
                    verdict,
                }
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
                    let in_segment = entry.matches_user(context, segments, now);
                    admit(entry.phase, entry.segment.as_str(), entry.share, throttle, in_segment)
                })
            }
        };
        found.unwrap_or(Membership::Out { bucket })
    }
}
