//! The colours of the admin.

use serde::{Deserialize, Serialize};

/// The colours in which a browser shows the admin.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the operating system has them.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// All themes, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The name in the cookie and in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Parses the name of a theme.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name)
    }

    /// What choosing it has done, in one sentence.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::System => "Pages follow the colours of your system.",
            Self::Light => "Pages are light.",
            Self::Dark => "Pages are dark.",
        }
    }
}
