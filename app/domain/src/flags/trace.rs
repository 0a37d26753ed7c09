//! Where the steps of an evaluation go.

use super::TraceStep;

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
