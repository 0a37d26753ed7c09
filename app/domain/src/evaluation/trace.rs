//! Where the steps of an evaluation go.

use super::TraceStep;
use crate::rollout::{MembershipObserver, MembershipStep};

/// Where the steps of an evaluation go. A step is built only by a trace that keeps it.
pub trait Trace {
    /// Whether it keeps them. One that does must see each step; for the others, what is known need
    /// not be found out again.
    const KEEPS: bool = true;

    /// Appends a step; the closure only runs where steps are kept.
    fn step(&mut self, step: impl FnOnce() -> TraceStep);
}

/// Keeps nothing and costs nothing.
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

/// The steps of finding a membership are steps of the evaluation.
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
