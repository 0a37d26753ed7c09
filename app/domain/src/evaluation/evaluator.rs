//! The order of evaluation: the first step that answers wins.
//!
//! Environment variable → kill switch → individual override → flag off → prerequisites → rules in
//! order → rollout membership → default variant. A killed or disabled flag answers with its off
//! variant instead of no answer, so that it overrides the default in the app's code.

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

/// Evaluates flags of a snapshot for one user at one moment. The user's membership is the same for
/// all flags of the rollout, so it is cached.
#[derive(Debug)]
pub struct Evaluator<'a, 'c> {
    snapshot: &'a Snapshot,
    context: &'c EvaluationContext,
    now: Timestamp,
    membership: Cell<Option<Membership<'a>>>,
}

/// Evaluates a flag for a user.
///
/// # Errors
/// Returns an error if a rule needs a bucket and the context has no targeting key, or if the stored
/// flag is inconsistent.
pub fn evaluate_flag<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
) -> Result<Evaluation<'a>, EvaluationError> {
    Evaluator::new(snapshot, context, now).evaluate_entry(entry)
}

/// Evaluates a flag like [`evaluate_flag`] and records every step, also when there is no answer.
pub fn explain_flag<'a>(
    snapshot: &'a Snapshot,
    entry: &'a FlagEntry,
    context: &EvaluationContext,
    now: Timestamp,
) -> (Result<Evaluation<'a>, EvaluationError>, Vec<TraceStep>) {
    let mut steps = Vec::new();
    let answer = Evaluator::new(snapshot, context, now).decide_flag(entry, 0, &mut steps);
    steps.record_step(|| match &answer {
        Ok(answer) => {
            TraceStep::Answer { variant: answer.variant.name.clone(), reason: answer.reason }
        }
        Err(error) => TraceStep::NoAnswer { error: error.to_string() },
    });
    (answer, steps)
}

