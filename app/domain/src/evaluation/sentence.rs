//! Formats trace steps as sentences.

use std::fmt;

use super::{RuleOutcome, RuleStep, TraceStep};
use crate::{
    ids::VariantName,
    rollout::{MembershipStep, SegmentVerdict},
    targeting::{BUCKETS, Share, Throttle},
};

impl fmt::Display for TraceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name } => {
                write!(f, "The environment variable {name} pins the answer.")
            }
            Self::KillSwitch { killed: true } => {
                f.write_str("The flag is killed: all users get its off variant.")
            }
            Self::KillSwitch { killed: false } => f.write_str("The flag is not killed."),
            Self::Override { found: None, .. } => {
                f.write_str("Some users have an individual override; this one has none.")
            }
            Self::Override { found: Some(personal), is_active: true } => {
                write!(f, "This user has an individual override: {}.", personal.variant)
            }
            Self::Override { found: Some(personal), .. } => {
                write!(f, "This user's individual override, {}, has expired.", personal.variant)
            }
            Self::Switch { enabled: true } => f.write_str("The flag is on."),
            Self::Switch { enabled: false } => {
                f.write_str("The flag is off: all users get its off variant.")
            }
            Self::Prerequisite { flag, wanted, found, is_met, .. } => {
                write!(f, "It requires {flag} to return {}; ", join_variants(wanted))?;
                match (found, is_met) {
                    (None, _) => write!(f, "{flag} returns no variant."),
                    (Some(found), true) => write!(f, "it returns {found}."),
                    (Some(found), false) => {
                        write!(f, "it returns {found}, so this flag returns its off variant.")
                    }
                }
            }
            Self::Rule(step) => step.fmt(f),
            Self::NoRollout => f.write_str("No rollout adds this flag."),
            Self::NotReached { phase, current: Some(current) } => {
                write!(f, "The rollout is in phase {current}, and phase {phase} adds this flag.")
            }
            Self::NotReached { phase, current: None } => {
                write!(f, "The rollout has not started, and phase {phase} adds this flag.")
            }
            Self::RolloutVariable { name } => {
                write!(f, "The environment variable {name} pins the phase of the rollout.")
            }
            Self::NoTargetingKey => {
                f.write_str("There is no targetingKey, so the user has no bucket.")
            }
            Self::Audience(step) => step.fmt(f),
            Self::Answer { variant, reason } => {
                write!(f, "Answer: {variant} ({}).", reason.as_str())
            }
            Self::NoAnswer { error } => write!(f, "No answer: {error}."),
        }
    }
}

fn join_variants(variants: &[VariantName]) -> String {
    variants.iter().map(VariantName::as_str).collect::<Vec<_>>().join(" or ")
}

impl fmt::Display for RuleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rule {}", self.index + 1)?;
        if !self.name.is_empty() {
            write!(f, " ({})", self.name)?;
        }
        match &self.outcome {
            RuleOutcome::NotForThisUser => f.write_str(" is not for this user."),
            RuleOutcome::Matches => f.write_str(" is for this user, and answers."),
            RuleOutcome::NoTargetingKey => {
                f.write_str(" goes by the user's bucket, and there is no targetingKey.")
            }
            RuleOutcome::Split { bucket, share, is_inside: true, .. } => write!(
                f,
                " is for this user; the bucket {} of {BUCKETS} lies in its {share}.",
                bucket.0
            ),
            RuleOutcome::Split { bucket, share, .. } => write!(
                f,
                " serves {share}; the user's bucket {} of {BUCKETS} is not below {}.",
                bucket.0,
                share.buckets()
            ),
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
                let Some(bucket) = bucket else {
                    return f.write_str("; without a targetingKey there is no bucket to compare.");
                };
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
    use crate::{ids::PhaseNumber, targeting::Bucket};

    #[test]
    fn a_step_names_bucket_and_share() {
        let mut step = MembershipStep {
            phase: PhaseNumber(3),
            segment: "everyone".into(),
            share: Share::from_percent(5.0).unwrap(),
            throttle: Throttle::NONE.halved(),
            salt: "s".into(),
            bucket: Some(Bucket(2_600)),
            conditions: Vec::new(),
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
        let rule = RuleStep {
            index: 0,
            name: "Beta".into(),
            conditions: Vec::new(),
            outcome: RuleOutcome::Split {
                salt: "s".into(),
                bucket: Bucket(5_000),
                share: Share::from_percent(5.0).unwrap(),
                is_inside: false,
            },
        };
        assert_eq!(
            rule.to_string(),
            "Rule 1 (Beta) serves 5 %; the user's bucket 5000 of 100000 is not below 5000."
        );
    }
}
