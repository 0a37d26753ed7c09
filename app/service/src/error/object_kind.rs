//! The kinds of objects that errors name.

/// The kind of an object that does not exist, exists already or was changed in the meantime.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    Account,
    /// An invitation, or a link to choose a new password.
    AccountLink,
    AuditEntry,
    ClientKey,
    CollectionSettings,
    Environment,
    Flag,
    /// A flag that is not archived.
    FlagInUse,
    Incident,
    Override,
    Project,
    RetentionPolicy,
    Rollout,
    Screenshot,
    Segment,
    /// A browser that is logged in.
    Session,
    Token,
    User,
}

impl std::fmt::Display for ObjectKind {
    /// Writes the noun, such as `client key`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Account => "account",
            Self::AccountLink => "invitation or password link",
            Self::AuditEntry => "audit entry",
            Self::ClientKey => "client key",
            Self::CollectionSettings => "collection settings",
            Self::Environment => "environment",
            Self::Flag => "flag",
            Self::FlagInUse => "flag in use",
            Self::Incident => "incident",
            Self::Override => "override",
            Self::Project => "project",
            Self::RetentionPolicy => "retention policy",
            Self::Rollout => "rollout",
            Self::Screenshot => "screenshot",
            Self::Segment => "segment",
            Self::Session => "session",
            Self::Token => "token",
            Self::User => "user",
        })
    }
}
