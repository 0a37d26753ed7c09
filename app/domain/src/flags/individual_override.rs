//! Individual overrides: the answer of one user, optionally until an expiry time.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    field_error::{FieldCode, FieldProblem},
    ids::{FlagKey, VariantName},
};

/// The maximum length of an override's targeting key, in bytes.
pub const MAX_TARGETING_KEY_BYTES: usize = 500;

/// The answer of one user, which takes precedence over switch, rules and rollout; for manual tests.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IndividualOverride {
    pub flag: FlagKey,
    pub targeting_key: String,
    pub variant: VariantName,
    /// The time from which the override is ignored; `None` means it does not expire.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::targeting::read_optional_instant"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// The purpose of the override.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The maximum length of a note, in bytes.
const MAX_NOTE_BYTES: usize = 500;

/// Why an override is invalid. The message names the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOverride {
    /// The targeting key is empty or too long.
    #[error("must have 1 to {MAX_TARGETING_KEY_BYTES} bytes")]
    TargetingKey,
    /// The targeting key is `.` or `..`, which HTTP clients remove from URL paths.
    #[error("\".\" and \"..\" cannot be addressed; choose another one")]
    Reserved,
    /// The note is too long.
    #[error("must have at most {MAX_NOTE_BYTES} bytes")]
    Note,
}

impl FieldProblem for InvalidOverride {
    fn field(&self) -> String {
        match self {
            Self::TargetingKey | Self::Reserved => "targeting_key".to_owned(),
            Self::Note => "note".to_owned(),
        }
    }

    fn code(&self) -> FieldCode {
        match self {
            Self::TargetingKey => FieldCode::Invalid,
            Self::Reserved => FieldCode::Reserved,
            Self::Note => FieldCode::TooLong,
        }
    }
}

impl IndividualOverride {
    /// Checks the rules that the types do not enforce.
    ///
    /// # Errors
    /// Returns an error that names the first invalid field.
    pub fn validate(&self) -> Result<(), InvalidOverride> {
        if !(1..=MAX_TARGETING_KEY_BYTES).contains(&self.targeting_key.len()) {
            return Err(InvalidOverride::TargetingKey);
        }
        if matches!(self.targeting_key.as_str(), "." | "..") {
            return Err(InvalidOverride::Reserved);
        }
        if self.note.len() > MAX_NOTE_BYTES { Err(InvalidOverride::Note) } else { Ok(()) }
    }

    /// Whether the override has not expired.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
