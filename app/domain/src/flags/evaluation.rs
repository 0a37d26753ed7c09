//! The order of evaluation: the first that answers wins.
//!
//! Environment variable → kill switch → personal override → flag off → prerequisites → rules in
//! order → rollout membership → default variant. A killed or disabled flag answers with its off
//! variant, never with nothing, so that it beats the default in the app.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    step::{RuleOutcome, RuleStep, Step},
    trace::{NoTrace, Trace},
    validate::MAX_DEPTH,
};
use crate::{
    Timestamp,
    bucket::{Bucket, Share},
    context::EvaluationContext,
    flags::{Flag, PersonalOverride, Rule, Variant},
    ids::{FlagKey, VariantName},
    rollout::Membership,
    snapshot::{FlagEntry, Snapshot},
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
#[derive(Debug, Clone, PartialEq)]
pub enum Cause<'a> {
    /// A variable of the server, by name.
    Variable(&'a str),
    /// The kill switch.
    Killed,
    /// The user's own answer.
    Override(&'a PersonalOverride),
    /// The flag's switch.
    Off,
    /// A flag that had to answer otherwise first.
    Prerequisite(&'a FlagKey),
    /// A targeting rule.
    Rule(RuleHit<'a>),
    /// The rollout's verdict: in, or out and so the default.
    Rollout(Membership<'a>),
    /// Nothing.
    Default,
}

/// The rule that answered.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleHit<'a> {
    /// Its place, from 0.
    pub index: usize,
    /// The rule.
    pub rule: &'a Rule,
    /// The user's position and the share that it lies in, where they decided.
    pub split: Option<(Bucket, Share)>,
}

/// An answer, borrowed from the snapshot: evaluating copies nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'a> {
    /// The variant that was chosen.
    pub variant: &'a Variant,
    /// Why, in OpenFeature's words.
    pub reason: Reason,
    /// Why, in ours.
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
    /// A rule asks for the user's bucket, and the context names nobody.
    #[error(
        "a rule of this flag, or of one that it needs, goes by the user's bucket; send a targetingKey in the context"
    )]
    TargetingKeyMissing,
    /// It names a variant or a chain of flags that is not sound, which saving prevents.
    #[error("the flag is stored with a mistake: {0}; save it again in the admin")]
    Broken(&'static str),
}

/// What a user gets for a flag.
///
/// # Errors
/// When a split is asked without a targeting key, or the flag is broken.
pub fn evaluate<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
) -> Result<Evaluation<'a>, EvaluationError> {
    decide(snapshot, entry, context, now, 0, &mut NoTrace)
}

/// The same answer with every step that led to it; the steps are there even without an answer.
pub fn explain<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
) -> (Result<Evaluation<'a>, EvaluationError>, Vec<Step>) {
    let mut steps = Vec::new();
    let answer = decide(snapshot, entry, context, now, 0, &mut steps);
    steps.step(|| match &answer {
        Ok(answer) => Step::Answer { variant: answer.variant.name.clone(), reason: answer.reason },
        Err(error) => Step::NoAnswer { error: error.to_string() },
    });
    (answer, steps)
}

fn decide<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
    depth: usize,
    trace: &mut impl Trace,
) -> Result<Evaluation<'a>, EvaluationError> {
    let FlagEntry { flag, state, .. } = entry;
    if let Some(forced) = &entry.forced {
        trace.step(|| Step::Variable { name: forced.variable.clone() });
        return answer(flag, &forced.variant, Reason::Static, Cause::Variable(&forced.variable));
    }
    trace.step(|| Step::KillSwitch { killed: state.killed });
    if state.killed {
        return answer(flag, &flag.off_variant, Reason::Disabled, Cause::Killed);
    }
    if let Some(personal) = own_answer(entry, context, now, trace) {
        let cause = Cause::Override(personal);
        return answer(flag, &personal.variant, Reason::TargetingMatch, cause);
    }
    let enabled = state.is_enabled(now);
    trace.step(|| Step::Switch { enabled });
    if !enabled {
        return answer(flag, &flag.off_variant, Reason::Disabled, Cause::Off);
    }
    if let Some(unmet) = unmet_prerequisite(snapshot, entry, context, now, depth, trace)? {
        return answer(flag, &flag.off_variant, Reason::Disabled, Cause::Prerequisite(unmet));
    }
    if let Some((variant, hit)) = matching_rule(snapshot, entry, context, now, trace)? {
        let reason = if hit.split.is_some() { Reason::Split } else { Reason::TargetingMatch };
        return answer(flag, variant, reason, Cause::Rule(hit));
    }
    match snapshot.membership(entry, context, now, trace) {
        None if entry.has_targeting() => {
            answer(flag, state.default_variant(flag), Reason::Default, Cause::Default)
        }
        // The same for everybody.
        None => answer(flag, state.default_variant(flag), Reason::Static, Cause::Default),
        Some(membership) => {
            let (variant, reason) = match &membership {
                Membership::In(entry) if entry.is_whole_segment() => {
                    (&flag.rollout_variant, Reason::TargetingMatch)
                }
                Membership::In(_) => (&flag.rollout_variant, Reason::Split),
                Membership::Out { .. } => (state.default_variant(flag), Reason::Default),
            };
            answer(flag, variant, reason, Cause::Rollout(membership))
        }
    }
}

