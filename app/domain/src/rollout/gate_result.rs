//! What a gate comes to, as far as the state machine asks.

/// Whether the gate of the current phase passes, and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateResult {
    /// Whether every condition passes.
    pub passes: bool,
    /// The conditions that do not, as sentences; for the refusal.
    pub obstacles: Vec<String>,
}

impl GateResult {
    /// The result of a gate without conditions.
    #[must_use]
    pub const fn open() -> Self {
        Self { passes: true, obstacles: Vec::new() }
    }
}
