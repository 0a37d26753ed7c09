//! Newtypes for keys, row ids and phase numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Maximum length of a key, in bytes.
pub const KEY_MAX_BYTES: usize = 100;

/// Why a text is not a valid key.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    #[error("a key must not be empty")]
    Empty,
    #[error("a key has at most {KEY_MAX_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// A character that would have to be escaped in a URL.
    #[error("a key holds letters, digits, '.', '_' and '-' only, not {0:?}")]
    Character(char),
}

fn check_key(text: &str) -> Result<(), InvalidKey> {
    if text.is_empty() {
        return Err(InvalidKey::Empty);
    }
    if text.len() > KEY_MAX_BYTES {
        return Err(InvalidKey::TooLong(text.len()));
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))) {
        Some(character) => Err(InvalidKey::Character(character)),
        None => Ok(()),
    }
}

// The pattern is for the OpenAPI document. Keys in URLs exclude the keys that `is_reserved` lists.
macro_rules! key {
    ($(#[$doc:meta])* $name:ident, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1, max_length = 100, pattern = $pattern))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps a text: 1 to [`KEY_MAX_BYTES`] bytes of ASCII letters, digits, `.`,
            /// `_` and `-`.
            ///
            /// # Errors
            /// Returns the rule that the text breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidKey> {
                let text = text.into();
                check_key(&text)?;
                Ok(Self(text))
            }

            /// The key as a string slice.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidKey;
            fn try_from(text: String) -> Result<Self, InvalidKey> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> Self {
                key.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

key!(
    /// Names a flag in the app's code, such as `ENHANCED_EXERCISE_LIBRARY`.
    FlagKey,
    r"^(?!(?:new|\.\.?)$)[A-Za-z0-9._-]+$"
);
key!(
    /// Names one of a flag's variants, such as `on`.
    VariantName,
    r"^[A-Za-z0-9._-]+$"
);
key!(
    /// Names a segment, such as `beta_testers`.
    SegmentKey,
    r"^(?!(?:new|\.\.?)$)[A-Za-z0-9._-]+$"
);
key!(
    /// Names a rollout within its environment.
    RolloutKey,
    r"^(?!(?:new|\.\.?)$)[A-Za-z0-9._-]+$"
);
key!(
    /// The key of a project in URLs and files.
    ProjectKey,
    r"^(?!(?:new|\.\.?)$)[A-Za-z0-9._-]+$"
);
key!(
    /// Names an environment within its project, such as `production`.
    EnvironmentKey,
    r"^(?!(?:new|\.\.?)$)[A-Za-z0-9._-]+$"
);

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);
    };
}

row_id!(
    /// The id of a project, which stands for one app.
    ProjectId
);
row_id!(
    /// The id of an environment, which owns all state and telemetry of one deployment.
    EnvironmentId
);
row_id!(
    /// The id of an account.
    AccountId
);
row_id!(
    /// The id of a server token.
    TokenId
);

/// The name of an account or token in the audit log: an e-mail address or `token …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorName(pub String);

impl EnvironmentId {
    /// The id under which an environment's simulated telemetry is stored. It is separate from the
    /// real id, so that no rule about a rollout reads simulated data.
    #[must_use]
    pub fn simulated_id(self) -> Self {
        Self(-self.0.abs())
    }

    /// The id of the environment that simulated telemetry belongs to.
    #[must_use]
    pub fn real_id(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether this id belongs to simulated telemetry.
    #[must_use]
    pub fn is_simulated(self) -> bool {
        self.0 < 0
    }
}

/// The number of a phase, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhaseNumber(pub u16);

impl PhaseNumber {
    /// The phase that every rollout starts in.
    pub const FIRST: Self = Self(1);

    /// The phase after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The phase before this one, if there is one.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        (self.0 > 1).then(|| Self(self.0 - 1))
    }
}

impl fmt::Display for PhaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a key is reserved for the admin's own URLs: a page with this key would be unreachable.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    matches!(key, "new" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_key_is_refused_with_its_reason() {
        assert_eq!(FlagKey::new(""), Err(InvalidKey::Empty));
        assert_eq!(FlagKey::new("a b"), Err(InvalidKey::Character(' ')));
        assert_eq!(FlagKey::new("x".repeat(101)), Err(InvalidKey::TooLong(101)));
        assert!(FlagKey::new("AI_EXERCISE-COACHING.v2").is_ok());
    }

    #[test]
    fn the_first_phase_has_no_previous_phase() {
        assert_eq!(PhaseNumber::FIRST.previous(), None);
        assert_eq!(PhaseNumber::FIRST.next().previous(), Some(PhaseNumber::FIRST));
    }
}
