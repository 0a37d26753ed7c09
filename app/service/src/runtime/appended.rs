//! The outcome of storing a batch.

/// The outcome of storing a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Its events are stored durably.
    Stored,
    /// Its id was stored before, so nothing was counted again.
    Repeated,
}
