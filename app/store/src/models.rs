//! The models that the storage traits take and return.

use std::sync::Arc;

use phasegate_domain::{
    Timestamp,
    accounts::{Account, Reach, Role, Scope},
    audit::{AuditEntry, SubjectKind},
    config::CollectionSettings,
    flags::{Flag, FlagState, IndividualOverride},
    ids::{
        AccountId, EnvironmentId, EnvironmentKey, FlagKey, ProjectId, ProjectKey, RolloutKey,
        SegmentKey, TokenId, VariantName,
    },
    metrics::{Dimension, Metric},
    plan::Plan,
    privacy::RetentionPolicy,
    rollout::RolloutState,
    stats::Aggregate,
    targeting::Segment,
    time::Resolution,
};

/// An account, with the hash of its password.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct StoredAccount {
    pub account: Account,
    /// An Argon2id hash in PHC format.
    pub password_hash: String,
    /// Increases with every new password; sessions of earlier epochs have ended.
    pub session_epoch: i64,
}

/// The SHA-256 digest of a secret. Secrets themselves are never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A login session of an account.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The digest of the cookie's value.
    pub id: Digest,
    /// The account that logged in; `None` before the login.
    pub account: Option<AccountId>,
    /// The account's epoch when it logged in.
    pub epoch: i64,
    /// The data of the session as JSON, opaque to the store.
    pub data: String,
    pub expires_at: Timestamp,
}

/// A link that lets its holder choose a password once: of a new account, or of one that exists.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLink {
    /// The digest of the secret in the link.
    pub digest: Digest,
    pub purpose: LinkPurpose,
    pub email: String,
    pub created_by: String,
    pub expires_at: Timestamp,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Creates an account with this role.
    Invitation(Role),
    /// Replaces the password of an account.
    PasswordReset,
}

/// What an account keeps for itself in an environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountValue {
    /// The account that keeps it.
    pub account: AccountId,
    /// The environment that it is about.
    pub environment: EnvironmentId,
    pub kind: AccountValueKind,
    /// The name, unique for its kind: of a filter, or the number of an incident.
    pub name: String,
    /// The value, opaque to the store.
    pub value: String,
}

/// The kinds of what accounts keep for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountValueKind {
    /// A filter of the list of flags, as the query of its address.
    FlagFilter,
    /// A post-mortem that is not written yet, as an URL-encoded form.
    PostMortemDraft,
}

impl AccountValueKind {
    /// The name in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FlagFilter => "flag_filter",
            Self::PostMortemDraft => "post_mortem_draft",
        }
    }
}

/// A server token, found by its digest.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerToken {
    pub id: TokenId,
    /// The digest of its secret.
    pub digest: Digest,
    /// The environment that it gives access to.
    pub environment: EnvironmentId,
    /// The name that the audit log shows.
    pub name: String,
    /// The permissions of its requests.
    pub scopes: Vec<Scope>,
    pub reach: Reach,
    pub created_at: Timestamp,
    pub created_by: String,
    /// The owner: the account that created it, or the owner of the token that created it.
    pub owner: String,
    /// The time of the last use, accurate to about a minute.
    pub last_used_at: Option<Timestamp>,
    /// Increases with every change.
    pub version: i64,
}

/// A client key, which every page may show.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    pub key: String,
    /// The environment that it gives access to.
    pub environment: EnvironmentId,
    /// The name that pages show.
    pub name: String,
    /// The origins whose pages may use it; all origins if empty.
    pub allowed_origins: Vec<String>,
    pub created_at: Timestamp,
    /// Increases with every change.
    pub version: i64,
}

/// An environment: one deployment of an app.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub id: EnvironmentId,
    pub project_id: ProjectId,
    pub project: ProjectKey,
    /// Its own key, such as `production`.
    pub key: EnvironmentKey,
    /// The name that pages show.
    pub name: String,
    /// The collection settings of its pages.
    pub collection_settings: Versioned<CollectionSettings>,
    /// The retention policy of its telemetry.
    pub retention_policy: Versioned<RetentionPolicy>,
}

/// The versions of a flag: of its definition, and of its state in an environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagVersion {
    /// The version of the definition, which all environments share.
    pub definition: i64,
    pub state: i64,
}

/// A flag with its state in one environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFlag {
    pub flag: Arc<Flag>,
    /// The state in the environment, with its version.
    pub state: Arc<FlagState>,
    pub definition_version: i64,
    pub created_at: Timestamp,
    /// The time of the last change of definition or state.
    pub changed_at: Timestamp,
}

impl StoredFlag {
    /// The versions of definition and state.
    #[must_use]
    pub fn version(&self) -> FlagVersion {
        FlagVersion { definition: self.definition_version, state: self.state.version }
    }
}

/// A stored value with the version that an edit must name.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    pub value: T,
    /// Increases with every change.
    pub version: i64,
}

/// A flag to create in all environments.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct NewFlag {
    pub flag: Flag,
    /// The state in the environment of the edit.
    pub state: FlagState,
    /// The initial state in the other environments.
    pub elsewhere: FlagState,
}

