//! Annotations of charts: changes that may explain a shift in the numbers.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A change that may explain a shift in the numbers, such as a phase change.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Annotation {
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    pub kind: AnnotationKind,
    /// A short description of the change.
    pub text: String,
    /// The account or token that made the change, if any.
    pub by: Option<String>,
}

/// The kind of change that an annotation marks.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnnotationKind {
    /// A flag was switched or changed.
    Flag,
    Phase,
    /// A version of the app was seen for the first time.
    Release,
}

impl AnnotationKind {
    /// The name that the admin shows.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Flag => "Flag",
            Self::Phase => "Phase",
            Self::Release => "Release",
        }
    }
}
