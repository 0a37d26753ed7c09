//! Collectors for the steps of an evaluation.

use super::TraceStep;
use crate::rollout::{MembershipObserver, MembershipStep};

/// Collects the steps of an evaluation.
pub trait Trace {
    /// Whether steps are kept. If not, the evaluation may reuse earlier results instead of
    /// producing every step.
    const KEEPS: bool = true;

    /// Appends a step. The closure is only called if steps are kept.
    fn step(&mut self, step: impl FnOnce() -> TraceStep);
}

/// Discards all steps without building them.
pub struct NoTrace;

impl Trace for NoTrace {
    const KEEPS: bool = false;

    fn step(&mut self, _: impl FnOnce() -> TraceStep) {}
}

impl Trace for Vec<TraceStep> {
    fn step(&mut self, step: impl FnOnce() -> TraceStep) {
        self.push(step());
    }
}

/// The steps of a membership decision are steps of the evaluation.
impl<T: Trace> MembershipObserver for T {
    fn held_by_variable(&mut self, name: &str) {
        self.step(|| TraceStep::RolloutVariable { name: name.to_owned() });
    }

    fn no_targeting_key(&mut self) {
        self.step(|| TraceStep::NoTargetingKey);
    }

    fn entry(&mut self, step: impl FnOnce() -> MembershipStep) {
        self.step(|| TraceStep::Audience(step()));
    }
}
