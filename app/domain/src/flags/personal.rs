//! Personal overrides: one user's answer, for a while.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{FlagKey, VariantName},
};

/// Longest targeting key that an override can be for, in bytes.
pub const MAX_TARGETING_KEY_BYTES: usize = 500;

/// One user's answer, whatever the rules say; for testing by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PersonalOverride {
    /// Which flag.
    pub flag: FlagKey,
    /// Whose answer.
    pub targeting_key: String,
    /// The answer.
    pub variant: VariantName,
    /// When it ends by itself; without one it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl PersonalOverride {
    /// Whether it still holds.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
