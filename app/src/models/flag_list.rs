//! What the list of flags shows.

use phasegate_domain::{Timestamp, ids::FlagKey};
use serde::{Deserialize, Serialize};

/// The filters of the list and its page, as the address has them. Empty texts filter nothing.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlagFilter {
    /// A part of key, name, description or owner.
    pub q: String,
    pub status: String,
    pub kind: String,
    pub tag: String,
    pub sort: String,
    /// The page, from 1.
    pub page: usize,
}

/// What the list shows at one moment to one account.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlagList {
    pub at: Timestamp,
    /// The name of the environment.
    pub environment: String,
    /// Whether a switch asks before it acts: real users are affected.
    pub asks: bool,
    /// Whether the account may act: it is an operator or admin.
    pub can_act: bool,
    pub filter: FlagFilter,
    /// The flags of this page.
    pub rows: Vec<FlagLine>,
    /// The tags of all flags.
    pub tags: Vec<String>,
    /// Whether there is no flag at all.
    pub is_empty: bool,
    /// The number of flags that match.
    pub count: usize,
    /// The number of pages.
    pub pages: usize,
    /// The filters that the account has saved: name and query.
    pub saved: Vec<(String, String)>,
    /// The query of the present filters, without a page; empty if nothing is filtered.
    pub query: String,
    /// The addresses of the pages before and after this one.
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// A flag in the list.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagLine {
    pub key: FlagKey,
    pub name: String,
    pub description: String,
    pub tags: Vec<String>,
    pub status: String,
    /// The class of the status.
    pub class: String,
    /// The stage of its life, such as `Stale`, and the class that shows it.
    pub lifecycle: String,
    pub lifecycle_class: String,
    pub killed: bool,
    /// Evaluations of the last 24 hours, by hour.
    pub by_hour: Vec<u64>,
    pub often: String,
    pub enabled: bool,
    /// Whether the account can switch it now.
    pub can_switch: bool,
    /// The version of its state, which a switch names.
    pub version: i64,
    /// What the other position of the switch does.
    pub consequences: String,
}
