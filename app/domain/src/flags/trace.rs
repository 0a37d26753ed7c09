//! Where the steps of an evaluation go.

use super::Step;

/// Where the steps of an evaluation go. A step is built only by a trace that keeps it.
pub trait Trace {
    /// Notes a step.
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
