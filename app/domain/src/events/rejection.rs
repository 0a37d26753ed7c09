//! Reasons why telemetry is not stored. The set of codes is fixed, which bounds the counters of
//! rejections whatever pages send.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a rejection, as named on the wire, in the API and in the store.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// The body is not a batch, or cannot be decompressed.
    MalformedBody,
    BodyTooLarge,
    UnsupportedVersion,
    /// A field of the batch itself is out of its bounds.
    InvalidBatch,
    /// The batch does not belong to the running simulation.
    InvalidSimulation,
    /// The event is not JSON, or has another shape.
    MalformedEvent,
    InvalidUtf8,
    Empty,
    TooLong,
    TooMany,
    OutOfRange,
    /// The value is not one of those that the field accepts.
    UnknownValue,
    UnknownFlag,
    UnknownVariant,
    /// A correction of a value that is not known any more. The value itself is stored, so nothing
    /// is lost.
    UnknownPrevious,
    QuotaExceeded,
    /// Rejections from before codes were introduced, and those beyond the bound on reasons.
    Other,
}

impl RejectionCode {
    /// All codes, in the order of their description.
    pub const ALL: [Self; 17] = [
        Self::MalformedBody,
        Self::BodyTooLarge,
        Self::UnsupportedVersion,
        Self::InvalidBatch,
        Self::InvalidSimulation,
        Self::MalformedEvent,
        Self::InvalidUtf8,
        Self::Empty,
        Self::TooLong,
        Self::TooMany,
        Self::OutOfRange,
        Self::UnknownValue,
        Self::UnknownFlag,
        Self::UnknownVariant,
        Self::UnknownPrevious,
        Self::QuotaExceeded,
        Self::Other,
    ];

    /// The name on the wire, in the API and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedBody => "malformed_body",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedVersion => "unsupported_version",
            Self::InvalidBatch => "invalid_batch",
            Self::InvalidSimulation => "invalid_simulation",
            Self::MalformedEvent => "malformed_event",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::OutOfRange => "out_of_range",
            Self::UnknownValue => "unknown_value",
            Self::UnknownFlag => "unknown_flag",
            Self::UnknownVariant => "unknown_variant",
            Self::UnknownPrevious => "unknown_previous",
            Self::QuotaExceeded => "quota_exceeded",
            Self::Other => "other",
        }
    }

    /// The sentence shown in the admin.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::MalformedBody => "The body is not a batch",
            Self::BodyTooLarge => "The body is too large",
            Self::UnsupportedVersion => "The collector has another version; reload the page",
            Self::InvalidBatch => "A field of the batch is out of bounds",
            Self::InvalidSimulation => "The batch belongs to no running simulation",
            Self::MalformedEvent => "The event is malformed",
            Self::InvalidUtf8 => "The event is not valid UTF-8",
            Self::Empty => "The text is empty",
            Self::TooLong => "The text is too long",
            Self::TooMany => "The list is too long",
            Self::OutOfRange => "The number is out of range",
            Self::UnknownValue => "The field has no such value",
            Self::UnknownFlag => "The environment has no such flag",
            Self::UnknownVariant => "The flag has no such variant",
            Self::UnknownPrevious => "The value to correct is not known",
            Self::QuotaExceeded => "The quota is used up",
            Self::Other => "Other reasons",
        }
    }
}

/// A code with the field or quota that it concerns. As text: `too_long:message`, or the code alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rejection {
    /// The kind of the rejection.
    pub code: RejectionCode,
    /// The field of the event or batch, or the name of the quota; empty if the code suffices.
    /// Always a name that this program defines, never text that a page sent.
    pub field: String,
}

impl Rejection {
    /// Creates a rejection that concerns a field or quota.
    #[must_use]
    pub fn of_field(code: RejectionCode, field: impl Into<String>) -> Self {
        Self { code, field: field.into() }
    }

    /// Parses the text form. The sentences that earlier versions stored become
    /// [`RejectionCode::Other`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (code, field) = text.split_once(':').unwrap_or((text, ""));
        let known = RejectionCode::ALL.into_iter().find(|known| known.as_str() == code);
        known.map_or_else(
            || RejectionCode::Other.into(),
            |code| Self { code, field: field.to_owned() },
        )
    }
}

impl From<RejectionCode> for Rejection {
    fn from(code: RejectionCode) -> Self {
        Self { code, field: String::new() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if self.field.is_empty() { Ok(()) } else { write!(f, ":{}", self.field) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_round_trip_through_text() {
        for code in RejectionCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            for rejection in [code.into(), Rejection::of_field(code, "props")] {
                assert_eq!(Rejection::parse(&rejection.to_string()), rejection);
            }
        }
        let sentence = "flag: there is no flag … in this environment";
        assert_eq!(Rejection::parse(sentence), RejectionCode::Other.into());
    }
}
