//! The steps that led to an answer.

use serde::{Deserialize, Serialize};

use super::Reason;
use crate::{
    flags::IndividualOverride,
    ids::{FlagKey, PhaseNumber, VariantName},
    rollout::MembershipStep,
    targeting::{Bucket, ConditionStep, Share},
};

/// One link of the chain that led to an answer.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum TraceStep {
    /// A variable of the server holds the answer.
    Variable {
        name: String,
    },
    KillSwitch {
        killed: bool,
    },
    /// The overrides for single users.
    Override {
        /// The one for this user.
        found: Option<IndividualOverride>,
        /// Whether it still holds.
        is_active: bool,
    },
    /// The flag's switch in this environment.
    Switch {
        /// Whether the flag is on.
        enabled: bool,
    },
    /// A flag that must answer in a certain way first.
    Prerequisite {
        flag: FlagKey,
        /// The variants that will do.
        wanted: Vec<VariantName>,
        /// What it answers to this user; nothing when it is gone.
        found: Option<VariantName>,
        /// Whether that will do.
        is_met: bool,
        /// How it comes to its answer.
        #[serde(default)]
        steps: Vec<TraceStep>,
    },
    Rule(RuleStep),
    /// The flag belongs to no rollout.
    NoRollout,
    /// The rollout has not come to this flag yet.
    NotReached {
        /// The phase that adds the flag.
        phase: PhaseNumber,
        /// Where the rollout is, if it has started.
        current: Option<PhaseNumber>,
    },
    /// A variable of the server holds where the rollout is.
    RolloutVariable {
        name: String,
    },
    /// The context has no targeting key, so there is no bucket.
    NoTargetingKey,
    /// One entry of the audience.
    Audience(MembershipStep),
    /// The variant that was answered in the end.
    Answer {
        variant: VariantName,
        reason: Reason,
    },
    NoAnswer {
        error: String,
    },
}

/// How a targeting rule looked at a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleStep {
    /// Its place, from 0.
    pub index: usize,
    /// Its name; may be empty.
    pub name: String,
    /// Its condition, line by line.
    pub conditions: Vec<ConditionStep>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: RuleOutcome,
}

/// What came of a rule.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RuleOutcome {
    /// The condition does not hold.
    NotForThisUser,
    /// It answers every user that it matches.
    Whole,
    /// It goes by bucket, and the context has no targeting key.
    NoTargetingKey,
    /// It goes by bucket.
    Split {
        /// What the user's position hangs on.
        salt: String,
        bucket: Bucket,
        /// The share that the rule serves, or the part of the split that the user lies in.
        share: Share,
        /// Whether the user lies inside.
        is_inside: bool,
    },
}

/// Who reads an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A reader who may see the whole flag.
    Admin,
    /// The user's own browser: what conditions compare with stays with the admin.
    Page,
}

/// One line of an explanation.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplanationLine {
    /// How deep it stands, from 0: what a step rests on lies below it.
    pub depth: usize,
    pub text: String,
    /// Whether the chain ended here.
    pub has_decided: bool,
}

impl TraceStep {
    /// The step and all that it rests on, as lines: the tests of its condition, or the whole chain
    /// of the flag that is needed.
    #[must_use]
    pub fn lines(&self, reader: Reader) -> Vec<ExplanationLine> {
        let mut lines = vec![ExplanationLine {
            depth: 0,
            text: self.to_string(),
            has_decided: self.has_decided(),
        }];
        let conditions: &[ConditionStep] = match self {
            Self::Prerequisite { steps, .. } => {
                let below = steps.iter().flat_map(|step| step.lines(reader));
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
                Reader::Page => condition.in_public(),
            },
            has_decided: false,
        }));
        lines
    }

    /// Whether the chain ended with this step's verdict rather than going on.
    #[must_use]
    pub fn has_decided(&self) -> bool {
        match self {
            Self::Variable { .. } | Self::KillSwitch { killed: true } => true,
            Self::Override { is_active, .. } => *is_active,
            Self::Switch { enabled } => !enabled,
            Self::Prerequisite { is_met, .. } => !is_met,
            Self::Rule(RuleStep { outcome, .. }) => match outcome {
                RuleOutcome::Whole | RuleOutcome::NoTargetingKey => true,
                RuleOutcome::Split { is_inside, .. } => *is_inside,
                RuleOutcome::NotForThisUser => false,
            },
            Self::Audience(step) => step.verdict == crate::rollout::SegmentVerdict::Admitted,
            _ => false,
        }
    }
}
