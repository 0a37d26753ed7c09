//! The order of evaluation: the first that answers wins.
//!
//! Environment variable → kill switch → individual override → flag off → prerequisites → rules in
//! order → rollout membership → default variant. A killed or disabled flag answers with its off
//! variant, never with nothing, so that it beats the default in the app.

use std::{cell::Cell, sync::Arc};

use super::{
    Cause, Evaluation, EvaluationError, NoTrace, Reason, RuleHit, RuleOutcome, RuleStep, Trace,
    TraceStep,
};
use crate::{
    Timestamp,
    config::{FlagEntry, NoAudience, Snapshot},
    flags::{Flag, IndividualOverride, MAX_DEPTH},
    ids::{FlagKey, VariantName},
    rollout::Membership,
    targeting::{Bucket, EvaluationContext, Share},
};

/// One user's questions to a snapshot at one moment. What the rollout says of the user is the same for all
/// of its flags, so it is found out once.
#[derive(Debug)]
pub struct Evaluator<'a, 'c> {
    snapshot: &'a Snapshot,
    context: &'c EvaluationContext,
    now: Timestamp,
    membership: Cell<Option<Membership<'a>>>,
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
    Evaluator::new(snapshot, context, now).evaluate(entry)
}

/// The same answer with every step that led to it; the steps are there even without an answer.
pub fn explain<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
) -> (Result<Evaluation<'a>, EvaluationError>, Vec<TraceStep>) {
    let mut steps = Vec::new();
    let answer = Evaluator::new(snapshot, context, now).decide(entry, 0, &mut steps);
    steps.step(|| match &answer {
        Ok(answer) => {
            TraceStep::Answer { variant: answer.variant.name.clone(), reason: answer.reason }
        }
        Err(error) => TraceStep::NoAnswer { error: error.to_string() },
    });
    (answer, steps)
}

#[inline]
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

