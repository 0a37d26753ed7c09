//! Why an event of a batch is not accepted.

/// The kind of mistake in an event.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidEventCode {
    /// Not JSON, or of another shape.
    Malformed,
    InvalidUtf8,
    Empty,
    TooLong,
    TooMany,
    OutOfRange,
    /// The field does not have this value.
    UnknownValue,
}

/// An event that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidEvent {
    /// The kind of mistake.
    pub code: InvalidEventCode,
    /// The field with the mistake; empty if it is the event as a whole.
    pub field: &'static str,
    /// The mistake in words, with the field and its valid values.
    pub message: String,
}

impl InvalidEvent {
    pub(super) fn new(
        code: InvalidEventCode,
        field: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { code, field, message: message.into() }
    }

    /// Replaces the field at the start of the message by a more precise path.
    pub(super) fn with_path(self, place: &str) -> Self {
        let message = match self.message.strip_prefix(self.field) {
            Some(rest) => format!("{place}{rest}"),
            None => self.message,
        };
        Self { message, ..self }
    }
}
