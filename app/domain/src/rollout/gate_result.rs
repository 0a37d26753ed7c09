//! The result of a gate, as the state machine needs it.

/// Whether the gate of the current phase passes, and the conditions that prevent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateResult {
    /// Whether every condition passes.
    pub passes: bool,
    /// The conditions that do not pass, as sentences for the error.
    pub obstacles: Vec<String>,
}

impl GateResult {
    /// The result of a gate without conditions.
    #[must_use]
    pub const fn always_passing() -> Self {
        Self { passes: true, obstacles: Vec::new() }
    }
}