impl<'a, 'c> Evaluator<'a, 'c> {
    /// For one user, at one moment.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, context: &'c EvaluationContext, now: Timestamp) -> Self {
        Self { snapshot, context, now, membership: Cell::new(None) }
    }

    /// What the user gets for a flag.
    ///
    /// # Errors
    /// As [`evaluate`].
    pub fn evaluate(&self, entry: &'a FlagEntry) -> Result<Evaluation<'a>, EvaluationError> {
        self.decide(entry, 0, &mut NoTrace)
    }

    fn decide(
        &self,
        entry: &'a FlagEntry,
        depth: usize,
        trace: &mut impl Trace,
    ) -> Result<Evaluation<'a>, EvaluationError> {
        let FlagEntry { flag, state, .. } = entry;
        if let Some(forced) = &entry.forced {
            trace.step(|| TraceStep::Variable { name: forced.variable.clone() });
            return answer(
                flag,
                &forced.variant,
                Reason::Static,
                Cause::Variable(&forced.variable),
            );
        }
        trace.step(|| TraceStep::KillSwitch { killed: state.killed });
        if state.killed {
            return answer(flag, &flag.off_variant, Reason::Disabled, Cause::Killed);
        }
        if let Some(personal) = self.own_answer(entry, trace) {
            let cause = Cause::Override(personal);
            return answer(flag, &personal.variant, Reason::TargetingMatch, cause);
        }
        let enabled = state.is_enabled(self.now);
        trace.step(|| TraceStep::Switch { enabled });
        if !enabled {
            return answer(flag, &flag.off_variant, Reason::Disabled, Cause::Off);
        }
        if let Some(unmet) = self.unmet_prerequisite(entry, depth, trace)? {
            return answer(flag, &flag.off_variant, Reason::Disabled, Cause::Prerequisite(unmet));
        }
        if let Some((variant, hit)) = self.matching_rule(entry, trace)? {
            let reason = if hit.split.is_some() { Reason::Split } else { Reason::TargetingMatch };
            return answer(flag, variant, reason, Cause::Rule(hit));
        }
        match self.membership(entry, trace) {
            None if entry.has_targeting() => {
                answer(flag, state.default_variant(flag), Reason::Default, Cause::Default)
            }
            // The same for every user.
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

    /// The rollout's verdict on the user for one flag; `None` when it has nothing to say.
    fn membership<T: Trace>(&self, entry: &FlagEntry, trace: &mut T) -> Option<Membership<'a>> {
        let (rollout, audience) = match self.snapshot.audience_of(entry) {
            Ok(found) => found,
            Err(none) => {
                trace.step(|| match none {
                    NoAudience::NoRollout => TraceStep::NoRollout,
                    NoAudience::NotReached { phase, current } => {
                        TraceStep::NotReached { phase, current }
                    }
                });
                return None;
            }
        };
        if T::KEEPS {
            return Some(rollout.membership(audience, self.context, self.now, trace));
        }
        if let known @ Some(_) = self.membership.get() {
            return known;
        }
        let found = rollout.membership(audience, self.context, self.now, &mut NoTrace);
        self.membership.set(Some(found));
        Some(found)
    }

    fn own_answer(
        &self,
        entry: &'a FlagEntry,
        trace: &mut impl Trace,
    ) -> Option<&'a IndividualOverride> {
        if entry.overrides.is_empty() {
            return None;
        }
        let found = self.context.targeting_key().and_then(|key| entry.overrides.get(key));
        let found = found.map(Arc::as_ref);
        trace.step(|| TraceStep::Override {
            found: found.cloned(),
            is_active: found.is_some_and(|o| o.is_active(self.now)),
        });
        found.filter(|personal| personal.is_active(self.now))
    }

    /// How another flag comes to its answer.
    fn steps_of(&self, flag: &FlagKey, depth: usize) -> Vec<TraceStep> {
        let mut steps = Vec::new();
        if let Some(other) = self.snapshot.flag(flag.as_str()) {
            // What came of it is said by the step that these are part of.
            let _ = self.decide(other, depth, &mut steps);
        }
        steps
    }

    fn unmet_prerequisite(
        &self,
        entry: &'a FlagEntry,
        depth: usize,
        trace: &mut impl Trace,
    ) -> Result<Option<&'a FlagKey>, EvaluationError> {
        for needed in &entry.state.prerequisites {
            if depth > MAX_DEPTH {
                return Err(EvaluationError::Broken(
                    "its prerequisites run in a circle or too deep",
                ));
            }
            // One that is gone can satisfy nothing.
            let answered = match self.snapshot.flag(needed.flag.as_str()) {
                None => Ok(None),
                Some(other) => self
                    .decide(other, depth + 1, &mut NoTrace)
                    .map(|found| Some((&found.variant.name, found.reason != Reason::Disabled))),
            };
            let found = answered.unwrap_or_default();
            let variant = found.map(|(variant, _)| variant);
            // One that is off, killed or unmet itself meets nothing, whatever its off variant is.
            let is_met =
                found.is_some_and(|(variant, is_on)| is_on && needed.variants.contains(variant));
            trace.step(|| TraceStep::Prerequisite {
                flag: needed.flag.clone(),
                wanted: needed.variants.clone(),
                found: variant.cloned(),
                is_met,
                steps: self.steps_of(&needed.flag, depth + 1),
            });
            // The chain says how far the other flag came before it had no answer.
            answered?;
            if !is_met {
                return Ok(Some(&needed.flag));
            }
        }
        Ok(None)
    }

    fn matching_rule(
        &self,
        entry: &'a FlagEntry,
        trace: &mut impl Trace,
    ) -> Result<Option<(&'a VariantName, RuleHit<'a>)>, EvaluationError> {
        let Self { context, now, .. } = *self;
        let segments = self.snapshot.segments();
        for (index, rule) in entry.state.rules.iter().enumerate() {
            let mut note = |outcome: &dyn Fn() -> RuleOutcome| {
                trace.step(|| {
                    let conditions = rule.condition.trace(context, segments, now);
                    TraceStep::Rule(RuleStep {
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
}
