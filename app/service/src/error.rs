//! Why a use case did not do what it was asked.

use phasegate_domain::{
    Timestamp,
    accounts::{Role, Scope},
    config::InvalidFile,
    field_error::{FieldCode, FieldError},
    flags::InvalidFlag,
    rollout::{CommandError, CommandKind},
    targeting::InvalidSegment,
};
use phasegate_store::StoreError;

/// Why a use case did not do what it was asked.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller is known but not trusted with this.
    #[error("this needs the role {needed}; yours is {found}", needed = .needed.as_str(), found = .found.as_str())]
    Forbidden {
        /// The least role that may.
        needed: Role,
        found: Role,
    },
    /// A server token lacks the scope.
    #[error("this needs the scope {}; the token has {}", .needed.as_str(), scopes(.found))]
    TokenScope {
        /// The least scope that may.
        needed: Scope,
        found: Vec<Scope>,
    },
    /// A server token of one environment would change what all environments of the project share.
    #[error(
        "{what}: shared by all environments of the project, and this token is for one of them; use a token that reaches the whole project"
    )]
    TokenReach {
        /// The fields or the kind of thing.
        what: String,
    },
    /// There is no such thing.
    #[error("there is no {what} {key:?}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// What was asked for.
        key: String,
    },
    /// There is one already.
    #[error("the {what} {key:?} is there already")]
    Exists {
        /// The kind of thing.
        what: &'static str,
        key: String,
    },
    /// What was sent cannot be; names the field.
    #[error(transparent)]
    Invalid(#[from] FieldError),
    /// What was sent is in no format that is taken.
    #[error("{0}")]
    UnsupportedFormat(&'static str),
    /// A rule of the rollout refuses the command.
    #[error("{error}{}", possible_now(.possible))]
    Refused {
        error: CommandError,
        /// The commands that would succeed instead; empty if the input is wrong.
        possible: Vec<CommandKind>,
    },
    /// Something else needs it as it is.
    #[error("{0}")]
    InUse(String),
    /// Another change was first.
    #[error(
        "{0} was changed in the meantime; load it again and repeat your change if it is still right"
    )]
    Conflict(&'static str),
    /// Another command moved the rollout first.
    #[error(
        "another change came first: {by} {what}, at {}. Load the rollout again and repeat your command if it is still right",
        at.format("%Y-%m-%d %H:%M UTC")
    )]
    Overtaken { by: String, at: Timestamp, what: String },
    /// The queue of telemetry is full.
    #[error("the server is taking in more telemetry than it can store; try again shortly")]
    Busy,
    /// Another program holds the database.
    #[error(
        "the database is being used by another program, such as a backup; try again in a moment"
    )]
    Locked,
    /// There is no room for telemetry.
    #[error("the server's disk is full; nothing is lost that you keep and send again later")]
    Full,
    /// Stored data does not fit together; a bug or a damaged database.
    #[error("{0}")]
    Inconsistent(&'static str),
    #[error("storage failed: {0}")]
    Store(#[source] StoreError),
}

fn possible_now(kinds: &[CommandKind]) -> String {
    if kinds.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    format!(". Possible now: {}", names.join(", "))
}

fn scopes(found: &[Scope]) -> String {
    found.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

impl ServiceError {
    /// A field cannot be what was sent.
    pub(crate) fn invalid(
        field: impl Into<String>,
        code: FieldCode,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(FieldError::new(field, code, message))
    }

    /// The HTTP status that says it; the same at every door.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Forbidden { .. }
            | Self::TokenScope { .. }
            | Self::TokenReach { .. }
            | Self::Refused { error: CommandError::NotAllowed { .. }, .. } => 403,
            Self::NotFound { .. } => 404,
            Self::Refused { error, .. } if error.is_about_input() => 422,
            Self::Refused { .. }
            | Self::Overtaken { .. }
            | Self::Exists { .. }
            | Self::InUse(_) => 409,
            Self::Conflict(_) => 412,
            Self::UnsupportedFormat(_) => 415,
            Self::Invalid(_) => 422,
            Self::Inconsistent(_) | Self::Store(_) => 500,
            Self::Busy | Self::Locked => 503,
            Self::Full => 507,
        }
    }

    /// Whether it is the server's own fault: then the log says more than users are told.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Inconsistent(_) | Self::Store(_))
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &'static str, key: impl Into<String>) -> Self {
        Self::NotFound { what, key: key.into() }
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Full,
            StoreError::Locked => Self::Locked,
            other => Self::Store(other),
        }
    }
}

impl From<CommandError> for ServiceError {
    fn from(error: CommandError) -> Self {
        Self::Refused { error, possible: Vec::new() }
    }
}

impl From<InvalidFlag> for ServiceError {
    fn from(error: InvalidFlag) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<InvalidSegment> for ServiceError {
    fn from(error: InvalidSegment) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<InvalidFile> for ServiceError {
    fn from(error: InvalidFile) -> Self {
        match error {
            InvalidFile::Plan { .. } => Self::InUse(error.to_string()),
            other => Self::Invalid(other.into()),
        }
    }
}
