//! The answers of a flag for many users.

use serde::{Deserialize, Serialize};

/// How many users got each variant, and who.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitTable {
    pub title: String,
    /// Variant, number of users, and share.
    pub rows: Vec<(String, String, String)>,
    /// User and variant, of the first users only.
    pub users: Vec<(String, String)>,
}