/// One edit of state. Each names the version that it is based on; if any of them is outdated, none
/// of the edits is written.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    CreateFlag(Box<NewFlag>),
    /// The definition of a flag changes.
    SaveDefinition(Flag, i64),
    /// The state of a flag in this environment changes; `state.version` is the new version.
    SaveState(FlagKey, FlagState),
    /// Deletes a flag in all environments, with its overrides.
    DeleteFlag(FlagKey, i64),
    CreateSegment(Segment),
    SaveSegment(Segment, i64),
    DeleteSegment(SegmentKey, i64),
    CreateOverride(IndividualOverride),
    SaveOverride(IndividualOverride, i64),
    /// Deletes an individual override: flag, user, version.
    DeleteOverride(FlagKey, String, i64),
    /// Adds a client key to the environment.
    CreateClientKey(ClientKey),
    /// Changes name and origins of a client key; `version` is the one that it is based on.
    SaveClientKey(ClientKey),
    /// Deletes a client key for good.
    DeleteClientKey(String, i64),
    /// Adds a server token; the store assigns its id.
    CreateToken(ServerToken),
    /// Changes name and scopes of a server token; `version` is the one that it is based on.
    SaveToken(ServerToken),
    DeleteToken(TokenId, i64),
    /// Changes key and name of the environment.
    RenameEnvironment(EnvironmentKey, String),
    /// Deletes the environment with everything that belongs to it alone; its audit entries stay.
    DeleteEnvironment,
    /// Creates an account: e-mail address, hash of the password, role.
    CreateAccount(String, String, Role),
    /// Changes the role of an account from the first to the second.
    SaveRole(AccountId, Role, Role),
    /// Replaces a password and ends the sessions of the account, except for one.
    SavePassword(AccountId, String, Option<Digest>),
    /// Deletes an account with its sessions and the links for its address.
    DeleteAccount(AccountId),
    /// Adds a link, which replaces an earlier one for the same address.
    CreateAccountLink(AccountLink),
    /// Deletes a link, because it was used or is no longer wanted.
    DeleteAccountLink(Digest),
    /// Changes the collection settings of the environment.
    SaveCollectionSettings(CollectionSettings, i64),
    /// Changes the retention policy of the environment.
    SaveRetentionPolicy(RetentionPolicy, i64),
    /// Adds the first plan of the environment, with the salt of its rollout.
    CreateRollout(Box<Plan>, String),
    /// Replaces the plan of that key; the version stays the same.
    SavePlan(RolloutKey, Box<Plan>, i64),
    /// Saves the state of a rollout after an event.
    SaveRollout(RolloutKey, Box<RolloutState>, i64),
}

impl Edit {
    /// Whether it changes data that all environments of the project share.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(
            self,
            Self::CreateFlag(..)
                | Self::SaveDefinition(..)
                | Self::DeleteFlag(..)
                | Self::CreateSegment(..)
                | Self::SaveSegment(..)
                | Self::DeleteSegment(..)
        )
    }

    /// Whether it changes client keys or server tokens.
    #[must_use]
    pub fn changes_keys(&self) -> bool {
        matches!(
            self,
            Self::CreateClientKey(..)
                | Self::SaveClientKey(..)
                | Self::DeleteClientKey(..)
                | Self::CreateToken(..)
                | Self::SaveToken(..)
                | Self::DeleteToken(..)
                | Self::DeleteEnvironment
        )
    }
}

/// An audit entry, with the environment that it belongs to.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentAuditEntry {
    pub environment: EnvironmentId,
    pub entry: AuditEntry,
}

impl EnvironmentAuditEntry {
    /// Adds the environment to an entry.
    #[must_use]
    pub fn new(environment: EnvironmentId, entry: AuditEntry) -> Self {
        Self { environment, entry }
    }
}

/// A query of audit entries; the newest come first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Only entries of this kind of subject.
    pub kind: Option<SubjectKind>,
    /// No entries of this kind of subject.
    pub without: Option<SubjectKind>,
    /// Only entries of these subjects; all if empty.
    pub subjects: Vec<String>,
    /// Only entries of this actor; all if empty.
    pub actor: String,
    /// Only entries whose change or actor contains this text, ignoring the case of ASCII letters; all
    /// if empty.
    pub text: String,
    /// Only entries from this time on.
    pub since: Option<Timestamp>,
    /// Only entries before this time.
    pub until: Option<Timestamp>,
    /// Only entries before the one of this id.
    pub before: Option<i64>,
    /// The maximum number of entries.
    pub limit: u32,
}

/// A query of rollups in a range of time buckets.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RollupQuery {
    pub environment: EnvironmentId,
    /// The length of the time buckets.
    pub resolution: Resolution,
    pub metrics: Vec<Metric>,
    pub dimensions: Vec<Dimension>,
    pub from: i64,
    /// The end: the bucket after the last one.
    pub to: i64,
}

/// A rollup: the aggregate of one metric, dimension and label in one time bucket.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct Rollup {
    pub metric: Metric,
    pub dimension: Dimension,
    /// The flag, endpoint, component, task or event name; empty for metrics without labels.
    pub label: String,
    /// The time bucket, in minutes, hours or days since 1970.
    pub bucket: i64,
    pub aggregate: Aggregate,
}

/// The evaluations of a variant in an hour.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EvaluationCount {
    pub environment: EnvironmentId,
    pub hour: i64,
    pub flag: FlagKey,
    pub variant: VariantName,
    pub count: u64,
}

/// The data of the first start.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// The e-mail address of the first admin.
    pub email: String,
    /// An Argon2id hash in PHC format.
    pub password_hash: String,
    /// The first client key, in plain text.
    pub client_key: String,
    /// The digest of the admin-scoped server token.
    pub server_token: Digest,
    /// The first plan of its environment.
    pub plan: Option<FirstPlan>,
    pub at: Timestamp,
}

/// The plan of the first start, with its segments and flags.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct FirstPlan {
    pub plan: Plan,
    /// The salt of the rollout.
    pub salt: String,
    pub segments: Vec<Segment>,
    pub flags: Vec<NewFlag>,
}

/// The ids that the first start created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The id of the environment.
    pub environment: EnvironmentId,
    /// The id of the admin account.
    pub admin: AccountId,
}
