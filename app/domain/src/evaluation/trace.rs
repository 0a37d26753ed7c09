//! Collectors for the steps of an evaluation.

use super::TraceStep;
use crate::rollout::{MembershipObserver, MembershipStep};

/// Collects the steps of an evaluation.
pub trait Trace {
    /// Whether steps are kept. If not, the evaluation may reuse earlier results instead of
    /// producing every step.
    const KEEPS: bool = true;

    /// Appends a step. The closure is only called if steps are kept.
    fn record_step(&mut self, step: impl FnOnce() -> TraceStep);
}

/// Discards all steps without building them.
pub struct NoTrace;

impl Trace for NoTrace {
    const KEEPS: bool = false;

    fn record_step(&mut self, _: impl FnOnce() -> TraceStep) {}
}

impl Trace for Vec<TraceStep> {
    fn record_step(&mut self, step: impl FnOnce() -> TraceStep) {
        self.push(step());
    }
}

/// The steps of a membership decision are steps of the evaluation.
impl<T: Trace> MembershipObserver for T {
    fn observe_variable(&mut self, name: &str) {
        self.record_step(|| TraceStep::RolloutVariable { name: name.to_owned() });
    }

    fn observe_missing_key(&mut self) {
        self.record_step(|| TraceStep::NoTargetingKey);
    }

    fn observe_entry(&mut self, step: impl FnOnce() -> MembershipStep) {
        self.record_step(|| TraceStep::Audience(step()));
    }
}
