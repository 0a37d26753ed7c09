//! The order of evaluation: the first rule that answers wins.
//!
//! Kill switch → flag off → rollout membership → default variant. A killed or disabled flag
//! answers with its off variant, never with nothing, so that it beats the default in the app.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    context::EvaluationContext,
    flags::{Flag, Variant},
    ids::{PhaseNumber, VariantName},
    rollout::{Membership, MembershipStep},
    snapshot::{FlagEntry, Snapshot},
};

/// Why a user got an answer, in OpenFeature's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The flag is off or killed.
    Disabled,
    /// A segment that is in as a whole.
    TargetingMatch,
    /// The user's bucket lies inside a share.
    Split,
    /// Nothing else decided.
    Default,
}

impl Reason {
    /// As OFREP writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Default => "DEFAULT",
        }
    }
}

/// An answer, borrowed from the snapshot: evaluating copies nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'a> {
    /// The variant that was chosen.
    pub variant: &'a Variant,
    /// Why.
    pub reason: Reason,
    /// Whether the flag was killed rather than just off.
    pub killed: bool,
    /// The rollout's verdict, where it was asked.
    pub membership: Option<Membership<'a>>,
}

impl<'a> Evaluation<'a> {
    /// What the app gets.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        &self.variant.value
    }
}

/// One link of the chain that led to an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The kill switch.
    KillSwitch {
        /// Whether it answered.
        killed: bool,
    },
    /// The flag's switch in this environment.
    Switch {
        /// Whether the flag is on.
        enabled: bool,
    },
    /// The flag belongs to no rollout.
    NoRollout,
    /// The rollout has not come to this flag yet.
    NotReached {
        /// The phase that adds the flag.
        phase: PhaseNumber,
        /// Where the rollout is, if it has started.
        current: Option<PhaseNumber>,
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
}

/// Where the links of a chain go. The step is built only by a trace that keeps it.
pub trait Trace {
    /// Notes a link.
    fn step(&mut self, step: impl FnOnce() -> Step);
}

/// Keeps nothing and costs nothing.
pub struct NoTrace;

impl Trace for NoTrace {
    fn step(&mut self, _: impl FnOnce() -> Step) {}
}

impl Trace for Vec<Step> {
    fn step(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}

/// What a user gets for a flag. `None` when its variants are broken, which saving prevents.
#[must_use]
pub fn evaluate<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
) -> Option<Evaluation<'a>> {
    decide(snapshot, entry, context, now, &mut NoTrace)
}

/// The same answer with every step that led to it.
#[must_use]
pub fn explain<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
) -> Option<(Evaluation<'a>, Vec<Step>)> {
    let mut steps = Vec::new();
    let answer = decide(snapshot, entry, context, now, &mut steps)?;
    steps.step(|| Step::Answer { variant: answer.variant.name.clone(), reason: answer.reason });
    Some((answer, steps))
}

fn decide<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
    trace: &mut impl Trace,
) -> Option<Evaluation<'a>> {
    let FlagEntry { flag, state, .. } = entry;
    trace.step(|| Step::KillSwitch { killed: state.killed });
    if !state.killed {
        trace.step(|| Step::Switch { enabled: state.enabled });
    }
    if state.killed || !state.enabled {
        let answer = simple(flag, &flag.off_variant, Reason::Disabled)?;
        return Some(Evaluation { killed: state.killed, ..answer });
    }
    let membership = snapshot.membership(entry, context, now, trace);
    match membership {
        Some(Membership::In(ref entry)) => {
            let reason =
                if entry.is_whole_segment() { Reason::TargetingMatch } else { Reason::Split };
            let answer = simple(flag, &flag.rollout_variant, reason)?;
            Some(Evaluation { membership, ..answer })
        }
        _ => {
            let answer = simple(flag, &flag.default_variant, Reason::Default)?;
            Some(Evaluation { membership, ..answer })
        }
    }
}

fn simple<'a>(flag: &'a Flag, variant: &VariantName, reason: Reason) -> Option<Evaluation<'a>> {
    let variant = flag.variant(variant)?;
    Some(Evaluation { variant, reason, killed: false, membership: None })
}
