//! Accounts, roles and the rights of server tokens.

mod browser;
mod change;

use serde::{Deserialize, Serialize};

pub use self::{
    browser::describe_browser,
    change::{InvalidAccountChange, check_account_change},
};
use crate::ids::AccountId;

/// The role of an account. Each role includes the rights of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Runs rollouts and switches flags.
    Operator,
    /// Does everything, including forcing a gate, which needs a reason.
    Admin,
}

impl Role {
    /// What accounts of this role may do, in one sentence.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Viewer => "sees everything and changes nothing",
            Self::Operator => "runs rollouts and changes flags",
            Self::Admin => "does everything, including accounts, keys and forced gates",
        }
    }

    /// All values, the lowest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The name in the store and in the admin.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Parses the name of a role.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// An account that is logged in.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    /// The login name, and the actor in the audit log.
    pub email: String,
    pub role: Role,
}

/// The environments in which a server token is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// One environment. The token can read, but not change, what the environments share.
    #[default]
    Environment,
    /// All environments of the project, and what they share.
    Project,
}

impl Reach {
    /// The name in the store and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Project => "project",
        }
    }

    /// Parses the name of a reach.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Environment, Self::Project].into_iter().find(|reach| reach.as_str() == name)
    }
}

/// A permission of a server token.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Evaluate,
    Ingest,
    /// Read everything that the admin shows.
    Read,
    /// Change flags, segments and overrides.
    Write,
    /// Everything, including keys and tokens.
    Admin,
}

impl Scope {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Evaluate, Self::Ingest, Self::Read, Self::Write, Self::Admin];

    /// The name in files and the API.
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

    /// Parses the name of a scope.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// The lowest scope that grants a token the rights of a role.
    #[must_use]
    pub fn required_for_role(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Read,
            Role::Operator => Self::Write,
            Role::Admin => Self::Admin,
        }
    }

    /// The highest role that the scopes grant; `None` if they only allow to evaluate and ingest.
    #[must_use]
    pub fn highest_role(scopes: &[Self]) -> Option<Role> {
        let role = |scope: &Self| match scope {
            Self::Evaluate | Self::Ingest => None,
            Self::Read => Some(Role::Viewer),
            Self::Write => Some(Role::Operator),
            Self::Admin => Some(Role::Admin),
        };
        scopes.iter().filter_map(role).max()
    }
}
