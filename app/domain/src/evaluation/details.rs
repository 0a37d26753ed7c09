//! The result of an evaluation: a variant, its reason and its cause.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    flags::{IndividualOverride, Rule, Variant},
    ids::FlagKey,
    rollout::Membership,
    targeting::{Bucket, Share},
};

/// The reason for an answer, as defined by OpenFeature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The answer is the same for every user: an environment override pins it, or the flag has no
    /// targeting.
    Static,
    /// The flag is off or killed, or a prerequisite is not met.
    Disabled,
    /// A rule, a whole segment or an individual override matches the user.
    TargetingMatch,
    /// The user's bucket lies inside a share.
    Split,
    /// The flag has targeting, and none of it matches the user.
    Default,
}

impl Reason {
    /// The name in OFREP responses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Disabled => "DISABLED",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Default => "DEFAULT",
        }
    }
}

/// The step that decided the answer, borrowed from the snapshot.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum Cause<'a> {
    /// An environment override, with the name of its variable.
    Variable(&'a str),
    Killed,
    /// The individual override of the user.
    Override(&'a IndividualOverride),
    Off,
    /// The flag whose answer does not meet the prerequisite.
    Prerequisite(&'a FlagKey),
    Rule(RuleHit<'a>),
    /// The rollout: members get the rollout variant, others the default variant.
    Rollout(Membership<'a>),
    Default,
}

/// The rule that answered.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct RuleHit<'a> {
    /// The index of the rule, from 0.
    pub index: usize,
    pub rule: &'a Rule,
    /// The user's bucket and the share that contains it, if they decided.
    pub split: Option<(Bucket, Share)>,
}

/// The result of an evaluation. It borrows from the snapshot, so evaluating copies nothing.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'a> {
    pub variant: &'a Variant,
    pub reason: Reason,
    pub cause: Cause<'a>,
}

impl<'a> Evaluation<'a> {
    /// The value of the variant.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        &self.variant.value
    }
}

/// Why a flag has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A rule needs the user's bucket, and the context has no targeting key.
    #[error(
        "a rule of this flag, or of one that it needs, goes by the user's bucket; send a targetingKey in the context"
    )]
    TargetingKeyMissing,
    /// The stored flag names a missing variant, or its prerequisites form a cycle or are too deep.
    /// Validation on save prevents this.
    #[error("the flag is stored with a mistake: {0}; save it again in the admin")]
    Broken(&'static str),
}