#[inline]
fn resolve_variant<'a>(
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
    /// Creates an evaluator for one user at one moment.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, context: &'c EvaluationContext, now: Timestamp) -> Self {
        Self { snapshot, context, now, membership: Cell::new(None) }
    }

    /// Evaluates a flag for the user.
    ///
    /// # Errors
    /// Returns the errors of [`evaluate_flag`].
    pub fn evaluate_entry(&self, entry: &'a FlagEntry) -> Result<Evaluation<'a>, EvaluationError> {
        self.decide_flag(entry, 0, &mut NoTrace)
    }

    fn decide_flag(
        &self,
        entry: &'a FlagEntry,
        depth: usize,
        trace: &mut impl Trace,
    ) -> Result<Evaluation<'a>, EvaluationError> {
        let FlagEntry { flag, state, .. } = entry;
        if let Some(pinned) = &entry.environment_override {
            trace.record_step(|| TraceStep::Variable { name: pinned.variable.clone() });
            return resolve_variant(
                flag,
                &pinned.variant,
                Reason::Static,
                Cause::Variable(&pinned.variable),
            );
        }
        trace.record_step(|| TraceStep::KillSwitch { killed: state.killed });
        if state.killed {
            return resolve_variant(flag, &flag.off_variant, Reason::Disabled, Cause::Killed);
        }
        if let Some(personal) = self.find_active_override(entry, trace) {
            let cause = Cause::Override(personal);
            return resolve_variant(flag, &personal.variant, Reason::TargetingMatch, cause);
        }
        let enabled = state.is_enabled(self.now);
        trace.record_step(|| TraceStep::Switch { enabled });
        if !enabled {
            return resolve_variant(flag, &flag.off_variant, Reason::Disabled, Cause::Off);
        }
        if let Some(unmet) = self.unmet_prerequisite(entry, depth, trace)? {
            return resolve_variant(
                flag,
                &flag.off_variant,
                Reason::Disabled,
                Cause::Prerequisite(unmet),
            );
        }
        if let Some((variant, hit)) = self.matching_rule(entry, trace)? {
            let reason = if hit.split.is_some() { Reason::Split } else { Reason::TargetingMatch };
            return resolve_variant(flag, variant, reason, Cause::Rule(hit));
        }
        match self.find_membership(entry, trace) {
            None if entry.has_targeting() => {
                resolve_variant(flag, state.default_variant(flag), Reason::Default, Cause::Default)
            }
            // Without targeting, every user gets the same answer.
            None => {
                resolve_variant(flag, state.default_variant(flag), Reason::Static, Cause::Default)
            }
            Some(membership) => {
                let (variant, reason) = match &membership {
                    Membership::In(entry) if entry.is_whole_segment() => {
                        (&flag.rollout_variant, Reason::TargetingMatch)
                    }
                    Membership::In(_) => (&flag.rollout_variant, Reason::Split),
                    Membership::Out { .. } => (state.default_variant(flag), Reason::Default),
                };
                resolve_variant(flag, variant, reason, Cause::Rollout(membership))
            }
        }
    }

    /// Returns the user's membership in the rollout; `None` if the rollout does not decide about
    /// the flag.
    fn find_membership<T: Trace>(
        &self,
        entry: &FlagEntry,
        trace: &mut T,
    ) -> Option<Membership<'a>> {
        let (rollout, audience) = match self.snapshot.audience_of(entry) {
            Ok(found) => found,
            Err(none) => {
                trace.record_step(|| match none {
                    NoAudience::NoRollout => TraceStep::NoRollout,
                    NoAudience::NotReached { phase, current } => {
                        TraceStep::NotReached { phase, current }
                    }
                });
                return None;
            }
        };
        if T::KEEPS {
            return Some(rollout.evaluate_membership(audience, self.context, self.now, trace));
        }
        if let known @ Some(_) = self.membership.get() {
            return known;
        }
        let found = rollout.evaluate_membership(audience, self.context, self.now, &mut NoTrace);
        self.membership.set(Some(found));
        Some(found)
    }

    fn find_active_override(
        &self,
        entry: &'a FlagEntry,
        trace: &mut impl Trace,
    ) -> Option<&'a IndividualOverride> {
        if entry.overrides.is_empty() {
            return None;
        }
        let found = self.context.targeting_key().and_then(|key| entry.overrides.get(key));
        let found = found.map(Arc::as_ref);
        trace.record_step(|| TraceStep::Override {
            found: found.cloned(),
            is_active: found.is_some_and(|o| o.is_active(self.now)),
        });
        found.filter(|personal| personal.is_active(self.now))
    }

    /// Evaluates another flag and returns its steps.
    fn trace_flag(&self, flag: &FlagKey, depth: usize) -> Vec<TraceStep> {
        let mut steps = Vec::new();
        if let Some(other) = self.snapshot.flag(flag.as_str()) {
            // The step that contains these records the outcome.
            let _ = self.decide_flag(other, depth, &mut steps);
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
            // A missing flag meets no prerequisite.
            let answered = match self.snapshot.flag(needed.flag.as_str()) {
                None => Ok(None),
                Some(other) => self
                    .decide_flag(other, depth + 1, &mut NoTrace)
                    .map(|found| Some((&found.variant.name, found.reason != Reason::Disabled))),
            };
            let found = answered.unwrap_or_default();
            let variant = found.map(|(variant, _)| variant);
            // A flag that is off, killed or unmet itself meets nothing, even with its off variant.
            let is_met =
                found.is_some_and(|(variant, is_on)| is_on && needed.variants.contains(variant));
            trace.record_step(|| TraceStep::Prerequisite {
                flag: needed.flag.clone(),
                wanted: needed.variants.clone(),
                found: variant.cloned(),
                is_met,
                steps: self.trace_flag(&needed.flag, depth + 1),
            });
            // Errors are returned only now, so that the trace shows how far the other flag came.
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
                trace.record_step(|| {
                    let conditions = rule.condition.trace_steps(context, segments, now);
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
                if let Some((variant, _)) = rule.serve.choose_variant(Bucket(0), now) {
                    note(&|| RuleOutcome::Matches);
                    return Ok(Some((variant, RuleHit { index, rule, split: None })));
                }
                continue;
            }
            let Some(key) = context.targeting_key() else {
                note(&|| RuleOutcome::NoTargetingKey);
                return Err(EvaluationError::TargetingKeyMissing);
            };
            let salt = &entry.state.salt;
            let bucket = salt.assign_bucket(key);
            let chosen = rule.serve.choose_variant(bucket, now);
            let share = chosen.map(|(_, share)| share).or_else(|| rule.serve.served_share_at(now));
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
