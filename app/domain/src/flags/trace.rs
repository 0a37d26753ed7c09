//! Where the steps of an evaluation go.

use super::Step;

/// Where the steps of an evaluation go. A step is built only by a trace that keeps it.
pub trait Trace {
    /// Whether it keeps them. One that does must see each step; for the others, what is known need
    /// not be found out again.
    const KEEPS: bool = true;

    /// Notes a step.
    fn step(&mut self, step: impl FnOnce() -> Step);
}

/// Keeps nothing and costs nothing.
pub struct NoTrace;

impl Trace for NoTrace {
    const KEEPS: bool = false;

    fn step(&mut self, _: impl FnOnce() -> Step) {}
}

impl Trace for Vec<Step> {
    fn step(&mut self, step: impl FnOnce() -> Step) {
        self.push(step());
    }
}
