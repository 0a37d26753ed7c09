//! Steps of an explanation as sentences.

use std::fmt;

use crate::{
    bucket::{BUCKETS, Share, Throttle},
    flags::Step,
    rollout::{MembershipStep, SegmentVerdict},
};

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillSwitch { killed: true } => {
                f.write_str("The flag is killed: everyone gets its off variant.")
            }
            Self::KillSwitch { killed: false } => f.write_str("The flag is not killed."),
            Self::Switch { enabled: true } => f.write_str("The flag is on."),
            Self::Switch { enabled: false } => {
                f.write_str("The flag is off: everyone gets its off variant.")
            }
            Self::NoRollout => f.write_str("No rollout adds this flag."),
            Self::NotReached { phase, current: Some(current) } => {
                write!(f, "The rollout is in phase {current}, and phase {phase} adds this flag.")
            }
            Self::NotReached { phase, current: None } => {
                write!(f, "The rollout has not started, and phase {phase} adds this flag.")
            }
            Self::NoTargetingKey => {
                f.write_str("There is no targetingKey, so the user has no bucket.")
            }
            Self::Audience(step) => step.fmt(f),
            Self::Answer { variant, reason } => {
                write!(f, "Answer: {variant} ({}).", reason.as_str())
            }
        }
    }
}

impl fmt::Display for MembershipStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { phase, segment, share, throttle, bucket, verdict, .. } = self;
        match verdict {
            SegmentVerdict::NotInSegment => {
                write!(
                    f,
                    "Phase {phase} lets in {share} of {segment}; the user is not in {segment}."
                )
            }
            _ if *share == Share::ALL => {
                write!(f, "Phase {phase} lets in all of {segment}; the user is in {segment}.")
            }
            verdict => {
                write!(f, "Phase {phase} lets in {share} of {segment}")?;
                if *throttle != Throttle::NONE {
                    write!(f, ", throttled to {} %", share.percent() * throttle.factor())?;
                }
                let limit = f64::from(share.buckets()) * throttle.factor();
                let is = if *verdict == SegmentVerdict::Admitted { "below" } else { "not below" };
                write!(f, "; the user's bucket {} of {BUCKETS} is {is} {limit}.", bucket.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bucket::Bucket,
        ids::{PhaseNumber, SegmentKey},
    };

    #[test]
    fn a_step_names_bucket_and_share() {
        let mut step = MembershipStep {
            phase: PhaseNumber(3),
            segment: SegmentKey::new("everyone").unwrap(),
            share: Share::from_percent(5.0).unwrap(),
            throttle: Throttle::NONE.halved(),
            salt: "s".into(),
            bucket: Bucket(2_600),
            verdict: SegmentVerdict::BeyondShare,
        };
        assert_eq!(
            step.to_string(),
            "Phase 3 lets in 5 % of everyone, throttled to 2.5 %; \
             the user's bucket 2600 of 100000 is not below 2500."
        );
        step.share = Share::ALL;
        step.verdict = SegmentVerdict::Admitted;
        assert_eq!(step.to_string(), "Phase 3 lets in all of everyone; the user is in everyone.");
    }
}
