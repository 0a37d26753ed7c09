//! Rows as the use cases see them.

use std::sync::Arc;

use phasegate_domain::{
    Timestamp,
    collecting::Collecting,
    flags::{Flag, FlagState, PersonalOverride},
    history::{HistoryEntry, SubjectKind},
    ids::{
        EnvironmentId, EnvironmentKey, FlagKey, ProjectId, ProjectKey, RolloutKey, SegmentKey,
        TokenId, UserId, VariantName,
    },
    people::{Person, Reach, Scope},
    rollout::{Plan, PlanFile, Standing},
    segments::Segment,
    stats::Tally,
    telemetry::{Resolution, Retention, Series, Slice},
};

/// Somebody who may log in, with what checks their password.
#[derive(Debug, Clone)]
pub struct Account {
    /// Who.
    pub person: Person,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// Goes up with every new password; sessions of an earlier epoch have ended.
    pub session_epoch: i64,
}

/// The digest of a secret: SHA-256. Secrets themselves are never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// A login session.
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
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A server token, found by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerToken {
    /// Its row.
    pub id: TokenId,
    /// The digest of its secret.
    pub digest: Digest,
    /// What it may be used for.
    pub environment: EnvironmentId,
    /// Its name in the history.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Where it may.
    pub reach: Reach,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// The account that answers for it: its maker, or the owner of the token that made it.
    pub owner: String,
    /// When it was last used, to within a minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}

/// A public key of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// The key itself.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its row.
    pub id: EnvironmentId,
    /// The project's row.
    pub project_id: ProjectId,
    /// The project's key.
    pub project: ProjectKey,
    /// Its own key, such as `production`.
    pub key: EnvironmentKey,
    /// What people call it.
    pub name: String,
    /// What its pages may report.
    pub collecting: Versioned<Collecting>,
    /// For how long what its pages report is kept.
    pub retention: Versioned<Retention>,
}

/// A flag's two versions: of what it is, and of what the environment decides about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagVersion {
    /// Of the definition, the same in all environments.
    pub definition: i64,
    /// Of the state.
    pub state: i64,
}

/// A flag with its state in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFlag {
    /// What it is.
    pub flag: Arc<Flag>,
    /// What the environment decides; carries the state's version.
    pub state: Arc<FlagState>,
    /// The definition's version.
    pub definition_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When definition or state changed last.
    pub changed_at: Timestamp,
}

impl StoredFlag {
    /// Both versions.
    #[must_use]
    pub fn version(&self) -> FlagVersion {
        FlagVersion { definition: self.definition_version, state: self.state.version }
    }
}

/// Something stored with the version that a change must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// What is stored.
    pub value: T,
    /// Goes up with every change.
    pub version: i64,
}

/// A flag that is made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFlag {
    /// What it is.
    pub flag: Flag,
    /// What this environment decides about it.
    pub state: FlagState,
    /// How it begins in the other environments.
    pub elsewhere: FlagState,
}

/// One change of state. Each names the version that it is made upon; if another has been there
/// first, nothing at all is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// A new flag.
    CreateFlag(Box<NewFlag>),
    /// What a flag is.
    SaveDefinition(Flag, i64),
    /// What this environment decides about a flag; `state.version` is the new one.
    SaveState(FlagKey, FlagState),
    /// A flag goes, in all environments, with its overrides.
    DeleteFlag(FlagKey, i64),
    /// A new segment.
    CreateSegment(Segment),
    /// A segment changes.
    SaveSegment(Segment, i64),
    /// A segment goes.
    DeleteSegment(SegmentKey, i64),
    /// A new override.
    CreateOverride(PersonalOverride),
    /// An override changes.
    SaveOverride(PersonalOverride, i64),
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
    /// A token goes.
    DeleteToken(TokenId, i64),
    /// The environment gets another key and name.
    RenameEnvironment(EnvironmentKey, String),
    /// The environment goes, with all that only it has; its entries of the audit log stay.
    DeleteEnvironment,
    /// What pages may report changes.
    SaveCollecting(Collecting, i64),
    /// For how long what pages report is kept changes.
    SaveRetention(Retention, i64),
    /// An environment's first plan, with the salt of its rollout.
    CreateRollout(Box<Plan>, String),
    /// Another plan in the place of the one of that key; the version stays.
    SavePlan(RolloutKey, Box<Plan>, i64),
    /// A rollout moves, or somebody adds to its record.
    SaveRollout(RolloutKey, Box<Standing>, i64),
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
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedEntry {
    /// Where.
    pub environment: EnvironmentId,
    /// What happened.
    pub entry: HistoryEntry,
}

impl PlacedEntry {
    /// Puts a line into a history.
    #[must_use]
    pub fn new(environment: EnvironmentId, entry: HistoryEntry) -> Self {
        Self { environment, entry }
    }
}

/// What part of the history is asked for; the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryQuery {
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowQuery {
    /// Whose.
    pub environment: EnvironmentId,
    /// How long their spans are.
    pub resolution: Resolution,
    /// Of what.
    pub series: Vec<Series>,
    /// Of which parts.
    pub slices: Vec<Slice>,
    /// The first span.
    pub from: i64,
    /// The span after the last one.
    pub to: i64,
}

/// A row: what was counted in one span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Of what.
    pub series: Series,
    /// Of which part.
    pub slice: Slice,
    /// The flag, endpoint, component, task or event; empty where there is none.
    pub label: String,
    /// Minutes, hours or days since 1970.
    pub span: i64,
    /// What was counted.
    pub tally: Tally,
}

/// How often a variant was answered in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsageRow {
    /// Where.
    pub environment: EnvironmentId,
    /// Hours since 1970.
    pub hour: i64,
    /// Which flag.
    pub flag: FlagKey,
    /// Which variant.
    pub variant: VariantName,
    /// How often.
    pub count: u64,
}

/// What the first start creates.
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
    /// When.
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
