//! What the page of a flag shows.

use phasegate_domain::{
    Timestamp,
    diff::FieldChange,
    ids::{EnvironmentKey, FlagKey},
};
use serde::{Deserialize, Serialize};

/// What the page of a flag shows at one moment to one account.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagPage {
    pub at: Timestamp,
    pub key: FlagKey,
    pub status: String,
    /// The class of the status.
    pub class: String,
    /// Its name and its description.
    pub lead: String,
    /// Title and text of its facts.
    pub facts: Vec<(String, String)>,
    pub tags: Vec<String>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// The variable of the server that pins the answer.
    pub pinned: Option<String>,
    /// Why it is probably no longer needed.
    pub advice: Option<String>,
    /// Its targeting, in plain words.
    pub words: Vec<String>,
    /// The flags that have it as a prerequisite, separated by commas.
    pub needed_by: String,
    /// The flags that it needs and those that need it; `None` if there are none.
    pub graph: Option<PrerequisiteGraph>,
    /// Code that evaluates it: who runs it, and the code.
    pub code: Vec<(String, String)>,
    /// Evaluations of the last 24 hours, by hour.
    pub by_hour: Vec<u64>,
    pub often: String,
    /// Variant, value, evaluations in 24 hours and their share.
    pub variants: Vec<(String, String, String, String)>,
    pub switches: Vec<FlagSwitch>,
    pub overrides: Vec<OverrideLine>,
    /// The number of overrides, in words.
    pub override_count: String,
    pub history: Vec<FlagHistoryLine>,
    pub killed: bool,
    pub archived: bool,
    /// Whether the account may change the flag.
    pub can_change: bool,
    /// Whether switches, kills and overrides have an effect.
    pub can_decide: bool,
    /// The versions of its definition and of its state here, which an action names.
    pub definition: i64,
    pub state: i64,
}

/// The switch of a flag in one environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagSwitch {
    pub environment: EnvironmentKey,
    pub name: String,
    pub enabled: bool,
    pub killed: bool,
    /// The version of its state, which a switch names.
    pub version: i64,
    /// Whether it asks before it acts: real users are affected.
    pub asks: bool,
}

/// An override of the flag for one user.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverrideLine {
    pub user: String,
    pub variant: String,
    pub expires_at: Option<Timestamp>,
    pub has_expired: bool,
    pub note: String,
    pub version: i64,
    /// The debugger with this user.
    pub href: String,
}

/// A change of the flag.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagHistoryLine {
    /// The number of the audit entry.
    pub id: i64,
    pub text: String,
    pub by: String,
    pub at: Timestamp,
    pub fields: Vec<FieldChange>,
    /// What restoring the state before it would change; empty if that is not possible.
    pub restores: Vec<FieldChange>,
}

/// The prerequisites of flags as a drawing.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrerequisiteGraph {
    pub width: i32,
    pub height: i32,
    pub node_width: i32,
    pub node_height: i32,
    pub nodes: Vec<GraphNode>,
    pub edges: Vec<GraphEdge>,
}

/// A flag in the drawing, with the place of its corner.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphNode {
    pub key: FlagKey,
    pub x: i32,
    pub y: i32,
    /// Whether it is on, off, killed or archived.
    pub state: String,
    /// Whether it is the flag of the page.
    pub is_own: bool,
}

/// A prerequisite in the drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphEdge {
    /// The path of its line.
    pub path: String,
    /// The prerequisite in words.
    pub text: String,
}