fn answer<'a>(
    flag: &'a Flag,
    variant: &VariantName,
    reason: Reason,
    cause: Cause<'a>,
) -> Result<Evaluation<'a>, EvaluationError> {
    let variant =
        flag.variant(variant).ok_or(EvaluationError::Broken("it names a variant it lacks"))?;
    Ok(Evaluation { variant, reason, cause })
}

fn own_answer<'a>(
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
    trace: &mut impl Trace,
) -> Option<&'a PersonalOverride> {
    if entry.overrides.is_empty() {
        return None;
    }
    let found = context.targeting_key().and_then(|key| entry.overrides.get(key));
    let found = found.map(Arc::as_ref);
    trace.step(|| Step::Override {
        found: found.cloned(),
        is_active: found.is_some_and(|o| o.is_active(now)),
    });
    found.filter(|personal| personal.is_active(now))
}

/// How another flag comes to its answer.
fn steps_of(
    snapshot: &Snapshot,
    flag: &FlagKey,
    context: &EvaluationContext,
    now: Timestamp,
    depth: usize,
) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(other) = snapshot.flag(flag.as_str()) {
        // What came of it is said by the step that these are part of.
        let _ = decide(snapshot, other, context, now, depth, &mut steps);
    }
    steps
}

fn unmet_prerequisite<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
    depth: usize,
    trace: &mut impl Trace,
) -> Result<Option<&'a FlagKey>, EvaluationError> {
    for needed in &entry.state.prerequisites {
        if depth > MAX_DEPTH {
            return Err(EvaluationError::Broken("its prerequisites run in a circle or too deep"));
        }
        // One that is gone can satisfy nothing.
        let answered = match snapshot.flag(needed.flag.as_str()) {
            None => Ok(None),
            Some(other) => decide(snapshot, other, context, now, depth + 1, &mut NoTrace)
                .map(|found| Some((&found.variant.name, found.reason != Reason::Disabled))),
        };
        let found = answered.unwrap_or_default();
        let variant = found.map(|(variant, _)| variant);
        // One that is off, killed or unmet itself meets nothing, whatever its off variant is.
        let is_met =
            found.is_some_and(|(variant, is_on)| is_on && needed.variants.contains(variant));
        trace.step(|| Step::Prerequisite {
            flag: needed.flag.clone(),
            wanted: needed.variants.clone(),
            found: variant.cloned(),
            is_met,
            steps: steps_of(snapshot, &needed.flag, context, now, depth + 1),
        });
        // The chain says how far the other flag came before it had no answer.
        answered?;
        if !is_met {
            return Ok(Some(&needed.flag));
        }
    }
    Ok(None)
}

fn matching_rule<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
    trace: &mut impl Trace,
) -> Result<Option<(&'a VariantName, RuleHit<'a>)>, EvaluationError> {
    let segments = snapshot.segments();
    for (index, rule) in entry.state.rules.iter().enumerate() {
        let mut note = |outcome: &dyn Fn() -> RuleOutcome| {
            trace.step(|| {
                let conditions = rule.condition.trace(context, segments, now);
                Step::Rule(RuleStep {
                    index,
                    name: rule.name.clone(),
                    conditions,
                    outcome: outcome(),
                })
            });
        };
        if !rule.condition.matches(context, segments, now) {
            note(&|| RuleOutcome::NotForThisUser);
            continue;
        }
        if !rule.serve.needs_bucket(now) {
            if let Some((variant, _)) = rule.serve.choose(Bucket(0), now) {
                note(&|| RuleOutcome::Whole);
                return Ok(Some((variant, RuleHit { index, rule, split: None })));
            }
            continue;
        }
        let Some(key) = context.targeting_key() else {
            note(&|| RuleOutcome::NoTargetingKey);
            return Err(EvaluationError::TargetingKeyMissing);
        };
        let salt = &entry.state.salt;
        let bucket = salt.bucket(key);
        let chosen = rule.serve.choose(bucket, now);
        let share = chosen.map(|(_, share)| share).or_else(|| rule.serve.share(now));
        note(&|| RuleOutcome::Split {
            salt: salt.text().to_owned(),
            bucket,
            share: share.unwrap_or(Share::ALL),
            is_inside: chosen.is_some(),
        });
        if let Some((variant, share)) = chosen {
            let split = Some((bucket, share));
            return Ok(Some((variant, RuleHit { index, rule, split })));
        }
    }
    Ok(None)
}
