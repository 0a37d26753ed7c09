//! What needs attention in an environment, for the frame of every page.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, alerts::Alert, incidents::IncidentKind};

/// The alerts that fire and the incidents that are open in an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attention {
    /// The time of reading.
    pub at: Timestamp,
    /// The most severe first.
    pub alerts: Vec<Alert>,
    /// The open incidents, newest first.
    pub incidents: Vec<AttentionIncident>,
}

/// An incident that is open.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttentionIncident {
    pub id: u32,
    pub kind: IncidentKind,
    pub reason: String,
    /// The time of the rollback or kill.
    pub acted_at: Timestamp,
}
