//! What the page of an incident shows.

use phasegate_domain::{Timestamp, incidents::PostMortem};
use serde::{Deserialize, Serialize};

/// What the page of an incident shows at one moment to one account.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentPage {
    pub id: u32,
    pub at: Timestamp,
    /// Whether the account may act: it is an operator or admin.
    pub can_act: bool,
    pub head: IncidentHead,
    pub contacts: Vec<ContactLine>,
    /// The message for stakeholders about the response.
    pub message: Option<String>,
    /// Its lines, the oldest first.
    pub timeline: Vec<TimelineLine>,
    pub post_mortem: Option<PostMortem>,
    /// Whether the next advance requires a post-mortem.
    pub needs_post_mortem: bool,
    /// The draft that the account has kept, or one with the timeline of the audit log.
    pub draft: PostMortem,
}

/// The times of an incident.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentHead {
    pub title: String,
    pub reason: String,
    pub is_open: bool,
    pub detected_at: Timestamp,
    pub acted_at: Timestamp,
    /// Who acted, and how fast.
    pub response: String,
    pub deadline: Timestamp,
    pub follow_up: String,
    pub closed_at: Option<Timestamp>,
}

/// A contact to notify.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactLine {
    pub name: String,
    /// The contact details; for a contact that the plan does not name, who notified it.
    pub reach: String,
    pub notified_at: Option<Timestamp>,
}

/// A line of the timeline.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineLine {
    pub at: Timestamp,
    pub text: String,
}
