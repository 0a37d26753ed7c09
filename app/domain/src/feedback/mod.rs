//! Feedback of users, and its screenshots.

mod screenshot;

use serde::{Deserialize, Serialize};

pub use screenshot::{
    ImageKind, MAX_SCREENSHOT_BYTES, MAX_SCREENSHOTS_BYTES, MAX_SCREENSHOTS_PER_MINUTE, Screenshot,
};

/// A feedback item of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feedback {
    /// One of `rating`, `nps`, `bug` and `idea`; may be empty.
    #[serde(default)]
    pub kind: String,
    /// From 1 to 5, if given.
    pub rating: Option<u8>,
    /// The likelihood of a recommendation (NPS) from 0 to 10, if given.
    #[serde(default)]
    pub score: Option<u8>,
    /// The text, of bounded length; may be empty if there is a rating.
    pub message: String,
    /// The page's path, without query and fragment.
    pub page: String,
    /// The id of a screenshot, if there is one.
    #[serde(default)]
    pub screenshot: String,
}
