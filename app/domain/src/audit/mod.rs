//! The audit log: entries are appended and never edited.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    diff::{FieldChange, diff_documents},
    ids::{ActorName, FlagKey, RolloutKey},
    rollout::RolloutEvent,
};

/// An entry of the audit log; immutable once written.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    pub actor: ActorName,
    pub change: Change,
}

/// An audit entry with its id.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Increases with every entry.
    pub id: i64,
    #[serde(flatten)]
    pub entry: AuditEntry,
}

/// A change of state, by its subject.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Change {
    Rollout {
        rollout: RolloutKey,
        what: RolloutEvent,
    },
    /// A flag was switched on or off.
    FlagSwitched {
        flag: FlagKey,
        enabled: bool,
    },
    /// A file was applied to an environment and changed several objects at once.
    Imported {
        /// The environment, by its key.
        environment: String,
        things: Vec<ImportedThing>,
    },
    /// A document was created, changed or deleted. Documents never contain secrets.
    Saved {
        kind: SubjectKind,
        key: String,
        /// The document before the change; `None` if it is new.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Value>,
        /// The document after the change; `None` if it was deleted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Value>,
    },
}

/// An object that an applied file changed.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedThing {
    pub kind: SubjectKind,
    pub key: String,
    /// Whether it was created, changed or deleted.
    pub what: ImportKind,
    /// The names of the changed fields; empty in entries of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// The effect of an import on an object.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    Create,
    Change,
    /// The object is not in the file.
    Delete,
}

/// The maximum number of imported objects that are listed; the rest are only counted.
const MAX_LISTED: usize = 50;

fn list_imported_fields(things: &[ImportedThing]) -> Vec<FieldChange> {
    let field = |thing: &ImportedThing| {
        let (gone, there) = (Value::from("was there"), Value::from("is there"));
        let (from, to) = match thing.what {
            ImportKind::Create => (None, Some(there)),
            ImportKind::Change => (None, Some(Value::from("changed"))),
            ImportKind::Delete => (Some(gone), None),
        };
        FieldChange { path: format!("{} {}", thing.kind.display_name(), thing.key), from, to }
    };
    let more = things.len().saturating_sub(MAX_LISTED);
    let rest = (more > 0).then(|| FieldChange {
        path: "more".to_owned(),
        from: None,
        to: Some(Value::from(more)),
    });
    things.iter().take(MAX_LISTED).map(field).chain(rest).collect()
}

impl Change {
    /// The kind and key of the changed object, by which the audit log can be filtered.
    #[must_use]
    pub fn subject(&self) -> (SubjectKind, &str) {
        match self {
            Self::Rollout { rollout, .. } => (SubjectKind::Rollout, rollout.as_str()),
            Self::FlagSwitched { flag, .. } => (SubjectKind::Flag, flag.as_str()),
            Self::Imported { environment, .. } => (SubjectKind::Environment, environment),
            Self::Saved { kind, key, .. } => (*kind, key),
        }
    }

    /// The changed fields with their values before and after; empty for rollout events, which
    /// describe themselves.
    #[must_use]
    pub fn field_changes(&self) -> Vec<FieldChange> {
        match self {
            Self::Rollout { .. } => Vec::new(),
            Self::Imported { things, .. } => list_imported_fields(things),
            Self::FlagSwitched { enabled, .. } => vec![FieldChange {
                path: "enabled".to_owned(),
                from: Some(Value::Bool(!enabled)),
                to: Some(Value::Bool(*enabled)),
            }],
            Self::Saved { before, after, .. } => diff_documents(before.as_ref(), after.as_ref()),
        }
    }
}

/// The kinds of objects that the audit log covers.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    Rollout,
    Flag,
    Segment,
    Override,
    Token,
    ClientKey,
    Environment,
    Account,
}

impl SubjectKind {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Rollout,
        Self::Flag,
        Self::Segment,
        Self::Override,
        Self::Token,
        Self::ClientKey,
        Self::Environment,
        Self::Account,
    ];

    /// The name in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollout => "rollout",
            Self::Flag => "flag",
            Self::Segment => "segment",
            Self::Override => "override",
            Self::Token => "token",
            Self::ClientKey => "client_key",
            Self::Environment => "environment",
            Self::Account => "account",
        }
    }

    /// Parses the name of a kind.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name in the admin.
    #[must_use]
    pub fn display_name(self) -> &'static str {
        match self {
            Self::ClientKey => "client key",
            other => other.as_str(),
        }
    }
}
