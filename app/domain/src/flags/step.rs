//! The steps that led to an answer.

use serde::{Deserialize, Serialize};

use crate::{
    bucket::{Bucket, Share},
    flags::{PersonalOverride, Reason},
    ids::{FlagKey, PhaseNumber, VariantName},
    rollout::MembershipStep,
    segments::ConditionStep,
};

/// One link of the chain that led to an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// A variable of the server holds the answer.
    Variable {
        /// Its name.
        name: String,
    },
    /// The kill switch.
    KillSwitch {
        /// Whether it answered.
        killed: bool,
    },
    /// The overrides for single users.
    Override {
        /// The one for this user.
        found: Option<PersonalOverride>,
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
        /// Which one.
        flag: FlagKey,
        /// The variants that will do.
        wanted: Vec<VariantName>,
        /// What it answers to this user; nothing when it is gone.
        found: Option<VariantName>,
        /// Whether that will do.
        is_met: bool,
        /// How it comes to its answer.
        #[serde(default)]
        steps: Vec<Step>,
    },
    /// A targeting rule.
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
        /// Its name.
        name: String,
    },
    /// The context names nobody, so there is no bucket.
    NoTargetingKey,
    /// One entry of the audience.
    Audience(MembershipStep),
    /// The variant that was answered in the end.
    Answer {
        /// Its name.
        variant: VariantName,
        /// Why.
        reason: Reason,
    },
    /// There was none.
    NoAnswer {
        /// Why.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum RuleOutcome {
    /// The condition does not hold.
    NotForThisUser,
    /// It answers everybody whom it is for.
    Whole,
    /// It goes by bucket, and the context names nobody.
    NoTargetingKey,
    /// It goes by bucket.
    Split {
        /// What the user's position hangs on.
        salt: String,
        /// The user's position.
        bucket: Bucket,
        /// The share that the rule serves, or the part of the split that the user lies in.
        share: Share,
        /// Whether the user lies inside.
        is_inside: bool,
    },
}

impl Step {
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
