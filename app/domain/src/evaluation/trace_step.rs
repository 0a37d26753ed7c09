//! Trace steps: how an evaluation reached its answer.

use serde::{Deserialize, Serialize};

use super::Reason;
use crate::{
    flags::IndividualOverride,
    ids::{FlagKey, PhaseNumber, VariantName},
    rollout::MembershipStep,
    targeting::{Bucket, ConditionStep, Share},
};

/// One step of an explained evaluation.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum TraceStep {
    /// An environment override pins the answer.
    Variable {
        name: String,
    },
    KillSwitch {
        killed: bool,
    },
    /// The lookup of an individual override.
    Override {
        /// The override of this user.
        found: Option<IndividualOverride>,
        /// Whether the override exists and has not expired.
        is_active: bool,
    },
    /// The flag's switch in this environment.
    Switch {
        /// Whether the flag is on.
        enabled: bool,
    },
    /// A flag that must answer with one of the wanted variants.
    Prerequisite {
        flag: FlagKey,
        wanted: Vec<VariantName>,
        /// Its answer for this user; `None` if it has none.
        found: Option<VariantName>,
        is_met: bool,
        /// The trace of its own evaluation.
        #[serde(default)]
        steps: Vec<TraceStep>,
    },
    Rule(RuleStep),
    /// The flag belongs to no rollout.
    NoRollout,
    /// The rollout has not reached the phase that adds the flag.
    NotReached {
        /// The phase that adds the flag.
        phase: PhaseNumber,
        /// The phase that is served, if the rollout has started.
        current: Option<PhaseNumber>,
    },
    /// An environment override pins the phase or share of the rollout.
    RolloutVariable {
        name: String,
    },
    /// The context has no targeting key, so there is no bucket.
    NoTargetingKey,
    /// The verdict of an audience entry.
    Audience(MembershipStep),
    /// The final answer of the evaluation.
    Answer {
        variant: VariantName,
        reason: Reason,
    },
    NoAnswer {
        error: String,
    },
}

/// The evaluation of a targeting rule for a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleStep {
    /// The index of the rule, from 0.
    pub index: usize,
    /// The name of the rule; may be empty.
    pub name: String,
    /// The trace of the condition.
    pub conditions: Vec<ConditionStep>,
    /// The outcome of the rule.
    #[serde(flatten)]
    pub outcome: RuleOutcome,
}

/// The outcome of a targeting rule.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RuleOutcome {
    /// The condition does not hold.
    NotForThisUser,
    /// The rule matches, and answers without a bucket.
    Matches,
    /// The rule needs a bucket, and the context has no targeting key.
    NoTargetingKey,
    /// The rule matches, and the bucket decides.
    Split {
        /// The salt of the user's bucket.
        salt: String,
        bucket: Bucket,
        /// The share that the rule serves, or the part of the split that contains the bucket.
        share: Share,
        /// Whether the share contains the bucket.
        is_inside: bool,
    },
}

/// The reader of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// An account, which may see the whole flag.
    Admin,
    /// The user's own browser, which must not see the values that conditions compare with.
    Page,
}

/// One line of an explanation.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplanationLine {
    /// The nesting depth, from 0. Conditions and nested steps are one level below their step.
    pub depth: usize,
    pub text: String,
    /// Whether the evaluation ended with this step.
    pub has_decided: bool,
}

impl TraceStep {
    /// Formats the step and what it depends on: the tests of its condition, or the trace of the
    /// prerequisite.
    #[must_use]
    pub fn explanation_lines(&self, reader: Reader) -> Vec<ExplanationLine> {
        let mut lines = vec![ExplanationLine {
            depth: 0,
            text: self.to_string(),
            has_decided: self.has_decided(),
        }];
        let conditions: &[ConditionStep] = match self {
            Self::Prerequisite { steps, .. } => {
                let below = steps.iter().flat_map(|step| step.explanation_lines(reader));
                let deeper =
                    |line: ExplanationLine| ExplanationLine { depth: line.depth + 1, ..line };
                lines.extend(below.map(deeper));
                &[]
            }
            Self::Rule(rule) => &rule.conditions,
            Self::Audience(audience) => &audience.conditions,
            _ => &[],
        };
        lines.extend(conditions.iter().map(|condition| ExplanationLine {
            depth: condition.depth + 1,
            text: match reader {
                Reader::Admin => condition.to_string(),
                Reader::Page => condition.public_text(),
            },
            has_decided: false,
        }));
        lines
    }

    /// Whether the evaluation ended with this step.
    #[must_use]
    pub fn has_decided(&self) -> bool {
        match self {
            Self::Variable { .. } | Self::KillSwitch { killed: true } => true,
            Self::Override { is_active, .. } => *is_active,
            Self::Switch { enabled } => !enabled,
            Self::Prerequisite { is_met, .. } => !is_met,
            Self::Rule(RuleStep { outcome, .. }) => match outcome {
                RuleOutcome::Matches | RuleOutcome::NoTargetingKey => true,
                RuleOutcome::Split { is_inside, .. } => *is_inside,
                RuleOutcome::NotForThisUser => false,
            },
            Self::Audience(step) => step.verdict == crate::rollout::SegmentVerdict::Admitted,
            _ => false,
        }
    }
}
