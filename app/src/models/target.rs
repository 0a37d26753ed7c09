//! What the command palette finds.

use serde::{Deserialize, Serialize};

/// A place or command that the palette leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The kind, such as `Page` or `Flag`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// The address that it leads to.
    pub href: String,
}
