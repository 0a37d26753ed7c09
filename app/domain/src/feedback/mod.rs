//! Feedback as users give it, and the screenshots that come with it.

mod screenshot;

use serde::{Deserialize, Serialize};

pub use screenshot::{
    ImageKind, MAX_SCREENSHOT_BYTES, MAX_SCREENSHOTS_BYTES, MAX_SCREENSHOTS_PER_MINUTE, Screenshot,
};

/// A feedback item of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// `rating`, `nps`, `bug`, `idea`, or nothing.
    #[serde(default)]
    pub kind: String,
    /// 1 to 5, if given.
    pub rating: Option<u8>,
    /// 0 to 10: how likely they would recommend it, if given.
    #[serde(default)]
    pub score: Option<u8>,
    /// The text, bounded; may be empty where there is a rating.
    pub message: String,
    /// The page's path, without query and fragment.
    pub page: String,
    /// The id of a screenshot, if there is one.
    #[serde(default)]
    pub screenshot: String,
}
