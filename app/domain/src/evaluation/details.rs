//! What an evaluation comes to: a variant, and why.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    flags::{IndividualOverride, Rule, Variant},
    ids::FlagKey,
    rollout::Membership,
    targeting::{Bucket, Share},
};

/// Why a user got an answer, in OpenFeature's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The same for every user: a variable of the server holds it, or the flag has no targeting.
    Static,
    /// The flag is off or killed, or what it needs is.
    Disabled,
    /// A rule, a segment or an override that names this user.
    TargetingMatch,
    /// The user's bucket lies inside a share.
    Split,
    /// The flag has targeting, and none of it decided about this user.
    Default,
}

impl Reason {
    /// As OFREP writes it.
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

/// What decided, borrowed from the snapshot.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum Cause<'a> {
    /// A variable of the server, by name.
    Variable(&'a str),
    Killed,
    /// The user's own answer.
    Override(&'a IndividualOverride),
    Off,
    /// A flag that had to answer otherwise first.
    Prerequisite(&'a FlagKey),
    Rule(RuleHit<'a>),
    /// The rollout's verdict: in, or out and so the default.
    Rollout(Membership<'a>),
    Default,
}

/// The rule that answered.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct RuleHit<'a> {
    /// Its place, from 0.
    pub index: usize,
    pub rule: &'a Rule,
    /// The user's position and the share that it lies in, where they decided.
    pub split: Option<(Bucket, Share)>,
}

/// An answer, borrowed from the snapshot: evaluating copies nothing.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'a> {
    /// The variant that was chosen.
    pub variant: &'a Variant,
    /// Why, in OpenFeature's words.
    pub reason: Reason,
    pub cause: Cause<'a>,
}

impl<'a> Evaluation<'a> {
    /// What the app gets.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        &self.variant.value
    }
}

/// Why a flag has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A rule asks for the user's bucket, and the context has no targeting key.
    #[error(
        "a rule of this flag, or of one that it needs, goes by the user's bucket; send a targetingKey in the context"
    )]
    TargetingKeyMissing,
    /// It names a variant or a chain of flags that is not sound, which saving prevents.
    #[error("the flag is stored with a mistake: {0}; save it again in the admin")]
    Broken(&'static str),
}
