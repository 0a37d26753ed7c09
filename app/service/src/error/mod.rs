//! The error that use cases return.

mod in_use;
mod object_kind;

pub use in_use::InUse;
pub use object_kind::ObjectKind;
use phasegate_domain::{
    Timestamp,
    accounts::{Role, Scope},
    config::InvalidFile,
    field_error::{FieldCode, FieldError},
    flags::InvalidFlag,
    rollout::{CommandError, CommandKind, InvalidText},
    targeting::InvalidSegment,
};
use phasegate_store::StoreError;

/// The error of a use case.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller's role is too low.
    #[error("this needs the role {needed}; yours is {found}", needed = .needed.as_str(), found = .found.as_str())]
    Forbidden {
        /// The lowest role that suffices.
        needed: Role,
        found: Role,
    },
    /// A server token lacks the scope.
    #[error("this needs the scope {}; the token has {}", .needed.as_str(), join_scopes(.found))]
    TokenScope {
        /// The lowest scope that suffices.
        needed: Scope,
        found: Vec<Scope>,
    },
    /// A server token of one environment cannot change what all environments of the project share.
    #[error(
        "{what}: shared by all environments of the project, and this token is for one of them; use a token that reaches the whole project"
    )]
    TokenReach {
        /// The fields, or the kind of object.
        what: String,
    },
    /// The requested object does not exist.
    #[error("there is no {what} {key:?}")]
    NotFound { what: ObjectKind, key: String },
    /// There is no panel of that name.
    #[error("there is no panel {name:?}; the panels are {}", .known.join(", "))]
    UnknownPanel { name: String, known: Vec<&'static str> },
    /// An object of that key exists already.
    #[error("the {what} {key:?} already exists")]
    Exists { what: ObjectKind, key: String },
    /// The server token is not valid in the environment.
    #[error(
        "this server token is for another environment; use one of that environment, or one that reaches the whole project"
    )]
    OtherEnvironment,
    /// The server token belongs to another project.
    #[error("this server token is for another project")]
    OtherProject,
    /// No plan was imported into the environment.
    #[error("this environment has no rollout; import a plan first")]
    NoRollout,
    /// The input is invalid; names the field.
    #[error(transparent)]
    Invalid(#[from] FieldError),
    /// The input is in an unsupported format.
    #[error("{0}")]
    UnsupportedFormat(&'static str),
    /// A rule of the rollout refuses the command.
    #[error("{error}{}", possible_now(.possible))]
    Refused {
        error: CommandError,
        /// The commands that would succeed instead.
        possible: Vec<CommandKind>,
    },
    /// The rest of the configuration forbids the change, such as a flag that depends on this one.
    #[error(transparent)]
    InUse(#[from] InUse),
    /// Another change was saved first.
    #[error(
        "the {0} was changed in the meantime; load it again and repeat your change if it is still right"
    )]
    Conflict(ObjectKind),
    /// Another command moved the rollout first.
    #[error(
        "another change came first: {by} {what}, at {}. Load the rollout again and repeat your command if it is still right",
        at.format("%Y-%m-%d %H:%M UTC")
    )]
    Overtaken { by: String, at: Timestamp, what: String },
    /// A queue is full or a limit on concurrent work is reached.
    #[error("the server is busy; try again shortly")]
    Busy,
    /// Another program holds the database.
    #[error(
        "the database is being used by another program, such as a backup; try again in a moment"
    )]
    Locked,
    /// The disk is too full to store telemetry.
    #[error("the server's disk is full; nothing is lost that you keep and send again later")]
    Full,
    /// Stored data is inconsistent or a task failed; a bug or a damaged database.
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

fn join_scopes(found: &[Scope]) -> String {
    found.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
}

impl ServiceError {
    /// Creates an error for an invalid field.
    pub(crate) fn invalid(
        field: impl Into<String>,
        code: FieldCode,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(FieldError::new(field, code, message))
    }

    /// Returns the HTTP status of the error, which is the same for pages and API.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Forbidden { .. }
            | Self::TokenScope { .. }
            | Self::TokenReach { .. }
            | Self::OtherEnvironment
            | Self::OtherProject
            | Self::Refused { error: CommandError::NotAllowed { .. }, .. } => 403,
            Self::NotFound { .. } | Self::UnknownPanel { .. } | Self::NoRollout => 404,
            Self::Refused { .. } | Self::Exists { .. } | Self::InUse(_) => 409,
            Self::Conflict(_) | Self::Overtaken { .. } => 412,
            Self::UnsupportedFormat(_) => 415,
            Self::Invalid(_) => 422,
            Self::Inconsistent(_) | Self::Store(_) => 500,
            Self::Busy | Self::Locked => 503,
            Self::Full => 507,
        }
    }

    /// Returns whether the server is at fault; then details go to the log and not to users.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(self, Self::Inconsistent(_) | Self::Store(_))
    }

    /// Creates an error for an object that does not exist.
    pub(crate) fn not_found(what: ObjectKind, key: impl Into<String>) -> Self {
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
        match error.field_error() {
            Some(error) => Self::Invalid(error),
            None => Self::Refused { error, possible: Vec::new() },
        }
    }
}

impl From<InvalidFlag> for ServiceError {
    fn from(error: InvalidFlag) -> Self {
        Self::Invalid(error.into())
    }
}

impl From<InvalidText> for ServiceError {
    fn from(error: InvalidText) -> Self {
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
            InvalidFile::Plan { .. } => Self::InUse(InUse::File(error)),
            other => Self::Invalid(other.into()),
        }
    }
}
