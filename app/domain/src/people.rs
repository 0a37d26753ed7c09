//! Who may do what.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What somebody is trusted with. Each role may do all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Runs rollouts and switches flags.
    Operator,
    /// Does everything, also what needs a reason: forcing a gate.
    Admin,
}

impl Role {
    /// The name under which a role is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Operator, Self::Admin].into_iter().find(|role| role.as_str() == name)
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their row.
    pub id: UserId,
    /// What they log in with, and what the history calls them.
    pub email: String,
    /// What they are trusted with.
    pub role: Role,
}
