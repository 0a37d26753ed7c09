//! Who may do what.

use serde::{Deserialize, Serialize};

use crate::ids::AccountId;

/// What an account is trusted with. Each role may do all that the one before it may.
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

/// An account that is logged in.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    /// What they log in with, and what the history calls them.
    pub email: String,
    /// What they are trusted with.
    pub role: Role,
}

/// Where a server token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// In one environment; what all environments share it may only see.
    #[default]
    Environment,
    /// In all environments of the project, and for what they share.
    Project,
}

impl Reach {
    /// As the store and the API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Project => "project",
        }
    }

    /// The reach of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Environment, Self::Project].into_iter().find(|reach| reach.as_str() == name)
    }
}

/// What a server token may do.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Evaluate,
    Ingest,
    /// See what the admin shows.
    Read,
    /// Change flags, segments and overrides.
    Write,
    /// Everything, also keys and tokens.
    Admin,
}

impl Scope {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Evaluate, Self::Ingest, Self::Read, Self::Write, Self::Admin];

    /// As files and the API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// The least scope with which a token may do what a role may.
    #[must_use]
    pub fn of_role(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Read,
            Role::Operator => Self::Write,
            Role::Admin => Self::Admin,
        }
    }

    /// The role that a token of these scopes acts in; none when it may only evaluate and ingest.
    #[must_use]
    pub fn role(scopes: &[Self]) -> Option<Role> {
        let role = |scope: &Self| match scope {
            Self::Evaluate | Self::Ingest => None,
            Self::Read => Some(Role::Viewer),
            Self::Write => Some(Role::Operator),
            Self::Admin => Some(Role::Admin),
        };
        scopes.iter().filter_map(role).max()
    }
}
