//! Who changed what, and when. Appended to, never edited.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{FlagKey, RolloutKey},
    rollout::RolloutEvent,
};

/// Who did something, as the history names them: an e-mail address or `token …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorName(pub String);

/// A line of the history; never changed once written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: ActorName,
    /// What.
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Change {
    /// A rollout moved.
    Rollout {
        /// Which one.
        rollout: RolloutKey,
        /// How.
        what: RolloutEvent,
    },
    /// A flag was switched on or off.
    FlagSwitched {
        /// Which one.
        flag: FlagKey,
        /// Its state now.
        enabled: bool,
    },
}

impl Change {
    /// What the history can be narrowed to: the rollout's or flag's key, with its kind.
    #[must_use]
    pub fn subject(&self) -> (SubjectKind, &str) {
        match self {
            Self::Rollout { rollout, .. } => (SubjectKind::Rollout, rollout.as_str()),
            Self::FlagSwitched { flag, .. } => (SubjectKind::Flag, flag.as_str()),
        }
    }
}

/// The kinds of things that have a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// A rollout.
    Rollout,
    /// A flag.
    Flag,
}

impl SubjectKind {
    /// The name under which it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollout => "rollout",
            Self::Flag => "flag",
        }
    }
}
