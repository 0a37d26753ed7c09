//! Rows as the use cases see them.

use std::sync::Arc;

use phasegate_domain::{
    Timestamp,
    collection_settings::CollectionSettings,
    flags::{Flag, FlagState, IndividualOverride},
    history::{AuditEntry, SubjectKind},
    ids::{
        EnvironmentId, EnvironmentKey, FlagKey, ProjectId, ProjectKey, RolloutKey, SegmentKey,
        TokenId, UserId, VariantName,
    },
    people::{Person, Reach, Scope},
    rollout::{Plan, PlanFile, RolloutState},
    segments::Segment,
    stats::Aggregate,
    telemetry::{Dimension, Metric, Resolution, RetentionPolicy},
};

/// Somebody who may log in, with what checks their password.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct Account {
    pub person: Person,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// Goes up with every new password; sessions of an earlier epoch have ended.
    pub session_epoch: i64,
}

/// The digest of a secret: SHA-256. Secrets themselves are never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A login session of an account.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Digest of the cookie's value.
    pub id: Digest,
    /// Who logged in with it, if anybody has.
    pub person: Option<UserId>,
    /// The account's epoch when it logged in.
    pub epoch: i64,
    /// What the session holds; JSON, opaque to the store.
    pub data: String,
    pub expires_at: Timestamp,
}

/// A server token, found by its digest.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerToken {
    pub id: TokenId,
    /// The digest of its secret.
    pub digest: Digest,
    /// What it may be used for.
    pub environment: EnvironmentId,
    /// Its name in the history.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    pub reach: Reach,
    /// When it was made.
    pub created_at: Timestamp,
    pub created_by: String,
    /// The account that answers for it: its maker, or the owner of the token that made it.
    pub owner: String,
    /// When it was last used, to within a minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}

/// A public key of pages.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    pub key: String,
    /// What it may be used for.
    pub environment: EnvironmentId,
    /// What people call it.
    pub name: String,
    /// The origins whose pages may use it; any if empty.
    pub allowed_origins: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// One deployment of an app.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub id: EnvironmentId,
    pub project_id: ProjectId,
    pub project: ProjectKey,
    /// Its own key, such as `production`.
    pub key: EnvironmentKey,
    /// What people call it.
    pub name: String,
    /// What its pages may report.
    pub collecting: Versioned<CollectionSettings>,
    /// For how long what its pages report is kept.
    pub retention: Versioned<RetentionPolicy>,
}

/// A flag's two versions: of what it is, and of what the environment decides about it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagVersion {
    /// Of the definition, the same in all environments.
    pub definition: i64,
    pub state: i64,
}

/// A flag with its state in one environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFlag {
    pub flag: Arc<Flag>,
    /// What the environment decides; carries the state's version.
    pub state: Arc<FlagState>,
    pub definition_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When definition or state changed last.
    pub changed_at: Timestamp,
}

impl StoredFlag {
    /// The versions of definition and state.
    #[must_use]
    pub fn version(&self) -> FlagVersion {
        FlagVersion { definition: self.definition_version, state: self.state.version }
    }
}

/// Something stored with the version that a change must name.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    pub value: T,
    /// Goes up with every change.
    pub version: i64,
}

/// A flag that is made.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct NewFlag {
    pub flag: Flag,
    /// What this environment decides about it.
    pub state: FlagState,
    /// How it begins in the other environments.
    pub elsewhere: FlagState,
}

/// One change of state. Each names the version that it is made upon; if another has been there
/// first, nothing at all is written.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    CreateFlag(Box<NewFlag>),
    /// What a flag is.
    SaveDefinition(Flag, i64),
    /// What this environment decides about a flag; `state.version` is the new one.
    SaveState(FlagKey, FlagState),
    /// A flag goes, in all environments, with its overrides.
    DeleteFlag(FlagKey, i64),
    CreateSegment(Segment),
    SaveSegment(Segment, i64),
    DeleteSegment(SegmentKey, i64),
    CreateOverride(IndividualOverride),
    SaveOverride(IndividualOverride, i64),
    /// An override goes: flag, user, version.
    DeleteOverride(FlagKey, String, i64),
    /// A new client key.
    CreateClientKey(ClientKey),
    /// A client key's name and origins change; `version` is the one it is made upon.
    SaveClientKey(ClientKey),
    /// A client key goes.
    DeleteClientKey(String, i64),
    /// A new token; its id is given by the store.
    CreateToken(ServerToken),
    /// A token's name and scopes change; `version` is the one it is made upon.
    SaveToken(ServerToken),
    DeleteToken(TokenId, i64),
    /// The environment gets another key and name.
    RenameEnvironment(EnvironmentKey, String),
    /// The environment goes, with all that only it has; its entries of the audit log stay.
    DeleteEnvironment,
    /// What pages may report changes.
    SaveCollecting(CollectionSettings, i64),
    /// For how long what pages report is kept changes.
    SaveRetention(RetentionPolicy, i64),
    /// An environment's first plan, with the salt of its rollout.
    CreateRollout(Box<Plan>, String),
    /// Another plan in the place of the one of that key; the version stays.
    SavePlan(RolloutKey, Box<Plan>, i64),
    /// A rollout moves, or somebody adds to its record.
    SaveRollout(RolloutKey, Box<RolloutState>, i64),
}

impl Edit {
    /// Whether it changes what all environments of the project share.
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
}

/// A line of history, and the environment in whose history it stands.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentAuditEntry {
    pub environment: EnvironmentId,
    pub entry: AuditEntry,
}

impl EnvironmentAuditEntry {
    /// Puts a line into a history.
    #[must_use]
    pub fn new(environment: EnvironmentId, entry: AuditEntry) -> Self {
        Self { environment, entry }
    }
}

/// What part of the history is asked for; the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Only this kind of thing.
    pub kind: Option<SubjectKind>,
    /// Only these of them; all if there are none.
    pub subjects: Vec<String>,
    /// Only lines since then.
    pub since: Option<Timestamp>,
    /// Only lines before then.
    pub until: Option<Timestamp>,
    /// Only lines before this one.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// Which rows are asked for.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RollupQuery {
    pub environment: EnvironmentId,
    /// How long their spans are.
    pub resolution: Resolution,
    pub series: Vec<Metric>,
    pub slices: Vec<Dimension>,
    pub from: i64,
    /// The span after the last one.
    pub to: i64,
}

/// A row: what was counted in one span of time.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct Rollup {
    pub series: Metric,
    pub slice: Dimension,
    /// The flag, endpoint, component, task or event; empty where there is none.
    pub label: String,
    /// Minutes, hours or days since 1970.
    pub span: i64,
    pub aggregate: Aggregate,
}

/// How often a variant was answered in an hour.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsageRow {
    pub environment: EnvironmentId,
    pub hour: i64,
    pub flag: FlagKey,
    pub variant: VariantName,
    pub count: u64,
}

/// What the first start creates.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct FirstStart {
    /// The first admin's address.
    pub email: String,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// The public key of pages.
    pub client_key: String,
    /// Digest of the admin-scoped server token.
    pub server_token: Digest,
    /// The plan that its environment begins with, and the salt of its rollout.
    pub plan: Option<(PlanFile, String)>,
    pub at: Timestamp,
}

/// The row of somebody who was just created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The environment that was made.
    pub environment: EnvironmentId,
    /// The admin that was made.
    pub admin: UserId,
}
